"""Why a job is held, in one sentence, and the list of incidents behind it."""

from __future__ import annotations

import re

import pytest

from console import clock
from console.models import Incident, Job, UpstreamState
from console.services import incidents
from console.services.explaining import why
from tests.support import jobs

pytestmark = pytest.mark.usefixtures("database")


def held(by: str, count: int = 1) -> Job:
    return [jobs.job(jobs.customer(), "held", held_by=by) for _ in range(count)][0]


@pytest.mark.parametrize(
    ("name", "kind", "code", "count", "says"),
    [
        ("whmcs", "down", "refused", 12, r"WHMCS cannot be reached since \d\d:\d\d \(refused\): 12 jobs wait and go on by themselves\."),
        ("salesforce", "down", "", 1, r"Salesforce cannot be reached since \d\d:\d\d: one job waits and goes on by itself\."),
        (
            "whmcs",
            "config",
            "invalid_ip",
            2,
            r"WHMCS refuses our access since .* 2 jobs wait\. Mend credentials, address or permission; .*",
        ),
        ("stock:pln_5", "stock", "no_sim", 1, r"pln_5 is out of eSIMs since .* one job waits\. Refill the stock; .*"),
    ],
)
def test_it_says_why_jobs_are_held(name: str, kind: str, code: str, count: int, says: str) -> None:
    UpstreamState.trip(name, kind, code, 60)
    assert re.fullmatch(says, why(held(name, count)))


def test_it_names_the_day_of_an_older_incident() -> None:
    UpstreamState.trip("mobile", "down", "refused", 60)
    Incident.update(started_at=clock.after(-3 * 86400)).execute()
    assert re.match(r"The mobile provider cannot be reached since \d{4}-\d\d-\d\d \d\d:\d\d \(refused\)", why(held("mobile")))


def test_it_says_who_holds_what_no_incident_does() -> None:
    assert why(held("staff")).startswith("Staff hold it.")
    assert why(held("whmcs")) == "WHMCS is back; it goes on in a moment."


def test_it_lists_the_open_ones_first() -> None:
    for name in ("salesforce", "whmcs", "mobile"):
        UpstreamState.trip(name, "down", "refused", 60)
    UpstreamState.count_held("mobile")
    held("mobile", 2)
    UpstreamState.close("whmcs")
    told = incidents.listed()
    assert [(one.name, bool(one.ended_at), one.held, one.now) for one in told] == [
        ("The mobile provider", False, 1, 2), ("Salesforce", False, 0, 0), ("WHMCS", True, 0, 0),
    ]  # fmt: skip
