"""What a customer reads of an order in every state of its job and of itself, and what staff read of why it stands still."""

from datetime import timedelta
from itertools import product

import pytest
import time_machine

from console import clock
from console.models import Job, Order
from console.models.job import STATES
from console.services.explaining import OrderStatus, status_of, why
from tests.support import jobs

pytestmark = pytest.mark.usefixtures("database")

# the table of states: job (none: waiting for review) → status, who must act
TOLD = {
    None: ("acknowledged", "us"),
    "queued": ("in_progress", "us"),
    "running": ("in_progress", "us"),
    "waiting": ("in_progress", "us"),
    "retry_wait": ("in_progress", "us"),
    "held": ("held", "us"),
    "needs_customer": ("pending", "you"),
    "needs_attention": ("failed", "us"),
    "succeeded": ("completed", "nobody"),
    "cancelled": ("cancelled", "nobody"),
    "skipped": ("acknowledged", "us"),
}
# an order that has ended by itself says so, whatever its job does
ENDED = {"completed": "completed", "rejected": "cancelled", "cancelled": "cancelled", "failed": "cancelled"}
WORDS = {
    "acknowledged": "Received", "in_progress": "In progress", "held": "On hold", "pending": "Action needed from you",
    "failed": "Delayed", "completed": "Completed",
}  # fmt: skip


def told(order_state: str, job_state: str | None, error_code: str = "", *steps: str) -> OrderStatus:
    user = jobs.customer()
    order = jobs.order(user)
    Order.update(state=order_state).where(Order.id == order.id).execute()
    if job_state:
        number = int(order.order_number)
        job = jobs.job(user, job_state, number, placed=False, error_code=error_code)
        for step in steps:
            jobs.stepped(job, step, iccid="8981000000000004821")
    return status_of(Order.get_by_id(order.id))


def test_it_promises_no_line_before_the_installation() -> None:
    user = jobs.customer()
    order = jobs.order(user)
    lines = [*order.lines, {"item_class": "Installation"}]
    for state, word in (("placed", ("Ready for the installation", "todo")), ("completed", ("Ready for the installation", "done"))):
        Order.update(lines=lines, state=state).where(Order.id == order.id).execute()
        status = status_of(Order.get_by_id(order.id))
        assert states(status)[-1] == word
    assert (status.headline, status.message.split(".")[0]) == ("Your order is in billing", "We contact you about the installation date")


def states(status: OrderStatus) -> list[tuple[str, str]]:
    return [(milestone.title, milestone.state) for milestone in status.milestones]


def test_it_knows_every_state() -> None:
    assert set(TOLD) == {None, *STATES}


@pytest.mark.parametrize("job_state", TOLD)
def test_it_tells_a_placed_order_by_its_job(job_state: str | None) -> None:
    status = told("placed", job_state)
    assert (status.status, status.actor) == TOLD[job_state]
    assert status.word == WORDS.get(status.status, "Cancelled")
    assert status.settled == (status.status in {"completed", "cancelled"})


@pytest.mark.parametrize(("order_state", "job_state"), list(product(ENDED, TOLD)))
def test_it_tells_an_order_that_has_ended_by_itself(order_state: str, job_state: str | None) -> None:
    status = told(order_state, job_state)
    assert (status.status, status.actor) == (ENDED[order_state], "nobody")
    assert status.settled


@pytest.mark.parametrize(("order_state", "job_state"), list(product(["placing", "placed", *ENDED], TOLD)))
def test_it_asks_again_until_it_is_settled(order_state: str, job_state: str | None) -> None:
    status = told(order_state, job_state)
    assert (status.poll_s == 0) == status.settled
    assert (status.resume_url != "") == (status.status == "pending")
    if status.status == "failed":
        assert status.poll_s == 60
    if status.actor == "us" and order_state != "placing":
        assert "here is nothing for you to do" in status.message


def test_it_says_that_an_order_is_still_being_placed() -> None:
    assert told("placing", None).word == "Being placed"


