"""The page of incidents: what holds jobs now, and what did."""

from console.models import UpstreamState
from tests.support import jobs
from tests.support.web import Browser, make_person


def test_it_shows_what_holds_jobs(at_work):
    UpstreamState.trip("whmcs", "down", "refused", 60)
    job = jobs.job(jobs.customer(), "held", held_by="whmcs")
    page = at_work.get(f"/staff/jobs/{job.id}")
    assert "WHMCS cannot be reached since" in page.text
    assert page.text.count('href="/staff/incidents"') == 2, "in the menu and beside the reason"
    listed = at_work.get("/staff/incidents").text
    assert all(part in listed for part in ("WHMCS", "cannot be reached", "refused", '<a href="/staff/jobs?tab=held">1</a>'))


def test_it_says_when_there_was_none(at_work):
    assert "No incident yet" in at_work.get("/staff/incidents").text


def test_a_viewer_may_read_it(app):
    browser = Browser.of(app)
    browser.log_in(make_person("viewer@example.com", role="viewer"))
    assert browser.get("/staff/incidents").status_code == 200
