"""What must be going on for a process to come by a boundary, and what must be true once another one has taken over."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from console import clock
from console.clients.whmcs import Address, NewClient
from console.models import BillingChange, InboxEvent, Job, Order, OutboxMessage, SupportRequest, User
from console.services import billing_changes, mailing
from tests.proving import busy, truths, wishes
from tests.proving.boundaries import Boundary
from tests.proving.stack import Stack
from tests.support import customers, ordered
from tests.support.processes import Process, eventually

DIES_S = 30
ENDS_S = 45
_accounts = count()


@dataclass
class Story:
    """An order from its approval to its end, while the worker dies. Others differ in what they override."""

    stack: Stack
    boundary: Boundary
    role = "worker"
    mails = 3  # order received, eSIM ready, order complete
    order_id: str = ""
    user: User = field(init=False)

    def prepare(self) -> None:
        """What stands before the process that will die is started."""
        self._place()
        self._send_mails()

    def begin(self) -> None:
        """What brings the process to its end."""
        self.stack.sandbox.control.approve(self.order_id)

    def go_on(self) -> None:
        """What people do after the death."""

    def recovered(self) -> bool:
        """Whether what the death interrupted has been done after all."""
        return self.finished()

    def finished(self) -> bool:
        """Whether nothing is left to be done."""
        return self._job_done() and self._outbox_empty() and len(self._told()) >= self.mails

    def broken(self) -> list[str]:
        control = self.stack.sandbox.control
        order = ordered.truth(control, self.order_id)
        wrong = truths.broken(order, truths.mobile_products(self.stack.sandbox))
        return [*wrong, *truths.unclaimed(control.truth()), *self._mails_broken(order)]

    def _mails_broken(self, order: Mapping[str, Any]) -> list[str]:
        twice = list(truths.mailed_twice(order).values())
        different = len({mail["message_id"] for mail in order["mails"]})
        wrong = [f"{different} mails instead of {self.mails}"] if different != self.mails else []
        return [*wrong, f"mails sent {twice} times"] if twice else wrong

    def _place(self) -> None:
        self.user, link = ordered.customer(self.stack.console, self.stack.sandbox)
        self.order_id = str(ordered.place(self.stack.console, self.user, link).sf_order_id)

    def _send_mails(self) -> None:
        """Those that wait go out from here, so that none is under way when the process dies."""
        # all at once: on SQLite a read that is still open cannot become a write when somebody else has written since
        for message in list(OutboxMessage.select().where(OutboxMessage.kind == "mail")):
            mailing.deliver(message.id, self.stack.console.upstreams, self.stack.console.policy)
        eventually(self._outbox_empty, what="the first mail")

    def _job_done(self) -> bool:
        job = Job.of_order(self.order_id)
        return job is not None and job.state == "succeeded" and ordered.activated(self.stack.sandbox.control, self.order_id)

    def _outbox_empty(self) -> bool:
        return not OutboxMessage.select().where(OutboxMessage.state == "due").exists()

    def _told(self) -> set[str]:
        return {mail["message_id"] for mail in ordered.truth(self.stack.sandbox.control, self.order_id)["mails"]}


class Listened(Story):
    """Approved before the listener starts, so that its first response brings the event."""

    role = "listener"

    def prepare(self) -> None:
        super().prepare()
        self.stack.sandbox.control.approve(self.order_id)

    def begin(self) -> None:
        """The stream does."""

    def go_on(self) -> None:
        recorded = self.boundary.point in {"after_t1", "rung"}
        assert self._recorded() == recorded, f"it died elsewhere: the event is {'' if self._recorded() else 'not '}recorded"

    def finished(self) -> bool:
        return self._recorded() and super().finished()

    def _recorded(self) -> bool:
        return InboxEvent.select().where(InboxEvent.sf_order_id == self.order_id).exists()


class Mailed(Story):
    """The first mail is on its way: it, and only it, may come twice."""

    def prepare(self) -> None:
        """The order is placed once the worker runs."""

    def begin(self) -> None:
        self._place()

    def go_on(self) -> None:
        self.stack.sandbox.control.approve(self.order_id)

    def recovered(self) -> bool:
        return OutboxMessage.get(OutboxMessage.template == "order_received", OutboxMessage.user == self.user.id).state == "sent"

    def _mails_broken(self, order: Mapping[str, Any]) -> list[str]:
        twice = truths.mailed_twice(order)
        first = OutboxMessage.get(OutboxMessage.template == "order_received", OutboxMessage.user == self.user.id).message_id
        return [f"mails sent {twice.values()} times"] if twice not in ({}, {first: 2}) else []


class Told(Story):
    """Without a card the status goes to Salesforce, then the customer adds one."""

    mails = 4

    def prepare(self) -> None:
        super().prepare()
        customers.remove_cards(self.stack.sandbox, self.user.email)

    def go_on(self) -> None:
        told = ordered.truth(self.stack.sandbox.control, self.order_id)["salesforce"]["Provisioning_Status__c"]
        assert told == "Waiting for Customer", f"it died elsewhere: Salesforce says {told}"

    def recovered(self) -> bool:
        row = OutboxMessage.get(OutboxMessage.kind == "sf_status", OutboxMessage.sf_order_id == self.order_id)
        if row.state != "sent":
            return False
        customers.add_card(self.stack.sandbox, self.user.email)
        return True


class SignedUp(Story):
    """A confirmed person whose account is being made: one client, one verified link, one welcome."""

    def prepare(self) -> None:
        number = 2040 - next(_accounts) % 40  # from the other end of the seeded ones than the customers' of tests/support
        values = {"first_name": "Person", "last_name": "Example", "sf_number": f"SF-{number}", "confirmed_at": clock.now()}
        self.user = User.create(email=f"person{number}@example.com", password_hash="none", **values)
        if self.boundary.step == "customer_number":  # which only an adopted client without a number comes by
            nobody = Address("Person", "Example", "", "", "", "", "", "", "JP")
            self.stack.console.upstreams.whmcs.add_client(NewClient(self.user.email, "a long password", nobody, "", "made by hand"))

    def begin(self) -> None:
        Job.make("signup", str(self.user.id), user=self.user.id, source="console")

    def finished(self) -> bool:
        job = Job.keyed(f"signup:{self.user.id}")
        return job is not None and job.state == "succeeded" and self._outbox_empty()

    def broken(self) -> list[str]:
        wrong = truths.unclaimed(self.stack.sandbox.control.truth())
        client = self.stack.console.upstreams.whmcs.client_by_email(self.user.email)
        if client is None or client.customer_number != self.user.sf_number:
            wrong.append("no WHMCS client with the customer number")
        return wrong


class Billed(Story):
    """An address that a customer has changed: in billing in the end, and nowhere else."""

    def prepare(self) -> None:
        self.user, self.link = ordered.customer(self.stack.console, self.stack.sandbox)

    def begin(self) -> None:
        billing_changes.keep(self.link, {"city": "大阪市", "address1": f"梅田{self.user.id}"})

    def finished(self) -> bool:
        job = Job.keyed(f"billing:{self.user.id}")
        return job is not None and job.state == "succeeded"

    def broken(self) -> list[str]:
        address = self.stack.console.upstreams.whmcs.client(self.link.whmcs_client_id).address
        wrong = [] if (address.city, address.address1) == ("大阪市", f"梅田{self.user.id}") else ["billing has another address"]
        return [*wrong, *(["the change is still kept here"] if BillingChange.of(self.user.id) else [])]


class Moved(Story):
    """A customer with another e-mail: in billing's client and user, here, in one Case, and both addresses told once."""

    def prepare(self) -> None:
        self.move = wishes.move(self.stack.console, self.stack.sandbox)
        self._send_mails()

    def begin(self) -> None:
        self.job_id = self.move.confirm()

    def finished(self) -> bool:
        return Job.get_by_id(self.job_id).state == "succeeded" and self._outbox_empty()

    def broken(self) -> list[str]:
        # the worker's two threads may be at the two mails at once
        return list(self.move.broken(mails_twice=2 if self.boundary.point == "mail.call" else 0))


