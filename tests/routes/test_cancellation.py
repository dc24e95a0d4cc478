"""Cancelling an order on its pages: asked once more, done, or told that it is too late."""

from __future__ import annotations

import pytest

from console.models import Job, JobStep, Order, OutboxMessage, User
from tests.support import jobs
from tests.support.web import Browser


@pytest.fixture
def order(at_home: Browser, customer: User) -> Order:
    return jobs.order(customer)


def address(order: Order) -> str:
    return f"/orders/{order.sf_order_id}"


def cancellation(order: Order) -> str:
    return f"{address(order)}/cancellation"


def begin(order: Order) -> None:
    """The first effect is under way."""
    job, _new = Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id, state="running")
    JobStep.put(job, "esim", "line", state="started")


def test_it_is_offered_asked_once_more_and_done(at_home: Browser, order: Order) -> None:
    assert f'href="{cancellation(order)}"' in at_home.get(address(order)).text
    asked = at_home.get(cancellation(order)).text
    assert "Cancel this order?" in asked
    assert order.lines[0]["name"] in asked
    assert Order.get_by_id(order.id).state == "placed"

    answer = at_home.post(cancellation(order))
    assert (answer.status_code, answer.location) == (303, address(order))
    page = at_home.get(address(order)).text
    assert "This order was cancelled" in page
    assert 'data-status="cancelled"' in page
    assert "hx-get" not in page
    assert cancellation(order) not in page
    assert [row.template for row in OutboxMessage.select().where(OutboxMessage.kind == "mail")] == ["order_cancelled"]


def test_it_is_done_once_however_often_it_is_sent(at_home: Browser, order: Order) -> None:
    at_home.get(cancellation(order))
    assert {at_home.post(cancellation(order)).status_code for _ in range(3)} == {303}
    assert OutboxMessage.select().where(OutboxMessage.kind == "mail").count() == 1
    assert "nothing to cancel any more" in at_home.get(cancellation(order)).text


def test_it_says_that_it_is_too_late_and_what_to_do(at_home: Browser, order: Order) -> None:
    at_home.get(cancellation(order))  # the page is open while the work begins
    begin(order)
    answer = at_home.post(cancellation(order))
    assert answer.status_code == 409
    assert "It is too late to cancel" in answer.text
    assert f'href="{address(order)}/support?topic=cancel"' in answer.text
    assert Order.get_by_id(order.id).state == "placed"
    assert cancellation(order) not in at_home.get(address(order)).text
    assert at_home.get(cancellation(order)).status_code == 200


def test_it_tells_of_an_order_that_has_ended(at_home: Browser, order: Order) -> None:
    Order.update(state="completed").execute()
    answer = at_home.post(cancellation(order))
    assert answer.status_code == 409
    assert "Your order is complete" in answer.text
