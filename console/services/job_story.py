"""The story of one job over all four systems, on one line of time: events, steps, tries, mails, and what people did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from console import clock
from console.i18n import gettext as _
from console.i18n import ngettext
from console.models import Attempt, InboxEvent, Job, JobEvent, JobStep, OutboxMessage
from console.models.job import ENDED
from console.services import job_words as words
from console.services.finding_jobs import approved
from console.services.provisioning.borrowed import STAFF

WENT_WELL = frozenset({"done", "adopted"})
NO_PROBLEM = WENT_WELL | {"stopped"}  # there was nothing to do
SIGNUP_MAILS = ("welcome", "customer_number")


@dataclass(frozen=True)
class Entry:
    """A line of the timeline. state: done | problem | current | todo | you; `at` None: not yet; `times` tries ended the same way."""

    lane: str
    state: str
    title: str
    at: datetime | None = None
    detail: str = ""
    duration_ms: int | None = None
    first_try: int = 0
    times: int = 1
    actor: str = ""


@dataclass(frozen=True)
class Story:
    """The entries, oldest first, then what is still to come; how long calls took and how long the job waited, in seconds."""

    entries: tuple[Entry, ...]
    worked_s: float
    waited_s: float


def tell(job: Job) -> Story:
    """The job's story: five queries, whatever its length."""
    steps = list(JobStep.select().where(JobStep.job == job.id))
    attempts = list(Attempt.select().where(Attempt.job == job.id).order_by(Attempt.id))
    events = list(JobEvent.select().where(JobEvent.job == job.id).order_by(JobEvent.id))
    asked = [row.at for row in events if _starts_anew(row)]
    past = [*_arrivals(job), *_events(job, events), *_tries(job, steps, attempts, asked), *_messages(job)]
    past.sort(key=lambda entry: entry.at or clock.now())
    worked = sum(attempt.duration_ms for attempt in attempts) / 1000
    lived = ((job.finished_at or clock.now()) - job.created_at).total_seconds()
    return Story((*past, *_ahead(job, steps)), worked, max(0.0, lived - worked))


def _arrivals(job: Job) -> Iterator[Entry]:
    if not job.sf_order_id:
        return
    for event in InboxEvent.select().where(InboxEvent.sf_order_id == job.sf_order_id).order_by(InboxEvent.received_at).limit(50):
        look = "done" if event.state == "recorded" else "problem"
        yield Entry(words.SALESFORCE, look, _("Approved, event received"), event.received_at, event.reason)


def _events(job: Job, events: list[JobEvent]) -> Iterator[Entry]:
    for event in _news(events):
        if event.what == "created":
            yield Entry(words.CONSOLE, "done", _("Job made"), event.at, words.source_words(job.source))
        elif _by_staff(event):
            yield Entry(words.CONSOLE, "done", _("Retry asked for"), event.at, event.detail, actor=event.actor)
        elif event.what in words.STAFF_VERBS:
            yield _mended(job, event)
        elif event.actor == STAFF:
            continue  # the verb's own event has told it
        elif event.actor != "worker":
            yield Entry(words.CONSOLE, _look(event.what), words.event_title(event.actor, event.what), event.at, _from_outside(event))
        elif event.what not in {"retry_wait", "waiting"}:  # the try before it says the same
            yield Entry(words.CONSOLE, _look(event.what), words.pill(event.what)[1], event.at)


def _news(events: list[JobEvent]) -> list[JobEvent]:
    """Without what a worker only said again: it looked, and nothing was different."""
    same = {
        event.id for before, event in pairwise(events) if (before.actor, before.what, before.detail) == ("worker", event.what, event.detail)
    }
    return [event for event in events if event.id not in same]


def _mended(job: Job, event: JobEvent) -> Entry:
    """A staff verb; one about a step stands in that step's lane, its detail begins with the step."""
    title = str(words.STAFF_VERBS[event.what])
    if event.what not in words.ABOUT_A_STEP:
        return Entry(words.CONSOLE, "done", title, event.at, event.detail, actor=event.actor)
    step, _space, rest = event.detail.partition(" ")
    return Entry(words.step_lane(job.kind, step), "done", f"{words.step_title(job.kind, step)}: {title}", event.at, rest, actor=event.actor)


def _starts_anew(event: JobEvent) -> bool:
    """Whether staff gave the job fresh counters."""
    return _by_staff(event) or event.what in {"adopt", "complete", "keep"}


def _by_staff(event: JobEvent) -> bool:
    return bool(event.what == "queued" and (event.actor == "cli" or event.actor.startswith("user:")))


def _from_outside(event: JobEvent) -> str:
    return _("recorded only: the job was %(state)s", state=words.pill(event.detail)[1]) if event.what == "event_again" else event.detail


def _look(state: str) -> str:
    return {"needs_attention": "problem", "needs_customer": "you"}.get(state, "done")


