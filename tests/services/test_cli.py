"""The command line: what operators and scripts see of migrations, staff accounts and jobs, and with which exit code."""

import json

import pytest

from console import clock, models
from console.app import create_app
from console.models import AuditEntry, Job, User
from console.vault import password_matches
from tests.support import codes, jobs

PASSWORD = "a good long password"


@pytest.fixture
def run(settings, database):
    runner = create_app(settings).test_cli_runner()
    return lambda line, given=None: runner.invoke(args=line.split(), input=given)


@pytest.fixture
def stuck():
    job = jobs.job(
        jobs.customer("sara@example.com", "SF-207702"), "needs_attention", number=146, error_class="stock", error_code="no_stock"
    )
    jobs.stepped(job, "guard", "8015g", status="Approved", lines=1)
    return job


def test_it_upgrades_once(run):
    assert run("db status").output == "up to date\n"
    again = run("db upgrade")
    assert (again.exit_code, again.output) == (0, "nothing to do\n")


@pytest.mark.sqlite
def test_it_tells_what_is_pending(settings, tmp_path):
    runner = create_app(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/new.db"})).test_cli_runner()
    status = runner.invoke(args=["db", "status"])
    assert (status.exit_code, "pending: 0001_initial" in status.output) == (3, True)
    assert "0001_initial" in runner.invoke(args=["db", "upgrade"]).output
    assert runner.invoke(args=["db", "status"]).exit_code == 0
    models.database.close()


def test_it_makes_staff(run):
    made = run("staff create --email Yuki@Example.com --role support --first-name Yuki --password-stdin", f"{PASSWORD}\n")
    assert made.exit_code == 0
    assert PASSWORD not in made.output
    user = User.by_email("yuki@example.com")
    assert (user.role, user.confirmed, user.first_name) == ("support", True, "Yuki")
    assert password_matches(user.password_hash, PASSWORD)
    assert (AuditEntry.get().actor, AuditEntry.get().verb) == ("cli", "create_staff")


def test_it_makes_no_second_account(run):
    jobs.customer("yuki@example.com")
    again = run("staff create --email yuki@example.com --role admin --password-stdin", f"{PASSWORD}\n")
    assert again.exit_code == 3
    assert User.by_email("yuki@example.com").role == "customer"
    assert not AuditEntry.select().exists()


@pytest.mark.parametrize(("email", "role", "password"), [
    ("yuki", "support", PASSWORD), ("@example.com", "support", PASSWORD), ("yuki@example.com", "customer", PASSWORD),
    ("yuki@example.com", "root", PASSWORD),
    ("yuki@example.com", "support", "password1"), ("yuki@example.com", "admin", "QWERTYUIOP"),
    ("yuki@example.com", "support", "short"), ("yuki@example.com", "support", ""), ("yuki@example.com", "support", "x" * 300),
])  # fmt: skip
def test_it_makes_nobody_of_bad_input(run, email, role, password):
    refused = run(f"staff create --email {email} --role {role} --password-stdin", f"{password}\n")
    assert refused.exit_code == 2
    assert not User.select().exists()


def test_it_takes_a_password_from_standard_input_only(run, monkeypatch):
    for name in ("FLASK_STAFF_CREATE_PASSWORD", "PASSWORD", "STAFF_PASSWORD"):
        monkeypatch.setenv(name, PASSWORD)
    refused = [
        run("staff create --email yuki@example.com --role support"),
        run(f"staff create --email yuki@example.com --role support --password {PASSWORD.replace(' ', '-')}"),
        run("staff create --email yuki@example.com --role support --password-stdin"),
    ]
    assert [each.exit_code for each in refused] == [2, 2, 2]
    assert not User.select().exists()


def test_it_turns_two_step_sign_in_off_for_whoever_lost_it(run, console):
    sara = jobs.customer("sara@example.com")
    assert run("staff reset-two-step --email sara@example.com").exit_code == 3
    assert run("staff reset-two-step --email nobody@example.com").exit_code == 4
    codes.enrolled(console.policy, sara)
    done = run("staff reset-two-step --email Sara@Example.com")
    assert (done.exit_code, User.get().two_step) == (0, False)
    assert (AuditEntry.get().actor, AuditEntry.get().verb, AuditEntry.get().subject) == ("cli", "reset_two_step", f"user:{sara.id}")


def test_it_lists_jobs(run, stuck):
    assert all(part in run("jobs list").output for part in ("needs_attention", "00000146", "SF-207702", "no_stock"))
    listed = json.loads(run("jobs list --search 00000146 --json").output)
    assert [(row["id"], row["sfOrderId"], row["state"]) for row in listed["jobs"]] == [(stuck.id, stuck.sf_order_id, "needs_attention")]
    assert listed["counts"]["attention"] == 1
    Job.update(state="succeeded").execute()
    assert str(stuck.id) in run("jobs list --search SF-207702").output
    Job.update(state="needs_attention").execute()
    assert json.loads(run("jobs list --state done --json").output)["jobs"] == []


def test_it_prints_no_names(run, stuck):
    for line in ("jobs list", "jobs list --json", f"jobs show {stuck.id}", f"jobs show {stuck.id} --json"):
        printed = run(line).output
        assert "Sara" not in printed
        assert "sara@example.com" not in printed


def test_it_shows_a_story(run, stuck):
    shown = run(f"jobs show {stuck.id}").output
    assert all(part in shown for part in ("needs_attention", "why: ", "Order read and checked", "WHMCS order"))
    told = json.loads(run(f"jobs show {stuck.sf_order_id[:15]} --json").output)
    assert (told["id"], told["errorCode"], told["mayRetry"]) == (stuck.id, "no_stock", True)
    assert any(entry["title"] == "Order read and checked" and entry["at"].endswith("Z") for entry in told["timeline"])


def test_it_retries(run, stuck):
    retried = run(f"jobs retry {stuck.id} --reason stock_refilled --json")
    assert (retried.exit_code, json.loads(retried.output)) == (0, {"ok": True, "id": stuck.id})
    assert Job.get_by_id(stuck.id).state == "queued"
    assert (AuditEntry.get().actor, AuditEntry.get().reason) == ("cli", "stock_refilled")


@pytest.mark.parametrize(("state", "code"), [("running", "running"), ("succeeded", "not_retryable")])
def test_it_says_when_the_state_forbids(run, stuck, state, code):
    Job.update(state=state, lease_until=clock.after(60)).execute()
    refused = run(f"jobs retry {stuck.id} --json")
    assert refused.exit_code == 3
    assert json.loads(refused.stdout) == {"ok": False, "id": stuck.id, "code": code, "state": state}


@pytest.mark.parametrize("named", ["999", "nonsense", "80150000000000000A", jobs.order_id(99), "9" * 30])
def test_it_says_when_there_is_no_such_job(run, stuck, named):
    assert run(f"jobs show {named}").exit_code == 4
    assert run(f"jobs retry {named}").exit_code == 4
