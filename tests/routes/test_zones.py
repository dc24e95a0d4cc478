"""Whose clock a page tells times by."""

from datetime import UTC, datetime

import pytest

from console import clock, zones
from console.models import Order, User
from tests.support import jobs
from tests.support.web import Browser

MOMENT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)  # 22 November, 5:30 in Tokyo; 21 November, 15:30 in New York


def _placed(person: User) -> Order:
    row = jobs.order(person)
    Order.update(created_at=MOMENT).where(Order.id == row.id).execute()
    return row


def test_times_are_told_by_the_clock_of_the_person(at_home: Browser, customer: User) -> None:
    _placed(customer)
    assert "22 Nov 2026, 05:30" in at_home.get("/orders").text
    answer = at_home.post("/account/profile", {"first_name": "Aiko", "last_name": "Tanaka", "language": "en", "zone": "America/New_York"})
    assert answer.headers["Location"] == "/account?saved=1"
    assert "21 Nov 2026, 15:30" in at_home.get("/orders").text


def test_one_request_never_tells_the_clock_of_another(at_home: Browser, at_work: Browser, customer: User) -> None:
    User.update(zone="America/New_York").where(User.id == customer.id).execute()
    at_home.get("/orders")
    assert "Times are in Japan Time." in at_work.get(f"/staff/jobs/{jobs.job(customer).id}").text


def test_staff_have_a_clock_of_their_own(at_work: Browser, customer: User) -> None:
    page = f"/staff/jobs/{jobs.job(customer).id}"
    assert at_work.post("/account/security/zone", {"zone": "Europe/Berlin"}).headers["Location"] == "/account/security?saved=zone"
    assert '<option selected value="Europe/Berlin">' in at_work.get("/account/security").text
    assert "Times are in Germany (Berlin) Time." in at_work.get(page).text
    at_work.post("/language", {"language": "ja"})
    assert "時刻はドイツ（ベルリン）時間です。" in at_work.get(page).text


@pytest.mark.parametrize("unknown", ["", "Mars/Olympus", "../../etc/passwd", "asia/tokyo", "Asia/Tokyo\n", "<script>"])
def test_an_unknown_zone_changes_nothing(at_work: Browser, support: User, unknown: str) -> None:
    answer = at_work.post("/account/security/zone", {"zone": unknown})
    assert answer.status_code == 422
    assert 'id="zone-error"' in answer.text
    assert User.get_by_id(support.id).zone == zones.HOME


def test_a_zone_that_this_machine_does_not_know_is_read_as_ours(at_home: Browser, customer: User) -> None:
    _placed(customer)
    User.update(zone="Moon/Tranquility").where(User.id == customer.id).execute()
    assert "22 Nov 2026, 05:30" in at_home.get("/orders").text
    assert at_home.get("/account").status_code == 200


def test_every_zone_on_offer_is_one_that_python_knows() -> None:
    for language in ("en", "ja"):
        keys = [key for key, _name in zones.names(language)]
        assert keys[0] == zones.HOME
        assert len(keys) == len(set(keys)) > 300
        for key in keys:
            with zones.use(key):
                assert zones.local(clock.now()).tzinfo.key == key  # type: ignore[union-attr]
