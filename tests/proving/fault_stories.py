"""What is going on when a call meets a fault: an order, a sign-up, a checkout, a wish, a mail, each carried on until it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from console import clock, log
from console.models import BillingChange, Cart, Job, JobStep, Order, OutboxMessage, UpstreamState, User
from console.services import billing_changes, cancelling, catalog, mailing, ordering, retrying
from console.services.provisioning import activation, engine, write_back
from console.services.provisioning.plans import PLANS
from console.services.provisioning.receiving import ensure_jobs
from console.services.provisioning.sweeping import sweep
from console.services.quoting import quote
from console.wiring import Console
from tests.proving import faults, truths, wishes
from tests.proving.faults import ADOPTED, HELD, ITSELF, NOBODY
from tests.support import desk, ordered
from tests.support.processes import eventually
from tests.support.sandbox import Control, Running

TRIES = 10
_people = count()


class Story:
    """A job from its first run to its end, run by run, due or not."""

    def __init__(self, console: Console, sandbox: Running) -> None:
        self.console, self.sandbox = console, sandbox
        self.control: Control = sandbox.control
        self.twist: Callable[[Provisioned], None] | None = None

    def prepare(self) -> None:
        raise NotImplementedError

    def end(self) -> str:
        raise NotImplementedError

    def broken(self) -> Iterator[str]:
        raise NotImplementedError


class Provisioned(Story):
    """An approved order of one eSIM."""

    def prepare(self) -> None:
        user, self.link = ordered.customer(self.console, self.sandbox)
        self.order_id = str(ordered.place(self.console, user, self.link).sf_order_id)
        self.control.approve(self.order_id)
        [self.job_id] = ensure_jobs([self.order_id], "stream")

    def end(self) -> str:
        ends = [self._run()]
        if self.twist:
            self.twist(self)
        while ends[-1] not in {"succeeded", "needs_attention"} and len(ends) < TRIES:
            ends.append(self._run())
        if ends[-1] == "needs_attention":
            return self._by_staff()
        return _told(ends, self.job_id) if ends[-1] == "succeeded" else ends[-1]

    def _run(self) -> str:
        """As the worker does it, without the waiting; the job's state after it."""
        UpstreamState.update(probe_at=clock.after(-1)).execute()
        sweep(self.console.policy)
        Job.update(next_run_at=clock.after(-1)).where(Job.id == self.job_id).execute()
        kind = Job.get_by_id(self.job_id).kind
        engine.run(self.job_id, PLANS[kind], self.console.upstreams, self.console.policy, "worker:test")
        for message_id in OutboxMessage.due(0):
            if OutboxMessage.get_by_id(message_id).kind == "sf_status":
                write_back.send_status(message_id, self.console.upstreams, self.console.policy, "worker:test")
        return str(Job.get_by_id(self.job_id).state)

    def _by_staff(self) -> str:
        job = Job.get_by_id(self.job_id)
        if self.twist:  # a retry alone mends nothing here
            return faults.staff(job.error_code) if job.evidence else "no evidence"
        retrying.retry(job, "user:1")
        ended = [self._run() for _ in range(TRIES // 2)][-1]
        return faults.staff(job.error_code) if ended == "succeeded" else f"{ended} after staff's retry of {job.error_code}"

    def broken(self) -> Iterator[str]:
        found = self.control.truth(self.order_id)
        if self.twist:
            if found["orders"][0]["salesforce"]["Activation_Status__c"] != "Activating":
                yield "it went on in spite of the contradiction"
            return
        yield from truths.broken(found["orders"][0], truths.mobile_products(self.sandbox))
        yield from truths.unclaimed(found)


def _told(ends: list[str], job_id: int) -> str:
    """In the table's words: how the job came to its good end."""
    adopted = JobStep.select().where((JobStep.job == job_id) & (JobStep.state == "adopted")).exists()
    return HELD if "held" in ends else ADOPTED if adopted else ITSELF


class SignedUp(Provisioned):
    """A confirmed person whose account is being made."""

    def prepare(self) -> None:
        number = 2001 + next(_people) % 40
        names = {"first_name": "Person", "last_name": "Number"}
        email, link = f"person{number}.{next(_people)}@home.example", f"SF-{number}"
        self.user = User.create(email=email, password_hash="none", sf_number=link, confirmed_at=clock.now(), **names)
        job, _made = Job.make("signup", str(self.user.id), user=self.user.id, source="console")
        self.job_id = job.id

    def broken(self) -> Iterator[str]:
        yield from truths.unclaimed(self.control.truth("801000000000000AAA"))
        client = self.console.upstreams.whmcs.client_by_email(self.user.email)
        if client is None or client.customer_number != self.user.sf_number:
            yield "no client with the customer number"


class Billed(Provisioned):
    """A customer whose changed address goes to billing."""

    def prepare(self) -> None:
        user, self.link = ordered.customer(self.console, self.sandbox)
        self.city = f"大阪市{user.id}区"
        self.job_id = billing_changes.keep(self.link, {"city": self.city})

    def broken(self) -> Iterator[str]:
        if self.console.upstreams.whmcs.client(self.link.whmcs_client_id).address.city != self.city:
            yield "billing has another address"
        if BillingChange.of(self.link.user_id):
            yield "the change is still kept here"


class Moved(Provisioned):
    """A customer whose confirmed new e-mail goes to billing and to a Case; both addresses are written to."""

    def prepare(self) -> None:
        self.move = wishes.move(self.console, self.sandbox)
        self.deliver()
        self.job_id = self.move.confirm()

    def deliver(self) -> None:
        """What waits to be sent to this person, due or not."""
        mine = (OutboxMessage.user == self.move.user.id) & (OutboxMessage.state == "due")
        OutboxMessage.update(next_try_at=clock.after(-1)).where(mine).execute()
        for message in list(OutboxMessage.select().where(mine)):
            mailing.deliver(message.id, self.console.upstreams, self.console.policy)

    def broken(self) -> Iterator[str]:
        self.deliver()
        yield from self.move.broken()


class MovedTold(Moved):
    """The mails about it, once all is changed."""

    def prepare(self) -> None:
        super().prepare()
        self._run()

    def end(self) -> str:
        for _ in range(TRIES):
            self.deliver()
        said = [row.error_code for row in self._mails() if row.state == "failed"]
        return faults.staff(said[0]) if said else ITSELF

    def _mails(self) -> list[OutboxMessage]:
        """Both, in the order in which they were left."""
        mine = (OutboxMessage.user == self.move.user.id) & (OutboxMessage.template != "email_confirm")
        return list(OutboxMessage.select().where(mine).order_by(OutboxMessage.id))

    def broken(self) -> Iterator[str]:
        """Each once at its own address, twice with one Message-ID where the first send's outcome was unknown, not at all when refused."""
        for mail, address in zip(self._mails(), (self.move.address, self.move.former), strict=True):
            came = wishes.came_to(self.sandbox, address)[mail.message_id]
            if (came > 0) != (mail.state == "sent") or came > mail.fence:
                yield f"{mail.template} is {mail.state} and came {came} times"


class Asked(Provisioned):
    """A question about an order, for our support."""

    def prepare(self) -> None:
        user, link = ordered.customer(self.console, self.sandbox)
        order = ordered.place(self.console, user, link)
        self.order_id, asked = order.sf_order_id, wishes.ask(user, order)
        self.request, [self.job_id] = asked.request, asked.jobs

    def broken(self) -> Iterator[str]:
        yield from wishes.question_broken(self.sandbox, self.request, self.order_id)


class Placed(Story):
    """A checkout, and the worker that finishes what the page could not."""

    def prepare(self) -> None:
        self.user, self.link = ordered.customer(self.console, self.sandbox)
        self.cart = Cart.of(self.user.id)
        self.cart.choose([dict(line) for line in ordered.ESIM])

    def end(self) -> str:
        upstreams, policy = self.console.upstreams, self.console.policy
        priced = quote(catalog.fresh(upstreams), self.cart.lines)
        shown = ordering.Shown(priced.today, priced.monthly)
        with log.correlated() as self.correlation_id:
            order = ordering.place(upstreams, policy, self.user, self.link, self.cart.checkout_id, shown)
        for _ in range(TRIES):
            if order.state != "placing":
                break
            ordering.finish_placing(upstreams, policy, order)
            order = ordering.reread(order)
        self.key = order.idem_key
        return {"placed": self._placed(), "failed": NOBODY}.get(order.state, order.state)

    def _placed(self) -> str:
        """Adopted when the one call that there was had no good answer."""
        [first, *others] = eventually(self._trees)  # a call that is held is told of when it ends
        return ADOPTED if not others and first["fault"] not in {None, "slow"} else ITSELF

    def _trees(self) -> list[dict[str, Any]]:
        calls = self.control.calls("salesforce")
        return [call for call in calls if (call["operation"], call["correlation_id"]) == ("tree", self.correlation_id)]

    def broken(self) -> Iterator[str]:
        """Our row says what Salesforce has."""
        found, order = self.console.upstreams.salesforce.order_by_key(self.key), Order.keyed(self.key)
        if order is None or (found.order_id if found else None) != order.sf_order_id:
            yield f"Salesforce has {found.order_id if found else 'nothing'}, we have {order.sf_order_id if order else 'nothing'}"


class Cancelled(Story):
    """An order that its customer cancels, of which Salesforce is to be told."""

    def prepare(self) -> None:
        order = ordered.place(self.console, *ordered.customer(self.console, self.sandbox))
        self.order_id = str(order.sf_order_id)
        cancelling.cancel(self.console.policy, order)

    def end(self) -> str:
        eventually(self._told, what="Salesforce is told")
        return ITSELF

    def _told(self) -> bool:
        """Whether a try, due or not, was the last one that is needed."""
        mine = (OutboxMessage.kind == "sf_status") & (OutboxMessage.sf_order_id == self.order_id)
        OutboxMessage.update(next_try_at=clock.after(-1)).where(mine).execute()
        write_back.send_status(OutboxMessage.get(mine).id, self.console.upstreams, self.console.policy, "worker:test")
        return OutboxMessage.get(mine).state == "sent"

    def broken(self) -> Iterator[str]:
        found = ordered.truth(self.control, self.order_id)["salesforce"]
        if (found["Status"], found["Provisioning_Status__c"]) != ("Cancelled", "Cancelled"):
            yield f"Salesforce says {found['Status']}, {found['Provisioning_Status__c']}"


class Mailed(Story):
    """The first mail about an order."""

    def prepare(self) -> None:
        order = ordered.place(self.console, *ordered.customer(self.console, self.sandbox))
        self.order_id = order.sf_order_id
        self.mail = OutboxMessage.get(OutboxMessage.template == "order_received", OutboxMessage.sf_order_id == self.order_id)

    def end(self) -> str:
        for _ in range(TRIES):
            OutboxMessage.update(next_try_at=clock.after(-1)).where(OutboxMessage.id == self.mail.id).execute()
            mailing.deliver(self.mail.id, self.console.upstreams, self.console.policy)
            self.mail = OutboxMessage.get_by_id(self.mail.id)
            if self.mail.state != "due":
                break
        return ITSELF if self.mail.state == "sent" else faults.staff(self.mail.error_code)

    def broken(self) -> Iterator[str]:
        """Twice at most, and then with one Message-ID."""
        came = [mail["message_id"] for mail in ordered.truth(self.control, self.order_id)["mails"]]
        if self.mail.state == "sent" and not came or set(came) - {self.mail.message_id} or len(came) > self.mail.fence:
            yield f"{len(came)} mails came, with {len(set(came))} Message-IDs"


def _second_order(story: Provisioned, dearer: int = 0) -> None:
    desk.add_order(story.console, story.link, Job.get_by_id(story.job_id), dearer=dearer)


def _dearer_order(story: Provisioned) -> None:
    _second_order(story, dearer=100)


def _second_esim(story: Provisioned, plan: str = "") -> None:
    """Ordered by somebody with our mark, but not with our key."""
    [item] = [line for line in Job.get_by_id(story.job_id).snapshot["lines"] if line["plan"]]
    user = JobStep.get((JobStep.job == story.job_id) & (JobStep.name == "mobile_user")).upstream_ref
    key = activation.op_key(item["item_id"])
    story.console.upstreams.mobile.activate(key, user_ref=user, plan_code=plan or item["plan"], send_key=f"{key}-again")


def _other_esim(story: Provisioned) -> None:
    _second_esim(story, "pln_jp20")


# the fault that leaves the outcome unknown, and what somebody does before the look-up
BY_HAND = {"twin": "error_after", "other": "error_before"}
TWISTS = {
    ("AddOrder", "twin"): _second_order,
    ("AddOrder", "other"): _dearer_order,
    ("POST subscriptions", "twin"): _second_esim,
    ("POST subscriptions", "other"): _other_esim,
}
STORIES: dict[str, type[Story]] = {
    "provision": Provisioned, "place": Placed, "cancel": Cancelled, "signup": SignedUp, "billing": Billed, "email": Moved,
    "email_told": MovedTold, "case": Asked, "mail": Mailed,
}  # fmt: skip
