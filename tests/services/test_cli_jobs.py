"""The staff verbs from the command line: the same table, the same functions, an exit code for each end."""

import json

import pytest

from console import clock
from console.app import create_app
from console.models import AuditEntry, Job, JobStep, UpstreamState
from console.services.provisioning.verbs import VERBS
from tests.support import jobs

pytestmark = pytest.mark.sqlite


@pytest.fixture
def run(settings, database):
    runner = create_app(settings).test_cli_runner()
    return lambda line: runner.invoke(args=line.split())


@pytest.fixture
def stuck():
    job = jobs.job(jobs.customer(), "needs_attention", number=146, error_code="order_changed", evidence={"approved": [], "now": [{"x": 1}]})
    jobs.stepped(job, "guard", "8015g")
    return job


def test_every_verb_has_its_command(run):
    listed = run("jobs --help").output
    assert all(f"\n  {verb} " in listed for verb in ("list", "show", "explain", *VERBS))


def test_it_explains_and_names_what_can_be_done(run, stuck):
    told = run(f"jobs explain {stuck.id}").output
    assert all(
        part in told
        for part in ("why: The order's lines were changed", '"x": 1', "can: keep", "can: adopt --step 'add_order'", "can: cancel")
    )
    read = json.loads(run(f"jobs explain {stuck.id} --json").output)
    assert (read["evidence"]["now"], read["verbs"]["adopt"], "hold" in read["verbs"]) == ([{"x": 1}], ["add_order"], False)


def test_it_explains_a_held_job(run):
    UpstreamState.trip("whmcs", "down", "refused", 60)
    job = jobs.job(jobs.customer(), "held", held_by="whmcs")
    assert "WHMCS cannot be reached since" in run(f"jobs explain {job.id}").output


def test_it_holds_and_releases(run):
    job = jobs.job(jobs.customer(), "retry_wait")
    assert run(f"jobs hold {job.id}").output == "held\n"
    released = run(f"jobs release {job.sf_order_id} --json")
    assert (released.exit_code, json.loads(released.output), Job.get_by_id(job.id).state) == (0, {"ok": True, "id": job.id}, "queued")


def test_it_keeps_and_cancels_with_a_reason(run, stuck):
    assert run(f"jobs keep {stuck.id}").exit_code == 2
    assert run(f"jobs keep {stuck.id} --reason {'x' * 301}").exit_code == 2
    assert run(f"jobs keep {stuck.id} --reason agreed").output == "queued\n"
    assert Job.get_by_id(stuck.id).snapshot["kept"] == [{"x": 1}]
    assert run(f"jobs cancel {stuck.id} --reason agreed").output == "cancelled\n"
    assert [(entry.actor, entry.verb, entry.reason) for entry in AuditEntry.select()] == [
        ("cli", "keep", "agreed"),
        ("cli", "cancel", "agreed"),
    ]


def test_it_lists_what_a_cancel_would_leave(run, stuck):
    JobStep.put(stuck, "add_order", "", state="started", started_at=clock.now())
    refused = run(f"jobs cancel {stuck.id} --reason agreed --json")
    assert refused.exit_code == 3
    assert json.loads(refused.stdout) == {
        "ok": False, "id": stuck.id, "code": "effects_left", "state": "needs_attention", "effects": ["add_order"],
    }  # fmt: skip
    assert '"add_order"' in run(f"jobs cancel {stuck.id} --reason agreed").output


@pytest.mark.parametrize("line", ["adopt {} --reason r", "complete {} --ref 7 --reason r", "adopt {} --step add_order --reason r --json"])
def test_it_says_when_an_upstream_does_not_answer(run, stuck, line):
    answer = run(f"jobs {line.format(stuck.id)}")
    assert (answer.exit_code, "whmcs" in answer.output) == (1, True)
    assert Job.get_by_id(stuck.id).lease_until is None


def test_it_refuses_by_state_and_by_name(run):
    job = jobs.job(jobs.customer(), "running", lease_until=clock.after(60))
    for verb, row in VERBS.items():
        more = " --reason r" + (" --step add_order" if row.asks else "") + (" --ref 7" if "ref" in row.asks else "")
        refused = run(f"jobs {verb} {job.id} --json{more}")
        assert (refused.exit_code, json.loads(refused.stdout)) == (3, {"ok": False, "id": job.id, "code": "running", "state": "running"})
        assert run(f"jobs {verb} 999{more}").exit_code == 4


def test_it_undoes_nothing_that_was_not_made(run, stuck):
    assert json.loads(run(f"jobs undo {stuck.id} --reason r --json").stdout)["code"] == "no_such_step"
