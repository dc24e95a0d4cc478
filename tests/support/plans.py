"""Small plans for the engine: a world of one upstream kept in a list, so that a test sees what was really done, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from console import clock
from console.models import Job, JobStep
from console.services.provisioning import engine
from console.services.provisioning.plan import Done, Plan, Run, Step
from console.wiring import Console

OWNER = "worker:test"


@dataclass
class World:
    """`made` is the upstream's truth; `answers` are raised in turn by the call, after the effect for those in `late`."""

    made: list[str] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)
    late: bool = False
    looked: int = 0
    ended: list[str] = field(default_factory=list)

    def call(self, run: Run, line: str) -> Done:
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or self.late:
            self.made.append(run.job.dedupe_key)
        if answer is not None:
            raise answer
        return Done(f"ref-{len(self.made)}")

    def find(self, run: Run, line: str) -> Done | None:
        self.looked += 1
        return Done("ref-found") if self.made else None

    def plan(self, effect: bool = True, *more: Step) -> Plan:
        step = Step("effect", "whmcs", self.call, look_up=self.find if effect else None)
        return Plan((step, *more), finished=lambda run: self.ended.append("finished"), changed=lambda run: self.ended.append(run.job.state))


def make_job(**values: object) -> Job:
    """A queued job without an order."""
    job, _ = Job.make("provision", f"test-{Job.select().count()}", correlation_id="7f0c2c1e-51b1-4f6e-9a39-6f3f0d0c8a11", **values)
    return job


def run(console: Console, job: Job, plan: Plan) -> Job:
    """One run, due or not; the row after it."""
    Job.update(next_run_at=clock.after(-1)).where(Job.id == job.id).execute()
    engine.run(job.id, plan, console.upstreams, console.policy, OWNER)
    return Job.get_by_id(job.id)


def step(job: Job, name: str = "effect") -> JobStep:
    """The journal's row."""
    return JobStep.get((JobStep.job == job.id) & (JobStep.name == name))


def quick(console: Console, **policy: object) -> Console:
    """The same console with other numbers in its policy."""
    return replace(console, policy=replace(console.policy, **policy))  # type: ignore[arg-type]
