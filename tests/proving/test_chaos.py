"""Chaos in short, what it is made of, and that its judges do find what they are there to find."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.models import EsimSecret, Job, Subscription, User
from console.wiring import Console
from tests.proving import chaos
from tests.proving.storm import canaries, invariants, mischief
from tests.proving.storm.seen import Seen
from tests.support.absent import absent
from tests.support.postgres import Missing
from tests.support.sandbox import Running

SLOTS = ("web1", "worker1", "worker2", "listener1", "listener2")
PEOPLE = ("aiko@home.example", "sara@home.example")


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(chaos.Asked(orders=14, seed=1, minutes=0.08, scale=False), id="sqlite", marks=pytest.mark.long),
        pytest.param(chaos.Asked(orders=14, seed=4, minutes=0.08, scale=True), id="postgres", marks=pytest.mark.long),
        pytest.param(chaos.Asked(orders=150, seed=2, minutes=1, scale=False), id="sqlite for a minute", marks=pytest.mark.long),
        pytest.param(chaos.Asked(orders=150, seed=3, minutes=1, scale=True), id="postgres for a minute", marks=pytest.mark.long),
    ],
)
def test_it_loses_and_doubles_nothing(asked: chaos.Asked) -> None:
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        assert chaos.run(asked, folder), f"logs: {folder}"
    except Missing as missing:
        absent(str(missing))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def reach(sandbox: Running) -> Mapping[str, Any]:
    return sandbox.control.operations()


def test_it_does_the_same_for_the_same_seed(reach: Mapping[str, Any]) -> None:
    plans = [mischief.plan(seed, 60, reach, SLOTS, PEOPLE, True) for seed in (7, 7, 8)]
    assert plans[0] == plans[1] != plans[2]


def test_it_does_a_bit_of_everything_in_a_short_storm_too(reach: Mapping[str, Any]) -> None:
    done = {deed.what for deed in mischief.plan(1, 5, reach, SLOTS, PEOPLE, True)}
    assert done == {"faults", "kill", "freeze", "shut", "empty queue", "lose card", *mischief.PACE_AT_SCALE}


def test_it_knows_the_names_of_the_calls(reach: Mapping[str, Any]) -> None:
    assert [call for upstream, calls in mischief.CALLS.items() for call in calls if call not in reach[upstream]["operations"]] == []


def test_it_comes_to_every_fault_in_time(reach: Mapping[str, Any]) -> None:
    deeds = mischief.plan(1, 3600, reach, SLOTS, PEOPLE, False)
    chosen = {(fault["upstream"], fault["fault"]) for deed in deeds for fault in deed.faults}
    assert chosen == {(upstream, fault) for upstream in mischief.CALLS for fault in set(reach[upstream]["faults"]) - mischief.NEVER}


def seen(**values: Any) -> Seen:
    """A storm's end in which everything is as it should be, but for what is given."""
    job = SimpleNamespace(id=1, state="succeeded", created_at=SimpleNamespace(timestamp=lambda: 10.0), current_step="", error_code="")
    mail = SimpleNamespace(id=5, template="order_provisioned", message_id="<a>", fence=1, state="sent", error_code="")
    order = {
        "salesforce": {"AccountId": "001"},
        "whmcs": [{"client_id": 1}],
        "mobile": [{"user_id": "u"}],
        "mails": [{"message_id": "<a>"}],
    }
    truth = {"orders": [order], "unclaimed": {"whmcs_orders": [], "subscriptions": [], "clients": []}}
    whole: dict[str, Any] = {
        "truth": truth, "orders": {"801": order}, "wrong": {"801": []}, "jobs": {"801": job}, "every_job": [job],
        "crowd": SimpleNamespace(approved={"801": 9.0}), "mails": {"801": [mail]}, "drained_s": 1.0, "said": lambda event: (),
        "events": {1: [SimpleNamespace(what=what) for what in ("created", "retry_wait", "succeeded")]},
        "stage": SimpleNamespace(slots={}), "codes": {"worker1": 0},
        "attempts": {1: [SimpleNamespace(fence=n) for n in (1, 1, 2)]},
    }  # fmt: skip
    return cast(Seen, SimpleNamespace(**(whole | values)))


def broken(world: Seen) -> list[str]:
    return [number for number, _words, judge in invariants.INVARIANTS if judge is not canaries.escaped and list(judge(world))]


def test_it_has_nothing_against_a_world_in_order() -> None:
    assert broken(seen()) == []


def _moved(*whats: str) -> dict[str, Any]:
    return {"events": {1: [SimpleNamespace(what=what) for what in whats]}}


