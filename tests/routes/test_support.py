"""Questions to our support: what is typed is kept, masked, once; what is wrong is said at its field."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from console import clock
from console.models import Job, Order, SupportRequest, User
from console.services.asking_support import LONGEST
from tests.support import jobs
from tests.support.web import Browser

FORM = re.compile(r'name="form_id"[^>]*value="([^"]+)"')
POLL = re.compile(r'hx-get="([^"]+)" hx-trigger="every (\d+)s"')


@pytest.fixture
def order(at_home: Browser, customer: User) -> Order:
    return jobs.order(customer)


def form_of(page: str) -> str:
    found = FORM.search(page)
    assert found
    return found[1]


def send(browser: Browser, path: str = "/support", form_id: str = "", **fields: str) -> tuple[int, str]:
    """Status, and where it leads or what it says."""
    form_id = form_id or form_of(browser.get(path).text)
    answer = browser.post(path, {"topic": "billing", "text": "Why?", "form_id": form_id, **fields})
    return answer.status_code, answer.location or answer.text


def test_it_is_received_at_once_with_a_reference(at_home: Browser, order: Order) -> None:
    path = f"/orders/{order.sf_order_id}/support"
    status, to = send(at_home, path, topic="change", text="Two please,\r\n4242 4242 4242 4242")
    row = SupportRequest.get()
    assert (status, to) == (303, f"/support/{row.id}")
    assert (row.order_id, row.topic, row.text, row.order_status) == (order.id, "change", "Two please,\n**** 4242", "acknowledged")
    page = at_home.get(to).text
    assert row.reference in page
    assert order.order_number in page
    assert "It follows in a moment" in page
    assert 'http-equiv="refresh"' in page
    assert Job.get().dedupe_key == f"case:{row.id}"


def test_a_second_click_and_the_back_button_make_one(at_home: Browser) -> None:
    form_id = form_of(at_home.get("/support").text)
    answers = {send(at_home, form_id=form_id, text=text) for text in ("Why?", "Why?", "Why else?")}
    assert answers == {(303, f"/support/{SupportRequest.get().id}")}
    assert SupportRequest.get().text == "Why?"


def test_two_tabs_make_two(at_home: Browser) -> None:
    first, second = form_of(at_home.get("/support").text), form_of(at_home.get("/support").text)
    assert send(at_home, form_id=first)[1] != send(at_home, form_id=second)[1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "This is needed."), ({"text": " \u3000\r\n "}, "This is needed."),
        ({"text": "x" * (LONGEST + 1)}, "At most 4000 characters."),
        ({"topic": ""}, "This is needed."), ({"topic": "progress"}, "Not a valid choice"), ({"topic": "'; --"}, "Not a valid choice"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_and_keeps_what_was_typed(at_home: Browser, fields: dict[str, str], said: str) -> None:
    status, page = send(at_home, **({"text": "Kept <b>&</b> shown 😀"} | fields))
    assert status == 422
    assert said in page
    assert 'aria-invalid="true"' in page
    if "text" not in fields:
        assert "Kept &lt;b&gt;&amp;&lt;/b&gt; shown 😀" in page
    assert SupportRequest.select().count() == 0


def test_it_keeps_the_forms_id_after_a_mistake(at_home: Browser) -> None:
    form_id = form_of(at_home.get("/support").text)
    _status, page = send(at_home, form_id=form_id, text="")
    assert form_of(page) == form_id


def test_an_id_that_no_form_had_is_refused(at_home: Browser) -> None:
    assert send(at_home, form_id="1' OR 1=1")[0] == 400
    assert send(at_home, form_id="x" * 300)[0] == 400
    assert SupportRequest.select().count() == 0


def test_it_shows_the_case_once_there_is_one(at_home: Browser) -> None:
    _status, to = send(at_home)
    poll = POLL.search(at_home.get(to).text)
    assert poll
    assert poll[2] == "3"
    assert at_home.fragment(poll[1]).status_code == 204
    SupportRequest.update(case_number="00001234").execute()
    shown = at_home.fragment(poll[1])
    assert "00001234" in shown.text
    assert "hx-get" not in shown.text
    assert "Case 00001234" in at_home.get("/support").text


def test_it_asks_less_often_when_it_takes_longer(at_home: Browser) -> None:
    _status, to = send(at_home)
    poll = POLL.search(at_home.get(to).text)
    assert poll
    SupportRequest.update(created_at=clock.after(-120)).execute()
    slower = POLL.search(at_home.fragment(poll[1]).text)
    assert slower
    assert slower[2] == "60"
    assert at_home.fragment(slower[1]).status_code == 204


def test_the_topic_may_stand_in_the_address(at_home: Browser, order: Order) -> None:
    assert re.search(r'<option selected[^>]*value="cancel"', at_home.get(f"/orders/{order.sf_order_id}/support?topic=cancel").text)
    assert not re.search(r"<option selected[^>]*value=\"(?!\")", at_home.get("/support?topic=cancel").text.replace('value=""', ""))


def test_a_person_may_ask_ten_times_an_hour(at_home: Browser) -> None:
    assert [send(at_home, form_id=str(uuid4()))[0] for _ in range(11)] == [303] * 10 + [429]
