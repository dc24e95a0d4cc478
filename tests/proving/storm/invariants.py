"""What must hold after a storm, I1 to I10; each answers what is broken, nothing when it holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from console.models.job import ENDED, OPEN, STATES
from tests.proving import busy, truths
from tests.proving.storm import canaries
from tests.proving.storm.seen import Line, Seen

LEFT_ALONE_S = 60.0  # ten minutes, scaled as the other numbers are
_RUNS_END = {"waiting", "retry_wait", "held", "needs_customer", "needs_attention", "succeeded", "cancelled", "skipped"}
_DUE = _RUNS_END | {"queued"}  # whoever is due may be running: its run ends somehow, or is rescued
LEGAL: dict[str, set[str]] = {
    "created": _DUE,
    "queued": _DUE,
    "waiting": _DUE,
    "retry_wait": _DUE,
    "needs_customer": _DUE,
    "held": {"queued", "cancelled"},
    "needs_attention": {"queued", "cancelled"},
    "skipped": {"queued", "cancelled", "needs_attention"},
    "succeeded": set(),
    "cancelled": set(),
}


def _one_of_each(seen: Seen) -> Iterator[str]:
    """I1"""
    yield from truths.unclaimed(seen.truth)
    for order_id, order in seen.orders.items():
        if len(order["whmcs"]) != 1:
            yield f"{order_id}: {len(order['whmcs'])} WHMCS orders"
        yield from (f"{order_id}: {wrong}" for wrong in seen.wrong[order_id] if "eSIMs" in wrong)


def _right_order(seen: Seen) -> Iterator[str]:
    """I2"""
    for order_id, wrong in seen.wrong.items():
        yield from (f"{order_id}: {one}" for one in wrong if one.startswith(("WHMCS order", "services")))
    yield from _strangers(seen, "whmcs", "client_id")
    yield from _strangers(seen, "mobile", "user_id")


def _strangers(seen: Seen, upstream: str, owner: str) -> Iterator[str]:
    """An Account's things belong to one client there, and a client's to one Account."""
    pairs = {(order["salesforce"]["AccountId"], one[owner]) for order in seen.orders.values() for one in order[upstream]}
    for side in (0, 1):
        yield from (f"{upstream}: {key} with several" for key, n in Counter(pair[side] for pair in pairs).items() if n > 1)


def _ended(seen: Seen) -> Iterator[str]:
    """I3"""
    for job in seen.every_job:
        if job.state not in {*ENDED, "needs_attention"}:
            yield f"job {job.id} is {job.state} ({job.current_step}, {job.error_code})"


def _nobody_left_alone(seen: Seen) -> Iterator[str]:
    """I4"""
    for order_id, approved_at in seen.crowd.approved.items():
        job = seen.jobs.get(order_id)
        if job is None or job.state not in {*OPEN, "succeeded", "needs_attention"}:
            yield f"{order_id}: {f'job {job.state}' if job else 'no job'}"
        elif (late := job.created_at.timestamp() - approved_at) > LEFT_ALONE_S * busy.factor():
            yield f"{order_id}: its job came {late:.0f} s after the approval"


def _told_truly(seen: Seen) -> Iterator[str]:
    """I5"""
    for order_id, wrong in seen.wrong.items():
        yield from (f"{order_id}: {one}" for one in wrong if one.startswith(("Salesforce", "item")))


def _legal(seen: Seen) -> Iterator[str]:
    """I6"""
    for job_id, events in seen.events.items():
        whats = [event.what for event in events if event.what in STATES or event.what == "created"]
        for before, after in zip(whats, whats[1:], strict=False):
            if after not in LEGAL[before]:
                yield f"job {job_id}: {before} → {after}"


def _fenced(seen: Seen) -> Iterator[str]:
    """I7"""
    for job_id, attempts in seen.attempts.items():
        fences = [attempt.fence for attempt in attempts]
        if fences != sorted(fences):
            yield f"job {job_id}: attempts with fences {fences}"
    lives: dict[tuple[int, int], set[str]] = defaultdict(set)
    for log, line in seen.said("step_done"):
        lives[line["job_id"], line["fence"]].add(log)
    yield from (f"job {job}: fence {fence} in {sorted(logs)}" for (job, fence), logs in lives.items() if len(logs) > 1)


def _mails(seen: Seen) -> Iterator[str]:
    """I8: each claim of a mail sends it once at most, and one that surely did not send, not at all."""
    came = Counter(mail["message_id"] for order in seen.truth["orders"] for mail in order["mails"])
    unsent = Counter(line["message_id"] for _log, line in seen.said("mail_failed") if _surely(line))
    for order_id in seen.orders:
        templates = [mail.template for mail in seen.mails[order_id]]
        if len(templates) != len(set(templates)) or "order_provisioned" not in templates:
            yield f"{order_id}: mails {sorted(templates)}"
        for mail in seen.mails[order_id]:
            least, most = 0 if mail.state == "failed" else 1, mail.fence - unsent[mail.id]
            if not least <= came[mail.message_id] <= most or (mail.state == "failed" and not mail.error_code.startswith("smtp_5")):
                yield f"{order_id}: {mail.template} ({mail.state}) came {came[mail.message_id]} times, {least} to {most} are right"
    known = {mail.message_id for mails in seen.mails.values() for mail in mails}
    yield from (f"an unknown mail {message_id}" for message_id in came if message_id not in known)


def _surely(failed: Line) -> bool:
    """Whether nothing went out. A server that says 451 after the data should have dropped it; the sandbox's `error_after` has not."""
    return failed["error_class"] != "Ambiguous" and failed["code"] != "smtp_451"


def _drained(seen: Seen) -> Iterator[str]:
    """I9"""
    if seen.drained_s is None:
        yield "there was a backlog to the end"


def _alive(seen: Seen) -> Iterator[str]:
    """Beside the ten: what nobody killed lives, and ends when it is asked to."""
    yield from (f"{slot.name} ended {slot.unasked} times by itself" for slot in seen.stage.slots.values() if slot.unasked)
    yield from (f"{name} ended with {code} when asked to" for name, code in seen.codes.items() if code)


INVARIANTS: tuple[tuple[str, str, Callable[[Seen], Iterator[str]]], ...] = (
    ("I1", "one eSIM per mobile line, one WHMCS order per order", _one_of_each),
    ("I2", "the WHMCS order is active and belongs to the right order", _right_order),
    ("I3", "every job ends terminal or with staff", _ended),
    ("I4", "no order is Activating without a job that minds it", _nobody_left_alone),
    ("I5", "the ids in Salesforce equal the truth", _told_truly),
    ("I6", "every transition is legal", _legal),
    ("I7", "fences only grow", _fenced),
    ("I8", "one Message-ID per order and template, sent once, or once more for each send of unknown outcome", _mails),
    ("I9", "the backlog drains after the faults stop", _drained),
    ("I10", "no secret in logs, journal or queue", canaries.escaped),
    ("", "no process ends by itself, and each ends well when asked to", _alive),
)


def judged(seen: Seen) -> Iterator[tuple[str, str, list[str]]]:
    """Number, what must hold, and what is broken of it."""
    for number, words, broken in INVARIANTS:
        yield number, words, list(broken(seen))