@pytest.mark.parametrize(
    ("order_state", "job_state", "code", "word"),
    [
        ("rejected", None, "", "Not approved"), ("placed", "cancelled", "rejected", "Not approved"), ("cancelled", None, "", "Cancelled"),
        ("cancelled", "cancelled", "rejected", "Cancelled"), ("failed", None, "", "Not placed"),
    ],
)  # fmt: skip
def test_it_says_how_an_order_ended(order_state: str, job_state: str | None, code: str, word: str) -> None:
    status = told(order_state, job_state, code)
    assert status.word == word
    assert states(status) == [("Order received", "done"), (word, "ended")]


def test_it_lists_what_was_reached_before_an_order_was_cancelled() -> None:
    status = told("cancelled", "cancelled", "", "payment_method")
    assert [title for title, _state in states(status)] == ["Order received", "Approved", "Payment method checked", "Cancelled"]


def test_it_lists_what_is_under_way_and_still_to_come() -> None:
    assert states(told("placed", "running", "", "payment_method")) == [
        ("Order received", "done"), ("Approved", "done"), ("Payment method checked", "done"), ("Setting up your eSIM", "current"),
        ("Billing set-up", "todo"), ("Ready to use", "todo"),
    ]  # fmt: skip


def test_it_marks_everything_once_complete() -> None:
    status = told("completed", "succeeded", "", "payment_method", "esim_profile", "accept_order", "salesforce")
    assert {state for _title, state in states(status)} == {"done"}
    assert status.iccids == ("8981000000000004821",)


@pytest.mark.parametrize(
    ("job_state", "mark", "text"),
    [
        ("running", "current", "Your network profile is being made"), ("needs_attention", "problem", "Our team is looking at it"),
        ("held", "current", "until it is available again"),
    ],
)  # fmt: skip
def test_it_says_what_the_wait_is_for(job_state: str, mark: str, text: str) -> None:
    here = told("placed", job_state, "", "payment_method").milestones[3]
    assert (here.key, here.state) == ("esim", mark)
    assert text in here.text


def test_it_tells_a_hold_of_our_team_from_a_system_that_is_down() -> None:
    order = jobs.order(jobs.customer())
    job = jobs.job(state="held", number=int(order.order_number), held_by="mobile")
    assert "not available now" in status_of(order).message
    Job.update(held_by="staff").where(Job.id == job.id).execute()
    assert "Our team checks something first" in status_of(order).message


def test_it_names_what_the_customer_has_to_do() -> None:
    status = told("placed", "needs_customer", "payment_method")
    assert ("Payment method needed", "you") in states(status)


def test_it_changes_its_version_with_what_it_shows() -> None:
    order = jobs.order(jobs.customer())
    before = status_of(order).version
    assert status_of(order).version == before
    Job.make("provision", order.sf_order_id, sf_order_id=order.sf_order_id)
    assert status_of(order).version != before


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "running"}, ""),
        ({"error_code": "order_changed"}, "changed in Salesforce"),
        ({"error_class": "retryable", "error_code": "refused", "attempt": 12}, "eSIM did not get through (refused) in 12 tries"),
        ({"state": "retry_wait", "error_class": "retryable", "error_code": "refused", "attempt": 1}, "tried again by itself"),
        ({"error_class": "config", "error_code": "permissionDenied"}, "Our access was refused at eSIM (permissionDenied)"),
        ({"error_code": "unheard_of"}, "unheard_of"),
    ],
)
def test_it_tells_staff_why_a_job_stands_still(values: dict[str, object], said: str) -> None:
    job = jobs.job(**{"state": "needs_attention", "current_step": "esim"} | values)
    assert why(job) == said if not said else said in why(job)


@pytest.mark.parametrize(("job_state", "soon", "later"), [("running", 2, 10), ("held", 10, 45), (None, 5, 60), ("needs_customer", 5, 30)])
def test_a_page_asks_less_often_of_what_has_stood_so_for_a_while(job_state: str | None, soon: int, later: int) -> None:
    assert told("placed", job_state).poll_s == soon
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        assert status_of(Order.get()).poll_s == later
