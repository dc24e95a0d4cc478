"""The whole life of a subscription, in any order of steps, against a small model of it."""

import itertools
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.sandbox.provider import Gigs
from tests.support.sandbox import Running

NUMBERS = itertools.count()
# longer than any month, shorter than two
MONTH_S = 32 * 86_400


class Line(RuleBasedStateMachine):
    """`status`, `leaving` (cancelled, not ended yet), `restricted`, the number of the period, the plan and the SIM that it should have."""

    gigs: Gigs
    control: Any

    def __init__(self) -> None:
        super().__init__()
        made = self.gigs.activate(self.gigs.user(f"machine{next(NUMBERS)}@example.com"), plan="pln_jp20")
        self.path, self.id, self.sim = f"subscriptions/{made['id']}", made["id"], made["sim"]["id"]
        self.status, self.leaving, self.installed, self.plan, self.ahead = "pending", False, False, "pln_jp20", 0
        self.ended_before = ""

    def alive(self) -> bool:
        return self.status in ("active", "restricted")

    def refused(self, method: str, path: str, body: Any = None) -> None:
        assert self.gigs.call(method, path, body).status_code == 422

    @precondition(lambda self: not self.installed)
    @rule()
    def install(self) -> None:
        self.gigs.phone(sim=self.sim, do="install")
        self.installed = True
        if self.status == "pending":
            self.status = "active"

    @rule()
    def cancel(self) -> None:
        if self.status == "ended":
            self.refused("POST", f"{self.path}/cancel")
            return
        self.gigs.post(f"{self.path}/cancel", {}, status=200)
        if self.alive():
            self.leaving = True
        else:
            self.status = "ended"

    @rule()
    def resume(self) -> None:
        if not self.leaving:
            self.refused("POST", f"{self.path}/resume")
            return
        self.gigs.post(f"{self.path}/resume", {}, status=200)
        self.leaving = False

    @precondition(lambda self: self.ahead < 6)
    @rule()
    def a_period_goes_by(self) -> None:
        self.control.ask("POST", "clock", {"advance_s": MONTH_S})
        self.ahead += 1
        if self.leaving:
            self.status, self.leaving = "ended", False

    @rule()
    def reissue(self) -> None:
        sent = {"subscription": self.id, "sim": "auto", "when": "now"}
        if self.status != "active":
            self.refused("POST", "subscriptionChanges", sent)
            return
        self.sim, self.installed = self.gigs.post("subscriptionChanges", sent)["sim"]["id"], False

    @rule()
    def take_a_bigger_plan(self) -> None:
        sent = {"subscription": self.id, "plan": "pln_jp50", "when": "now"}
        if self.status != "active":
            self.refused("POST", "subscriptionChanges", sent)
            return
        self.gigs.post("subscriptionChanges", sent)
        self.plan = "pln_jp50"

    @rule()
    def top_up(self) -> None:
        sent = {"addon": "add_jp1", "subscription": self.id}
        if self.status == "active":
            self.gigs.post("subscriptionAddons", sent)
        else:
            self.refused("POST", "subscriptionAddons", sent)

    @rule()
    def use(self) -> None:
        assert self.gigs.test_usage(self.id, data=1).status_code == (200 if self.alive() else 422)

    @rule()
    def restrict_or_not(self) -> None:
        wanted = self.status == "active"
        assert self.gigs.people("restrictions", id=self.id, restricted=wanted) == (200 if self.alive() else 400)
        if self.alive():
            self.status = "restricted" if wanted else "active"

    @rule()
    def end(self) -> None:
        ended = self.gigs.call("DELETE", self.path).json()
        assert (ended["status"], ended["endedAt"] is not None) == ("ended", True)
        self.status, self.leaving = "ended", False

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        held = self.gigs.get(self.path)
        assert (held["status"], held["plan"]["id"], held["sim"]["id"]) == (self.status, self.plan, self.sim)
        assert (held["currentPeriod"] is not None) == self.alive()
        assert (held["activatedAt"] is not None) or not self.alive()
        assert (held["endedAt"] is not None) == (self.leaving or self.status == "ended")
        # what has ended stays as it is
        if self.status == "ended":
            assert self.ended_before in ("", held["endedAt"])
            self.ended_before = held["endedAt"]
            running = self.gigs.get("subscriptionAddons", subscription=self.id, status="pending,active")["items"]
            assert running == []

    def teardown(self) -> None:
        self.control.ask("POST", "clock", {"advance_s": -self.ahead * MONTH_S})


def test_a_line_lives_as_the_model_says(sandbox: Running) -> None:
    machine = type("Machine", (Line,), {"gigs": Gigs(sandbox.info), "control": sandbox.control})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=checks)
    )