def _order(**changes: Any) -> dict[str, Any]:
    return {"orders": {"801": {**seen().orders["801"], **changes}}}


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (_order(whmcs=[{"client_id": 1}, {"client_id": 1}]), "I1"),
        (_order(whmcs=[]), "I1"),
        ({"wrong": {"801": ["2 eSIMs for 1 mobile lines"]}}, "I1"),
        ({"truth": {"orders": seen().truth["orders"], "unclaimed": {"subscriptions": [{}]}}}, "I1"),
        ({"wrong": {"801": ["WHMCS order Pending"]}}, "I2"),
        ({"every_job": [SimpleNamespace(id=1, state="retry_wait", current_step="", error_code="")]}, "I3"),
        ({"jobs": {}}, "I4"),
        ({"crowd": SimpleNamespace(approved={"801": -9000.0})}, "I4"),
        ({"wrong": {"801": ["Salesforce says Failed, Activating"]}}, "I5"),
        (_moved("created", "succeeded", "queued"), "I6"),
        (_moved("created", "needs_attention", "succeeded"), "I6"),
        ({"attempts": {1: [SimpleNamespace(fence=2), SimpleNamespace(fence=1)]}}, "I7"),
        ({"mails": {"801": [SimpleNamespace(id=5, template="order_provisioned", message_id="<b>", fence=1, state="sent")]}}, "I8"),
        ({"drained_s": None}, "I9"),
        ({"codes": {"worker1": -9}}, ""),
    ],
)
def test_it_finds_what_is_broken(change: dict[str, Any], number: str) -> None:
    assert broken(seen(**change)) == [number]


def test_it_finds_two_processes_that_ran_a_job_at_once() -> None:
    lines = [(log, {"job_id": 1, "fence": 3}) for log in ("worker1.1.log", "worker2.1.log")]
    assert broken(seen(said=lambda event: lines if event == "step_done" else [])) == ["I7"]


def test_it_takes_a_second_mail_only_for_a_second_claim() -> None:
    twice = {"truth": {**seen().truth, "orders": [{**seen().orders["801"], "mails": [{"message_id": "<a>"}] * 2}]}}
    assert broken(seen(**twice)) == ["I8"]
    claimed = SimpleNamespace(id=5, template="order_provisioned", message_id="<a>", fence=2, state="sent")
    assert broken(seen(**twice, mails={"801": [claimed]})) == []


@pytest.fixture
def watched(console: Console, tmp_path: Path) -> Seen:
    """A world of two customers whose logs, rows and queue hold nothing yet."""
    (tmp_path / "logs").mkdir()
    people = [SimpleNamespace(person=SimpleNamespace(password=f"demo-secret{n}", last_name=f"Canary200{n}")) for n in range(2)]
    variables = {name: f"key-of-ours/{number}" for number, name in enumerate(canaries.SETTINGS)}
    stage = SimpleNamespace(folder=tmp_path, logs=tmp_path / "logs", variables=variables, console=console, redis=None)
    return cast(Seen, SimpleNamespace(stage=stage, crowd=SimpleNamespace(customers=people[:1])))


@pytest.mark.parametrize(
    "secret", ["demo-secret0", "Canary2000", "key-of-ours/0", "LPA:1$rsp.example$K2-ABC", "sara@example.com", "00DSB00000000001!AQ4aZxYw0"]
)
@pytest.mark.parametrize("place", ["logs/worker1.1.log", "queue.db"])
def test_it_finds_a_secret_that_got_out(place: str, secret: str, watched: Seen) -> None:
    assert list(canaries.escaped(watched)) == []
    (watched.stage.folder / place).write_text(f'{{"event": "said", "text": "{secret}"}}')
    assert len(list(canaries.escaped(watched))) == 1


def test_it_finds_a_secret_in_the_journal(watched: Seen) -> None:
    Job.make("signup", "7", error_text="for demo-secret0")
    assert list(canaries.escaped(watched)) == ["Job: a password"]


def test_it_finds_an_activation_code_by_its_secret_part(watched: Seen) -> None:
    user = User.create(email="aiko@home.example", password_hash="x")
    row = Subscription.create(user=user, sf_order_id="801", sf_item_id="802", name="eSIM", category="SIM", mobile_ref="sub")
    EsimSecret.create(subscription=row, sealed=watched.stage.console.policy.vault.seal("LPA:1$rsp.example$K2-SECRET-PART"))
    (watched.stage.logs / "web1.1.log").write_text("matching id K2-SECRET-PART")
    assert list(canaries.escaped(watched)) == ["web1.1.log: an activation code"]
