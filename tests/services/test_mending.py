"""What staff mend is read upstream before it is believed, written down with its reason, and goes on without doubling anything."""

from __future__ import annotations

import pytest

from console import clock
from console.errors import Refused, UpstreamError
from console.models import AuditEntry, CustomerLink, Job, JobEvent, JobStep, Order, OutboxMessage, Subscription, User
from console.services import explaining
from console.services.provisioning import engine, mending, steering, write_back
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs
from console.services.retrying import retry
from console.wiring import Console
from tests.support import desk, ordered
from tests.support.sandbox import Control, Running

pytestmark = pytest.mark.sqlite
WHO = {"actor": "user:7", "reason": "looked at both systems"}


class Shop:
    """An approved order of one eSIM whose job ran into a fault, and what staff do about it."""

    def __init__(self, console: Console, sandbox: Running) -> None:
        self.console, self.sandbox, self.control = console, sandbox, sandbox.control
        self.user, self.link = ordered.customer(console, sandbox)
        self.order = ordered.place(console, self.user, self.link)
        self.control.approve(self.order.sf_order_id)
        [self.job_id] = ensure_jobs([self.order.sf_order_id], "stream")

    @property
    def job(self) -> Job:
        return Job.get_by_id(self.job_id)

    def stuck_at(self, upstream: str, operation: str, fault: str = "refuse", **more: int) -> None:
        """As after its last try."""
        self.control.fault(upstream, operation, fault, count=1, **more)
        assert self.run().state == "retry_wait"
        Job.update(state="needs_attention", attempt=12).where(Job.id == self.job_id).execute()

    def held(self) -> None:
        Job.update(state="retry_wait").where(Job.id == self.job_id).execute()
        self.steer("hold")
        AuditEntry.delete().execute()

    def run(self) -> Job:
        Job.update(next_run_at=clock.after(-1)).where(Job.id == self.job_id).execute()
        engine.run(self.job_id, PLANS["provision"], self.console.upstreams, self.console.policy, "worker:test")
        return self.job

    def mend(self, verb: str, *step: str, **more: str) -> None:
        getattr(mending, verb)(self.console.upstreams, self.console.policy, self.job, *step, **WHO | more)

    def steer(self, verb: str) -> None:
        getattr(steering, verb)(self.console.upstreams, self.console.policy, self.job, **WHO)

    def refused(self, verb: str, *step: str, **more: str) -> Refused:
        """And nothing has changed by it: the job is as it was, and nobody's."""
        before = self.job
        with pytest.raises(Refused) as refusal:
            self.mend(verb, *step, **more)
        after = self.job
        assert (after.state, after.error_code, after.lease_until) == (before.state, before.error_code, None)
        assert not AuditEntry.select().exists()
        return refusal.value

    def step(self, name: str, line: str = "") -> JobStep:
        return JobStep.get((JobStep.job == self.job_id) & (JobStep.name == name) & (JobStep.line == line))

    @property
    def line(self) -> str:
        return next(line["item_id"] for line in self.job.snapshot["lines"] if line["plan"])

    def tell(self) -> dict[str, str]:
        """Send the status that is wanted; what Salesforce holds then."""
        for message_id in OutboxMessage.due(0):
            if OutboxMessage.get_by_id(message_id).kind == "sf_status":
                write_back.send_status(message_id, self.console.upstreams, self.console.policy, "worker:test")
        return ordered.truth(self.control, self.order.sf_order_id)["salesforce"]


@pytest.fixture
def shop(console: Console, sandbox: Running, control: Control) -> Shop:
    return Shop(console, sandbox)


def test_it_adopts_what_the_look_up_finds(shop: Shop) -> None:
    shop.stuck_at("mobile", "POST subscriptions", "timeout_after", delay_ms=50)
    shop.mend("adopt", "esim", shop.line)
    assert (shop.step("esim", shop.line).state, shop.job.state) == ("adopted", "queued")
    assert shop.run().state == "succeeded"
    ordered.assert_exactly_once(shop.control, shop.order.sf_order_id)


