"""Staff verbs that a read upstream checks: adopt what the look-up finds, complete with an id that staff give, undo what they removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from console import clock
from console.errors import Contradiction, NeedsStaff, Refused
from console.models import Job, JobStep, transaction
from console.services.provisioning import activation
from console.services.provisioning.borrowed import Borrowed, borrowed
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.services.provisioning.plans import PLANS
from console.services.provisioning.verbs import MADE, choices
from console.services.upstreams import Policy, Upstreams

Answer = TypeVar("Answer")


def adopt(upstreams: Upstreams, policy: Policy, job: Job, step: str, line: str = "", *, actor: str, reason: str) -> None:
    """Record as done what the step's own look-up finds. Refused: `nothing_found`, `does_not_match` with the evidence."""
    with borrowed("adopt", job, policy, actor, reason) as held:
        run = held.run(upstreams, policy)
        look_up = _chosen(held, run, step, line).look_up
        assert look_up is not None  # noqa: S101  only effects are to choose from
        _record(held, run, step, line, _read(held, lambda: look_up(run, line)))


def complete(upstreams: Upstreams, policy: Policy, job: Job, step: str, line: str = "", *, ref: str, actor: str, reason: str) -> None:
    """Record as done what staff name by its id, once a read shows that it is ours and as approved. Refused as `adopt`."""
    with borrowed("complete", job, policy, actor, reason) as held:
        run, ref = held.run(upstreams, policy), ref.strip()
        confirm = _chosen(held, run, step, line).confirm
        if confirm is None or not ref:
            raise Refused("nothing_found", state=held.job.state)
        _taken(held, step, line, ref)
        _record(held, run, step, line, _read(held, lambda: confirm(run, line, ref)))


def undo(upstreams: Upstreams, policy: Policy, job: Job, step: str, line: str = "", *, actor: str, reason: str) -> None:
    """Forget an effect that staff removed upstream, and what was built on it. Refused: `still_there`, `settling` while it may yet come."""
    with borrowed("undo", job, policy, actor, reason) as held:
        run = held.run(upstreams, policy)
        chosen, row = _chosen(held, run, step, line), run.journal[step, line]
        gone = chosen.gone
        assert gone is not None  # noqa: S101  as above
        _settled(held, policy, chosen, row)
        if not _read(held, lambda: gone(run, line, row.upstream_ref)):
            raise Refused("still_there", state=held.job.state, evidence={"step": step, "line": line, "id": row.upstream_ref})
        with transaction():
            held.leave(held.job.state, _told(step, line, row.upstream_ref))
            _forget(held.job, run, chosen, line)


def _chosen(held: Borrowed, run: Run, name: str, line: str) -> Step:
    plan = PLANS[held.job.kind]
    if (name, line) not in choices(run, plan, held.verb):
        raise Refused("no_such_step", state=held.job.state, step=name, line=line)
    return next(step for step in plan.steps if step.name == name)


def _read(held: Borrowed, ask: Callable[[], Answer]) -> Answer:
    """What the upstream says; what contradicts the order is a refusal with its evidence."""
    try:
        return ask()
    except Contradiction as error:
        raise Refused("does_not_match", state=held.job.state, why=error.code, evidence=dict(error.evidence)) from error
    except NeedsStaff as error:
        raise Refused("does_not_match", state=held.job.state, why=error.code, evidence={"found": error.text or error.code}) from error


def _taken(held: Borrowed, step: str, line: str, ref: str) -> None:
    """What another job, or another line, was given is not given again."""
    same = (JobStep.name == step) & (JobStep.upstream_ref == ref) & JobStep.state.in_(sorted(MADE))
    others = [row for row in JobStep.select().where(same) if (row.job_id, row.line) != (held.job.id, line)]
    if others:
        evidence = {"id": ref, "job": others[0].job_id, "line": others[0].line}
        raise Refused("does_not_match", state=held.job.state, why="belongs_to_another", evidence=evidence)


def _record(held: Borrowed, run: Run, step: str, line: str, done: Done | None) -> None:
    if done is None:
        raise Refused("nothing_found", state=held.job.state, step=step, line=line)
    row = run.journal.get((step, line))
    with transaction():
        held.onward(_told(step, line, done.ref))
        JobStep.put(
            held.job, step, line, state="adopted", upstream_ref=done.ref[:80], result=dict(done.result), finished_at=clock.now(),
            started_at=row.started_at if row and row.started_at else clock.now(),
        )  # fmt: skip
        if done.also is not None:
            done.also()


def _settled(held: Borrowed, policy: Policy, step: Step, row: JobStep) -> None:
    """A call whose answer was lost may still take effect: gone now is not gone for good."""
    until = (row.unsure_at or row.started_at) + timedelta(seconds=policy.settle[step.upstream])
    if row.state == "started" and until > clock.now():
        raise Refused("settling", state=held.job.state, until=until)


def _forget(job: Job, run: Run, step: Step, line: str) -> None:
    """The effect's row as before its first send, but for how often it was undone; what took its result has to be done again."""
    undone = int(run.journal[step.name, line].result.get("undone", 0)) + 1
    for name, of in _built_on(PLANS[job.kind], run, step.name, line):
        JobStep.put(job, name, of, state="undone", finished_at=None, sends=0, negatives=0, unsure_at=None, looked_at=None)
    JobStep.put(job, step.name, line, upstream_ref="", result={"undone": undone})
    if line:
        activation.forget(line)


def _built_on(plan: Plan, run: Run, name: str, line: str) -> list[tuple[str, str]]:
    """The step itself and all that followed from it, for this line or the whole order."""
    names = {name}
    for step in plan.steps:
        if names & set(step.after):
            names.add(step.name)
    rows = [(of, at) for (of, at), row in run.journal.items() if of in names and row.state in MADE]
    return [(of, at) for of, at in rows if at == line or not (at and line)]


def _told(step: str, line: str, ref: str) -> str:
    return " ".join(part for part in (step, line, ref) if part)
