"""The staff's verbs on a job's page: shown where they work, refused in words where they do not, for the roles that may."""

import re

import pytest

from console import clock
from console.models import AuditEntry, Job, JobStep, Order
from console.services.provisioning.verbs import VERBS, fits
from tests.support import jobs
from tests.support.web import Browser, make_person

WHY = {"reason": "agreed by telephone"}


@pytest.fixture
def sara(app):
    return jobs.customer("sara@example.com", "SF-207702")


def job_in(state, person, **values):
    values = {"held_by": "staff"} | values if state == "held_by_staff" else values
    job = jobs.job(person, state.removesuffix("_by_staff"), lease_until=clock.after(60) if state == "running" else None, **values)
    jobs.stepped(job, "guard", "8015g")
    return job


def offered(browser, job):
    return set(re.findall(rf'action="/staff/jobs/{job.id}/(\w+)"', browser.get(f"/staff/jobs/{job.id}").text))


STATES = (
    "queued",
    "running",
    "waiting",
    "retry_wait",
    "held",
    "held_by_staff",
    "needs_customer",
    "needs_attention",
    "succeeded",
    "cancelled",
)


def test_it_offers_what_the_table_allows(at_work, sara):
    for state in STATES:
        job = job_in(state, sara)
        right = {VERBS[verb].noun for verb in VERBS if fits(job, verb)} - {"undoing"}  # nothing was made yet
        assert offered(at_work, job) == right, state


def test_it_offers_only_what_would_work(at_work, sara):
    job = job_in("needs_attention", sara, error_code="order_changed", evidence={"approved": [], "now": []})
    jobs.stepped(job, "add_order", "981")
    assert offered(at_work, job) == {"retry", "adoption", "completion", "undoing", "keeping"}
    page = at_work.get(f"/staff/jobs/{job.id}").text
    assert "Cancelling is possible once these are removed upstream and undone here: WHMCS order" in page
    assert '<option value="accept_order">Accept order</option>' in page
    assert '<option value="add_order">WHMCS order</option>' in page


@pytest.mark.parametrize("role", ["viewer", "support", "ops", "admin"])
def test_each_role_sees_and_does_what_it_may(app, sara, role):
    browser, job = Browser.of(app), job_in("needs_attention", sara)
    browser.log_in(make_person(f"{role}@example.com", role=role))
    assert bool(offered(browser, job)) == (role != "viewer")
    for verb in VERBS.values():
        answer = browser.post(f"/staff/jobs/{job.id}/{verb.noun}")
        assert (answer.status_code == 403) == (role == "viewer"), verb.noun


def test_customers_and_strangers_do_nothing(browser, at_home, sara):
    job = job_in("needs_attention", sara)
    for verb in VERBS.values():
        assert at_home.post(f"/staff/jobs/{job.id}/{verb.noun}", WHY).status_code == 403
        assert browser.post(f"/staff/jobs/{job.id}/{verb.noun}", WHY).location.startswith("/login")
    assert Job.get_by_id(job.id).state == "needs_attention"


def test_it_takes_none_without_the_forms_token(at_work, sara):
    job = job_in("needs_attention", sara)
    for verb in VERBS.values():
        assert at_work.client.post(f"/staff/jobs/{job.id}/{verb.noun}", data=WHY).status_code == 400
    assert not AuditEntry.select().exists()


def test_it_steers_a_job_and_tells_it_in_the_story(at_work, support, sara):
    job = job_in("retry_wait", sara)
    for noun, state in (("hold", "held"), ("release", "queued"), ("cancellation", "cancelled")):
        at_work.get(f"/staff/jobs/{job.id}")
        answer = at_work.post(f"/staff/jobs/{job.id}/{noun}", WHY)
        assert (answer.status_code, answer.location, Job.get_by_id(job.id).state) == (303, f"/staff/jobs/{job.id}", state)
    assert [(entry.actor, entry.verb) for entry in AuditEntry.select()] == [
        (f"user:{support.id}", verb) for verb in ("hold", "release", "cancel")
    ]
    assert len(AuditEntry.get().correlation_id) == 36
    page = at_work.get(f"/staff/jobs/{job.id}").text
    for part in ("Held by staff", "Released", "Cancelled by staff", f"{support.name} · agreed by telephone", "Nothing is left upstream."):
        assert part in page
    assert page.count("Cancelled by staff") == 1
    assert Order.at(job.sf_order_id).state == "cancelled"


def test_it_wants_a_reason(at_work, sara):
    job = job_in("needs_attention", sara)
    for noun in (verb.noun for verb in VERBS.values() if verb.reasoned):
        for reason in ("", " ", "x" * 301):
            answer = at_work.post(f"/staff/jobs/{job.id}/{noun}", {"reason": reason, "step": "add_order", "ref": "1"})
            assert (answer.status_code, "A reason is needed" in answer.text) == (422, True), (noun, reason)
    assert not AuditEntry.select().exists()


@pytest.mark.parametrize(("state", "says"), [("running", "This job is running now"), ("succeeded", "not possible just now")])
def test_it_refuses_in_words(at_work, sara, state, says):
    job = job_in(state, sara)
    answer = at_work.post(f"/staff/jobs/{job.id}/cancellation", WHY)
    assert (answer.status_code, says in answer.text) == (409, True)


def test_it_shows_what_a_cancel_would_leave(at_work, sara):
    job = job_in("needs_attention", sara)
    JobStep.put(job, "esim", jobs.item_id(9), state="started", started_at=clock.now())
    answer = at_work.post(f"/staff/jobs/{job.id}/cancellation", WHY)
    assert answer.status_code == 409
    assert f"esim {jobs.item_id(9)}" in answer.text


def test_it_says_when_the_upstream_does_not_answer(at_work, sara):
    job = job_in("needs_attention", sara)
    answer = at_work.post(f"/staff/jobs/{job.id}/adoption", WHY | {"step": "add_order"})
    assert answer.status_code == 503
    assert (Job.get_by_id(job.id).state, Job.get_by_id(job.id).lease_until) == ("needs_attention", None)


def test_it_adopts_no_step_that_is_not_open(at_work, sara):
    job = job_in("needs_attention", sara)
    for step in ("", "nonsense", "esim", "add_order 8025", "guard"):
        assert at_work.post(f"/staff/jobs/{job.id}/adoption", WHY | {"step": step}).status_code == 409, step


def test_a_sign_up_is_neither_kept_nor_cancelled(at_work, sara):
    job, _new = Job.make("signup", str(sara.id), user=sara.id, source="console", state="needs_attention", error_code="account_taken")
    jobs.stepped(job, "link")
    assert offered(at_work, job) == {"retry", "adoption", "completion"}
    assert at_work.post(f"/staff/jobs/{job.id}/cancellation", WHY).status_code == 409