class Linked(Moved):
    """The mail with the link arrived, and nobody wrote it down: it may come twice, while the link is used or after it."""

    def prepare(self) -> None:
        """Asked for once the worker runs."""

    def begin(self) -> None:
        self.move = wishes.move(self.stack.console, self.stack.sandbox)

    def go_on(self) -> None:
        self.job_id = self.move.confirm()

    def finished(self) -> bool:
        given_up = OutboxMessage.select().where(OutboxMessage.state == "failed").exists()
        return super().finished() and not given_up

    def broken(self) -> list[str]:
        return list(self.move.broken(mails_twice=1))


class Asked(Story):
    """A question about an order that waits for its reviewer: one Case."""

    def begin(self) -> None:
        order = Order.get(Order.sf_order_id == self.order_id)
        self.asked: SupportRequest = wishes.ask(self.user, order).request

    def finished(self) -> bool:
        job = Job.keyed(f"case:{self.asked.id}")
        return job is not None and job.state == "succeeded"

    def broken(self) -> list[str]:
        return list(wishes.question_broken(self.stack.sandbox, self.asked, self.order_id))


STORIES: dict[str, type[Story]] = {
    "event": Listened, "provision": Story, "signup": SignedUp, "billing": Billed, "email": Moved, "case": Asked, "mail": Mailed,
    "link": Linked, "status": Told,
}  # fmt: skip


def play(stack: Stack, boundary: Boundary) -> tuple[float, list[str]]:
    """A death at that boundary and what comes after it: seconds to recovery, and what is broken in the end."""
    story = STORIES[boundary.story](stack, boundary)
    stack.keep("worker" if story.role == "listener" else "listener")
    story.prepare()
    armed = stack.start(story.role, boundary.point)
    story.begin()
    armed.wait_killed(DIES_S * busy.factor())
    seconds = _outlived(story)
    eventually(story.finished, ENDS_S * busy.factor(), "the end")
    wrong = story.broken()
    stack.end(story.role)
    return seconds, wrong


def _outlived(story: Story) -> float:
    died = time.monotonic()
    story.go_on()
    successor = story.stack.start(story.role)
    eventually(lambda: _alive(successor) and story.recovered(), ENDS_S * busy.factor(), "the recovery")
    return time.monotonic() - died


def _alive(process: Process) -> bool:
    assert process.process.poll() is None, f"the successor ended with {process.process.returncode}"
    return True