def test_it_writes_down_who_adopted_what_and_why(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder", "timeout_after", delay_ms=50)
    shop.mend("adopt", "add_order", reason="asked sara@example.com")
    entry, event = AuditEntry.get(), JobEvent.get(JobEvent.what == "adopt")
    assert (entry.actor, entry.verb, entry.subject, entry.reason) == ("user:7", "adopt", f"job:{shop.job_id}", "asked [redacted]")
    assert (event.actor, event.detail) == ("user:7", f"add_order {shop.step('add_order').upstream_ref} · asked [redacted]")


def test_it_adopts_nothing_where_nothing_is(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    assert shop.refused("adopt", "add_order").code == "nothing_found"


def test_it_adopts_only_what_is_next(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    assert shop.refused("adopt", "accept_order").code == "no_such_step"
    assert shop.refused("adopt", "esim", shop.line).code == "no_such_step"
    assert shop.refused("adopt", "nonsense").code == "no_such_step"


def test_it_gives_the_job_back_when_the_upstream_is_down(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    shop.control.fault("whmcs", "GetClientsProducts", "refuse", count=9)
    with pytest.raises(UpstreamError):
        shop.mend("adopt", "add_order")
    assert (shop.job.state, shop.job.lease_until) == ("needs_attention", None)


def test_it_completes_with_the_order_that_staff_made(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    made = desk.add_order(shop.console, shop.link, shop.job)
    shop.mend("complete", "add_order", ref=f" {made} ")
    assert (shop.step("add_order").state, shop.step("add_order").upstream_ref, shop.job.attempt) == ("adopted", made, 0)
    assert shop.run().state == "succeeded"
    ordered.assert_exactly_once(shop.control, shop.order.sf_order_id)


def test_it_refuses_an_order_of_another_amount_with_the_evidence(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    made = desk.add_order(shop.console, shop.link, shop.job, dearer=1)
    refusal = shop.refused("complete", "add_order", ref=made)
    assert (refusal.code, refusal.detail["why"], refusal.detail["evidence"]["whmcs_order"]) == (
        "does_not_match",
        "amount_differs",
        int(made),
    )


def test_it_refuses_an_order_without_our_labels(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    assert (
        shop.refused("complete", "add_order", ref=desk.add_order(shop.console, shop.link, shop.job, marked=False)).code == "does_not_match"
    )


def test_it_refuses_a_cancelled_order(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    made = desk.add_order(shop.console, shop.link, shop.job)
    desk.cancel_order(shop.sandbox, made)
    assert shop.refused("complete", "add_order", ref=made).detail["why"] == "another_order"


def test_it_refuses_what_another_job_has(shop: Shop, console: Console, sandbox: Running) -> None:
    other = Shop(console, sandbox)
    other.run()
    shop.stuck_at("mobile", "POST subscriptions")
    theirs = other.step("esim", other.line).upstream_ref
    assert shop.refused("complete", "esim", shop.line, ref=theirs).detail["why"] == "belongs_to_another"
    JobStep.update(upstream_ref="lost").where(JobStep.upstream_ref == theirs).execute()
    assert shop.refused("complete", "esim", shop.line, ref=theirs).detail["why"] == "not_ours"


def test_it_completes_nothing_with_a_wrong_id(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder")
    for ref in ("999999", "abc", "", "1 OR 1", "٣"):
        assert shop.refused("complete", "add_order", ref=ref).code == "nothing_found", ref


def test_it_completes_an_acceptance_that_was_done_by_hand(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    made = shop.step("add_order").upstream_ref
    assert shop.refused("complete", "accept_order", ref=made).code == "nothing_found", "it is Pending"
    shop.console.upstreams.whmcs.accept_order(int(made))
    assert shop.refused("complete", "accept_order", ref="1").detail["why"] == "another_order"
    shop.mend("complete", "accept_order", ref=made)
    assert shop.run().state == "succeeded"
    assert [one["status"] for one in ordered.truth(shop.control, shop.order.sf_order_id)["whmcs"]] == ["Active"]


def test_it_leaves_held_what_people_hold(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder", "timeout_after", delay_ms=50)
    shop.held()
    shop.mend("adopt", "add_order")
    assert (shop.job.state, shop.job.held_by) == ("held", "staff")
    shop.steer("release")
    assert shop.run().state == "succeeded"


def test_it_undoes_only_what_is_gone(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    assert shop.refused("undo", "add_order").code == "still_there"
    assert shop.refused("undo", "esim", shop.line).code == "still_there"
    assert shop.refused("undo", "accept_order").code == "no_such_step"


def test_it_makes_a_cancelled_order_anew_after_it_was_undone(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    first = shop.step("add_order").upstream_ref
    desk.cancel_order(shop.sandbox, first)
    shop.mend("undo", "add_order")
    undone = shop.step("add_order")
    assert (undone.state, undone.sends, undone.upstream_ref, shop.job.state) == ("undone", 0, "", "needs_attention")
    assert shop.step("match_services").state == "undone"
    assert shop.step("esim_profile", shop.line).state == "done"
    retry(shop.job, "user:7")
    assert shop.run().state == "succeeded"
    found = ordered.truth(shop.control, shop.order.sf_order_id)
    assert {str(one["order_id"]): one["status"] for one in found["whmcs"]} == {
        first: "Cancelled",
        shop.step("add_order").upstream_ref: "Active",
    }
    assert (shop.step("add_order").sends, len(found["mobile"])) == (1, 1)


def test_it_makes_an_ended_esim_anew_after_it_was_undone(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    first = shop.step("esim", shop.line).upstream_ref
    desk.end_subscription(shop.sandbox, first)
    shop.mend("undo", "esim", shop.line)
    assert not Subscription.select().where(Subscription.sf_item_id == shop.line).exists()
    assert shop.step("add_order").state == "done"
    retry(shop.job, "user:7")
    assert shop.run().state == "succeeded"
    found = ordered.truth(shop.control, shop.order.sf_order_id)
    assert sorted(one["status"] for one in found["mobile"]) == ["ended", "pending"]
    [living] = [one for one in found["mobile"] if one["status"] == "pending"]
    assert (living["subscription_id"] != first, found["salesforce"]["ESIM_ICCID__c"]) == (True, living["iccid"])
    assert living["iccid"] in str(found["whmcs"][0]["services"])
    assert Subscription.get(Subscription.sf_item_id == shop.line).iccid == living["iccid"]


def test_it_finds_the_second_esim_after_its_answer_was_lost(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    desk.end_subscription(shop.sandbox, shop.step("esim", shop.line).upstream_ref)
    shop.mend("undo", "esim", shop.line)
    retry(shop.job, "user:7")
    shop.control.fault("mobile", "POST subscriptions", "timeout_after", count=1, delay_ms=50)
    assert shop.run().state == "retry_wait"
    assert shop.run().state == "succeeded"
    assert shop.step("esim", shop.line).state == "adopted"


def test_it_lets_a_lost_call_settle_before_it_is_undone(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AddOrder", "timeout_after", delay_ms=50)
    shop.held()
    JobStep.update(unsure_at=clock.after(60)).where(JobStep.name == "add_order").execute()
    assert shop.refused("undo", "add_order").code == "settling"


def test_it_cancels_once_everything_is_undone(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    with pytest.raises(Refused) as left:
        shop.steer("cancel")
    assert (left.value.code, left.value.detail["effects"]) == ("effects_left", [f"esim {shop.line}", "add_order", "accept_order"])
    desk.cancel_order(shop.sandbox, shop.step("add_order").upstream_ref)
    desk.end_subscription(shop.sandbox, shop.step("esim", shop.line).upstream_ref)
    shop.mend("undo", "add_order")
    shop.mend("undo", "esim", shop.line)
    shop.steer("cancel")
    order = Order.get_by_id(shop.order.id)
    assert (shop.job.state, order.state, explaining.status_of(order).status) == ("cancelled", "cancelled", "cancelled")
    told = shop.tell()
    assert (told["Provisioning_Status__c"], told["Activation_Status__c"]) == ("Cancelled", "Failed")
    assert [event.what for event in JobEvent.select().where(JobEvent.actor == "user:7")] == ["undo", "undo", "cancel"]


def test_it_keeps_the_snapshot_against_one_difference_only(shop: Shop) -> None:
    shop.stuck_at("whmcs", "AcceptOrder")
    _approved_was(shop, 1)
    retry(shop.job, "user:7")
    assert shop.run().error_code == "order_changed"
    shop.steer("keep")
    assert (shop.job.state, shop.job.evidence, shop.job.snapshot["lines"][0]["unit_price"]) == ("queued", None, 1)
    stopped = shop.run()
    assert stopped.state == "succeeded"
    _kept_was(shop, 2)
    Job.update(state="queued").where(Job.id == shop.job_id).execute()
    assert shop.run().error_code == "order_changed"


def _approved_was(shop: Shop, price: int) -> None:
    snapshot = shop.job.snapshot
    snapshot["lines"][0]["unit_price"] = price
    Job.update(snapshot=snapshot).where(Job.id == shop.job_id).execute()


def _kept_was(shop: Shop, price: int) -> None:
    snapshot = shop.job.snapshot
    snapshot["kept"][0]["unit_price"] = price
    Job.update(snapshot=snapshot).where(Job.id == shop.job_id).execute()


@pytest.fixture
def joining(console: Console, sandbox: Running) -> tuple[Job, CustomerLink, User]:
    """A sign-up that stopped before its WHMCS client; the client is there already."""
    user, link = ordered.customer(console, sandbox)
    job, _new = Job.make("signup", str(user.id), user=user.id, source="console", state="needs_attention", error_code="account_taken")
    JobStep.put(job, "link", "", state="done", finished_at=clock.now())
    return job, link, user


def test_it_completes_a_sign_up_with_the_persons_client_only(
    console: Console, sandbox: Running, joining: tuple[Job, CustomerLink, User]
) -> None:
    job, link, _user = joining
    _stranger, other = ordered.customer(console, sandbox)
    with pytest.raises(Refused) as refusal:
        mending.complete(console.upstreams, console.policy, job, "whmcs_client", ref=str(other.whmcs_client_id), **WHO)
    assert refusal.value.detail["why"] == "not_ours"
    mending.complete(console.upstreams, console.policy, job, "whmcs_client", ref=str(link.whmcs_client_id), **WHO)
    step = JobStep.get(JobStep.name == "whmcs_client")
    assert (step.state, step.upstream_ref, step.result, Job.get_by_id(job.id).state) == (
        "adopted", str(link.whmcs_client_id), {"user": link.whmcs_user_id, "number": link.sf_number}, "queued",
    )  # fmt: skip
