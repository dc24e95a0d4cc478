"""The staff's jobs: the list, one job's story, and what can be done with it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.models import Job
from console.models.user import ROLES
from console.routes.staff import offered, shown
from console.services import evidence, explaining, finding_jobs, job_facts, job_story, job_words, staff_verbs
from console.services.finding_jobs import TABS, Wanted
from console.services.provisioning.verbs import VERBS
from console.web.auth import me, staff
from console.web.forms.typed import plain
from console.web.wired import bell, policy, upstreams

blueprint = Blueprint("staff_jobs", __name__, url_prefix="/staff")


@blueprint.get("")
@staff("viewer")
def index() -> ResponseReturnValue:
    return redirect("/staff/jobs", 303)


@blueprint.get("/jobs")
@staff("viewer")
def listed() -> ResponseReturnValue:
    text = finding_jobs.clean(request.args.get("q", ""))
    tab = request.args.get("tab", shown.usual_tab(text))
    if tab not in TABS:
        abort(404)
    before = request.args.get("before", "")
    found = finding_jobs.find(Wanted(tab, text, before, _personal()))
    return render_template(
        "staff/jobs.html", text=text, tabs=shown.tabs(found.counts, tab, text), personal=_personal(),
        lines=[shown.line(row, policy().attempts) for row in found.rows],
        older=shown.address(tab, text, found.older) if found.older else "",
        newest=shown.address(tab, text) if before else "", not_allowed="@" in text and not _personal(),
    )  # fmt: skip


@blueprint.get("/jobs/<int(max=2147483647):job_id>")
@staff("viewer")
def show(job_id: int) -> ResponseReturnValue:
    job = _job(job_id)
    story = job_story.tell(job)
    names = job_facts.names_of(entry.actor for entry in story.entries)
    offers = staff_verbs.offered(upstreams(), policy(), job, me().role)
    return render_template(
        "staff/job.html", job=job, facts=job_facts.gather(job, _personal()), why=explaining.why(job), pill=job_words.pill(job.state),
        events=shown.timeline(story.entries, names), tries=shown.tries(job, policy().attempts),
        may_retry=any(offer.verb == "retry" for offer in offers), offers=offered.shown(job, offers), to_undo=_to_undo(job),
        waited=shown.span(story.waited_s), worked=shown.duration(story.worked_s * 1000),
        evidence=evidence.shown(job.evidence, finding_jobs.approved(job.snapshot).get("lines", [])),
    )  # fmt: skip


def carry_out(job_id: int, verb: str) -> ResponseReturnValue:
    """One of the staff verbs, from its form; what it cannot do is told on a page of its own."""
    job, asked = _job(job_id), request.form
    staff_verbs.carry_out(
        upstreams(), policy(), job, verb, actor=f"user:{me().id}", reason=plain(asked.get("reason")), step=asked.get("step", ""),
        ref=plain(asked.get("ref")),
    )  # fmt: skip
    bell().jobs([job.id])
    bell().outbox()
    return redirect(f"/staff/jobs/{job.id}", 303)


for _name, _verb in VERBS.items():
    _rule = f"/jobs/<int(max=2147483647):job_id>/{_verb.noun}"
    blueprint.post(_rule, endpoint=_verb.noun, defaults={"verb": _name})(staff(_verb.role)(carry_out))


def _job(job_id: int) -> Job:
    found: Job | None = Job.get_or_none(Job.id == job_id)
    if found is None:
        abort(404)
    return found


def _personal() -> bool:
    """Whether this person may read names and e-mail addresses, and act: support and above."""
    return ROLES.index(me().role) >= ROLES.index("support")


def _to_undo(job: Job) -> list[str]:
    """What stands in the way of a cancel that the job's state would allow."""
    left = staff_verbs.in_the_way(job) if _personal() else []
    return [offered.step_words(job, name, line) for name, line in left]
