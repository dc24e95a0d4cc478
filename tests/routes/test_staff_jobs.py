"""The staff's pages of jobs: who may see and do what, and that they tell the whole story."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from console import clock
from console.models import AuditEntry, Job, OutboxMessage
from tests.support import jobs
from tests.support.queries import counted
from tests.support.web import Browser, make_person

SARA = {"first_name": "Sara", "last_name": "Lindqvist"}


@pytest.fixture
def sara(app):
    return jobs.customer("sara@example.com", "SF-207702")


@pytest.fixture
def stuck(sara):
    """A job that was refused by WHMCS after the eSIM had been made."""
    job = jobs.job(
        sara, "needs_attention", number=146, attempt=12, current_step="add_order", error_class="config", error_code="Client ID Not Found",
        error_text="refused", evidence={"client": 4711},
    )  # fmt: skip
    jobs.arrived(job)
    jobs.stepped(job, "guard", "8015g", status="Approved", lines=1)
    jobs.stepped(job, "payment_method", "7")
    jobs.stepped(job, "esim", "sub_1", line=jobs.item_id(146), iccid="8981000000000004821")
    jobs.tried(job, "add_order", "ambiguous", error_code="timeout", duration_ms=60_000)
    for _ in range(11):
        jobs.tried(job, "add_order", "config", error_code="Client ID Not Found", error_text="refused")
    OutboxMessage.mail("order_received", sara.id, "146", domain="console.example", sf_order_id=job.sf_order_id)
    return job


@pytest.fixture
def viewer(app):
    browser = Browser.of(app)
    browser.log_in(make_person("viewer@example.com", role="viewer"))
    return browser


def _text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_it_lists_what_is_open(at_work, stuck):
    page = at_work.get("/staff/jobs")
    assert page.status_code == 200
    for part in ("00000146", "SF-207702", "Sara Lindqvist", "eSIM 5 GB", "Needs attention", "WHMCS order", "12 / 12"):
        assert part in _text(page)


def test_it_sends_staff_on(at_work):
    answer = at_work.get("/staff")
    assert (answer.status_code, answer.location) == (303, "/staff/jobs")


def test_it_keeps_retrying_apart_from_running(at_work, sara):
    jobs.job(sara, "retry_wait", number=1, attempt=3, next_run_at=clock.after(100))
    jobs.job(sara, "running", number=2)
    retrying, running = at_work.get("/staff/jobs?tab=retrying"), at_work.get("/staff/jobs?tab=running")
    assert "00000001" in _text(retrying)
    assert "00000002" not in _text(retrying)
    assert "00000002" in _text(running)
    assert "3 / 12" in _text(retrying)
    assert re.search(r"in 1 min|in 9\d s", _text(retrying))


def test_it_refuses_an_unknown_tab(at_work):
    assert at_work.get("/staff/jobs?tab=nonsense").status_code == 404


@pytest.mark.parametrize("text", ["00000146", "SF-207702", "sara@example.com", jobs.order_id(146)[:15]])
def test_it_searches_in_all_states(at_work, stuck, text):
    Job.update(state="succeeded").execute()
    page = at_work.get(f"/staff/jobs?q={quote(text)}")
    assert f"/staff/jobs/{stuck.id}" in page.text
    assert f'value="{text}"' in page.text


def test_it_says_when_nothing_is_found(at_work, stuck):
    page = at_work.get("/staff/jobs?q=%3Cscript%3E")
    assert "Nothing found" in _text(page)
    assert "<script>" not in page.text.replace("<script src", "")


def test_it_pages_with_the_filters_kept(at_work, sara):
    start = clock.now()
    for n in range(1, 56):
        jobs.job(sara, "succeeded", number=n, created_at=start - timedelta(seconds=n))
    first = at_work.get("/staff/jobs?tab=done&q=SF-207702")
    older = re.search(r'href="([^"]+)" rel="next"', first.text).group(1).replace("&amp;", "&")
    assert older.startswith("/staff/jobs?tab=done&q=SF-207702&before=")
    second = at_work.get(older)
    assert "00000051" in second.text
    assert "00000050" not in second.text
    assert "Newest" in second.text


def test_it_asks_no_more_than_four_queries(at_work, app, sara):
    for n in range(1, 41):
        jobs.job(sara, "retry_wait", number=n)
    at_work.get("/staff/jobs")
    with counted(app.extensions["console"].database) as queries:
        at_work.get("/staff/jobs?q=SF-207702")
    assert len(queries) <= 4, queries


def test_it_hides_names_from_viewers(viewer, stuck):
    for path in ("/staff/jobs", f"/staff/jobs/{stuck.id}", "/staff/jobs?q=SF-207702"):
        page = viewer.get(path)
        assert page.status_code == 200
        assert "SF-207702" in page.text
        assert "Sara" not in page.text
        assert "sara@example.com" not in page.text
    assert "needs the support role" in _text(viewer.get("/staff/jobs?q=sara@example.com"))


def test_it_tells_the_story(at_work, stuck):
    page = at_work.get(f"/staff/jobs/{stuck.id}")
    assert page.status_code == 200
    told = _text(page)
    for part in (
        "Order 00000146", "eSIM 5 GB", "Sara Lindqvist", "Why it is stuck:", "Client ID Not Found", "Approved, event received",
        "Approved · one line",
        "ICCID 8981000000000004821", "WHMCS order: outcome unknown", "attempt 1", "attempts 2 to 12", "Order received: on its way",
        "Accept order",
        "Waited / worked", "4711", "7f0c2c1e-51b1",
    ):  # fmt: skip
        assert part in told, part
    for lane in ("Salesforce", "WHMCS", "Mobile", "Mail", "Console"):
        assert f'<span class="lane">{lane}</span>' in page.text


def test_it_sets_what_was_approved_beside_what_there_is(at_work, stuck):
    Job.update(
        error_code="amount_differs",
        evidence={"whmcs_order": 981, "client": 4711, "found": {"sf-x": "2500.00"}, "approved": {"sf-x": "3300"}},
    ).execute()
    table = re.search(r'<div class="evidence.*?</table>', at_work.get(f"/staff/jobs/{stuck.id}").text, re.S)
    assert re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", table[0])).strip() == (
        "WHMCS order 981 WHMCS client 4711 What Approved There is sf-x ¥3,300 ¥2,500 (differs)"
    )


def test_it_shows_evidence_that_it_does_not_know_as_it_is(at_work, stuck):
    Job.update(evidence={"of_another_version": "<b>"}).execute()
    assert "&#34;of_another_version&#34;: &#34;&lt;b&gt;&#34;" in at_work.get(f"/staff/jobs/{stuck.id}").text


def test_it_shows_a_sign_up(at_work, sara):
    job, _new = Job.make("signup", str(sara.id), user=sara.id, source="console", state="needs_customer", error_code="customer_number")
    told = _text(at_work.get(f"/staff/jobs/{job.id}"))
    assert "Sign-up" in told
    assert "Waiting for customer" in told


def test_it_knows_no_such_job(at_work):
    assert at_work.get("/staff/jobs/999").status_code == 404
    assert at_work.get("/staff/jobs/nonsense").status_code == 404
    assert at_work.post("/staff/jobs/999/retry").status_code == 404


def test_it_retries(at_work, support, stuck):
    at_work.get(f"/staff/jobs/{stuck.id}")
    answer = at_work.post(f"/staff/jobs/{stuck.id}/retry", {"reason": "client linked again"})
    assert (answer.status_code, answer.location) == (303, f"/staff/jobs/{stuck.id}")
    assert Job.get_by_id(stuck.id).state == "queued"
    entry = AuditEntry.get()
    assert (entry.actor, entry.reason, len(entry.correlation_id)) == (f"user:{support.id}", "client linked again", 36)
    told = _text(at_work.get(f"/staff/jobs/{stuck.id}"))
    assert f"{support.name} · client linked again" in told
    assert "Retry asked for" in told


@pytest.mark.parametrize(("state", "says"), [("running", "This job is running now"), ("succeeded", "This job cannot be retried")])
def test_it_refuses_a_retry_in_words(at_work, stuck, state, says):
    at_work.get(f"/staff/jobs/{stuck.id}")
    Job.update(state=state, lease_until=clock.after(60)).execute()
    answer = at_work.post(f"/staff/jobs/{stuck.id}/retry")
    assert answer.status_code == 409
    assert says in _text(answer)
    assert not AuditEntry.select().exists()


@pytest.mark.parametrize("state", ["running", "queued", "succeeded", "needs_customer", "skipped"])
def test_it_offers_a_retry_only_where_it_helps(at_work, sara, state):
    job = jobs.job(sara, state, number=3)
    assert "/retry" not in at_work.get(f"/staff/jobs/{job.id}").text


def test_it_lets_no_viewer_retry(viewer, stuck):
    assert "/retry" not in viewer.get(f"/staff/jobs/{stuck.id}").text
    assert viewer.post(f"/staff/jobs/{stuck.id}/retry").status_code == 403
    assert Job.get_by_id(stuck.id).state == "needs_attention"


def test_it_is_for_staff_only(browser, at_home, stuck):
    for path in ("/staff", "/staff/jobs", f"/staff/jobs/{stuck.id}"):
        assert browser.get(path).location.startswith("/login?next=")
        assert at_home.get(path).status_code == 403
    assert at_home.post(f"/staff/jobs/{stuck.id}/retry").status_code == 403


def test_it_takes_no_retry_without_the_forms_token(at_work, stuck):
    assert at_work.client.post(f"/staff/jobs/{stuck.id}/retry").status_code == 400
    assert Job.get_by_id(stuck.id).state == "needs_attention"


def test_it_changes_nothing_by_looking(at_work, stuck, app):
    at_work.get("/staff/jobs")
    with counted(app.extensions["console"].database) as queries:
        at_work.get("/staff/jobs")
        at_work.get(f"/staff/jobs/{stuck.id}")
    assert not [sql for sql, _values in queries if not sql.startswith("SELECT")]