def _tries(job: Job, steps: list[JobStep], attempts: list[Attempt], asked: list[datetime]) -> Iterator[Entry]:
    """An entry per try; those of one step that ended the same way one after the other share one. A staff retry begins the numbers anew."""
    journal = {(step.name, step.line): step for step in steps}
    number: Counter[tuple[str, str, int]] = Counter()
    lines = Counter(step for step, _line in {(row.step, row.line) for row in attempts})
    for key, same in groupby(_telling(attempts), key=lambda row: (row.step, row.line, _era(row, asked), row.outcome, row.error_code)):
        tries = list(same)
        first = number[key[:3]] + 1
        number[key[:3]] += len(tries)
        yield _try(job, tries, first, journal.get(key[:2]), several=lines[key[0]] > 1)


def _era(row: Attempt, asked: list[datetime]) -> int:
    return sum(at <= row.at for at in asked)


def _telling(attempts: list[Attempt]) -> Iterator[Attempt]:
    """Without the repeated successes of steps that every run does again."""
    succeeded = set()
    for row in attempts:
        if row.outcome in WENT_WELL and (row.step, row.line) in succeeded:
            continue
        if row.outcome in WENT_WELL:
            succeeded.add((row.step, row.line))
        yield row


def _try(job: Job, tries: list[Attempt], first: int, step: JobStep | None, several: bool) -> Entry:
    last = tries[-1]
    went_well = last.outcome in WENT_WELL
    why = " · ".join(dict.fromkeys(part for part in (last.error_code, last.error_text) if part))
    return Entry(
        words.step_lane(job.kind, last.step), _mark(last.outcome),
        _title(job, last, several), last.at, _result(step) if went_well else why, last.duration_ms, first, len(tries),
    )  # fmt: skip


def _mark(outcome: str) -> str:
    return "done" if outcome in NO_PROBLEM else {"needs_customer": "you", "pending": "current"}.get(outcome, "problem")


def _title(job: Job, row: Attempt, several: bool) -> str:
    how = words.outcome_words(row.outcome)
    name = words.step_title(job.kind, row.step) or _("Job")
    lines = approved(job.snapshot).get("lines", [])
    product = next((line["name"] for line in lines if line["item_id"] == row.line), "") if several else ""
    return (f"{name} ({product})" if product else name) + (f": {how}" if how else "")


def _result(step: JobStep | None) -> str:
    """What a finished step brought: the upstream's reference in words."""
    return words.reference(step.name, step.upstream_ref, step.result) if step else ""


def _messages(job: Job) -> Iterator[Entry]:
    for message in _outbox(job):
        lane = words.MAIL if message.kind == "mail" else words.SALESFORCE
        title = words.mail_title(message.template) if message.kind == "mail" else _("Order status")
        if message.state == "sent":
            yield Entry(lane, "done", _("%(what)s: sent", what=title), message.sent_at)
        elif message.state == "failed":
            yield Entry(lane, "problem", _("%(what)s: given up", what=title), message.next_try_at, message.error_code)
        else:
            yield Entry(lane, "current", _("%(what)s: on its way", what=title), message.next_try_at, message.error_code)


def _outbox(job: Job) -> Iterable[OutboxMessage]:
    found = OutboxMessage.select().order_by(OutboxMessage.id).limit(50)
    if job.sf_order_id:
        return list(found.where(OutboxMessage.sf_order_id == job.sf_order_id))
    if job.user_id is None:
        return []
    return list(found.where((OutboxMessage.user == job.user_id) & OutboxMessage.template.in_(SIGNUP_MAILS)))


def _ahead(job: Job, steps: list[JobStep]) -> Iterator[Entry]:
    """The steps that are still to come, the present one first; none for a job that has ended."""
    if job.state in ENDED:
        return
    reached = {step.name for step in steps} - {step.name for step in steps if not step.finished}
    unsure = {step.name: step for step in steps if step.state == "started" and step.unsure_at}
    left = [name for name in words.PLANS.get(job.kind, {}) if name not in reached and _concerns(job, name)]
    for name in left:
        look = "current" if name in unsure or (job.state == "running" and name == left[0]) else "todo"
        yield Entry(words.step_lane(job.kind, name), look, words.step_title(job.kind, name), detail=_looked_up(unsure.get(name)))


def _looked_up(step: JobStep | None) -> str:
    """What is known of a call whose answer was lost."""
    if step is None:
        return ""
    if not step.negatives:
        return _("Outcome unknown; it is looked up before anything is repeated.")
    one, many = "Outcome unknown; looked up once: nothing exists.", "Outcome unknown; looked up %(num)s times: nothing exists."
    return ngettext(one, many, step.negatives)


def _concerns(job: Job, step: str) -> bool:
    """Whether the step is for this order: no mobile line, no eSIM."""
    lines = approved(job.snapshot).get("lines")
    if step in words.SELDOM:
        return False
    return step not in words.MOBILE_STEPS or lines is None or any(line.get("plan") for line in lines)
