"""What customers ask besides orders, another e-mail or a question to support, and what must be true of it, as the sandbox tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import requests

from console.models import CustomerLink, EmailToken, Order, SupportRequest, User
from console.services import asking_support, changing_email
from console.wiring import Console
from deploy.people import Inbox
from tests.support import customers
from tests.support.sandbox import Running
from tests.support.sf_rest import SfRest
from tests.support.web import PASSWORD, make_person

QUESTION = "Does it work on the ferry to Oshima?"
_people = count(1)


@dataclass(frozen=True)
class Move:
    """Of a customer from one address to another; neither was anybody's before."""

    console: Console
    sandbox: Running
    user: User
    link: CustomerLink
    former: str
    address: str

    def confirm(self) -> int:
        """The link of the mail is opened and the password typed; the job."""
        token = EmailToken.get(EmailToken.user == self.user.id, EmailToken.purpose == changing_email.PURPOSE)
        text = self.console.policy.vault.token(token.purpose, token.id, token.nonce)
        [job_id] = changing_email.confirm(self.console.policy, text, PASSWORD)
        return job_id

    def broken(self, mails_twice: int = 0) -> Iterator[str]:
        """Billing's client and user, the Case, the mails, and the address to log in with; `mails_twice`: how many may have come twice."""
        if (found := self._billing()) != (self.address, self.address):
            yield f"billing's client and user have {found}"
        if (number := len(_cases(self.sandbox, f"Portal user {self.user.id} confirmed {self.address} as the new e-mail."))) != 1:
            yield f"{number} Cases about the new e-mail"
        row = User.get_by_id(self.user.id)
        if (row.email, row.former_email, row.new_email) != (self.address, self.former, ""):
            yield "the portal has another address"
        yield from self._mails_broken(mails_twice)

    def _billing(self) -> tuple[str, str]:
        """E-mail of the client and of the user who owns it."""
        settings = self.console.settings
        keys = {"identifier": settings.whmcs_identifier.get_secret_value(), "secret": settings.whmcs_secret.get_secret_value()}
        asked = keys | {"action": "GetClientsDetails", "responsetype": "json", "clientid": self.link.whmcs_client_id}
        client = requests.post(f"{settings.whmcs_url}/includes/api.php", data=asked, timeout=10).json()["client"]
        return client["email"], client["users"]["user"][0]["email"]

    def _mails_broken(self, mails_twice: int) -> Iterator[str]:
        came = {address: came_to(self.sandbox, address) for address in (self.former, self.address)}
        if len(came[self.former]) != 1:
            yield f"{len(came[self.former])} mails to the former address"
        if len(came[self.address]) != 2:  # its link, and that it is theirs now
            yield f"{len(came[self.address])} mails to the new address"
        often = [times for one in came.values() for times in one.values() if times > 1]
        if len(often) > mails_twice or any(times > 2 for times in often):
            yield f"mails came {often} times"


def move(console: Console, sandbox: Running) -> Move:
    """Asked for; the mail with the link waits in the outbox."""
    number = next(_people)
    former, address = f"old.{number}@example.com", f"new.{number}@example.com"
    user, link = customers.finished(console.upstreams, sandbox, card=False, user=make_person(former))
    changing_email.ask(console.policy, user, address)
    return Move(console, sandbox, user, link, former, address)


def came_to(sandbox: Running, address: str) -> Counter[str]:
    """Message-IDs in that mailbox, and how often each came."""
    return Counter(mail["message_id"] for mail in Inbox(sandbox.info["mail"]["inbox_url"]).of(address))


def ask(user: User, order: Order) -> asking_support.Asked:
    """A question about an order, from its page."""
    return asking_support.ask(user, order, "progress", QUESTION, str(uuid4()))


def question_broken(sandbox: Running, asked: SupportRequest, order_id: str) -> Iterator[str]:
    """One Case with the question and the order in it, of which the page knows the number; the text is not kept here any longer."""
    # by the order's id: references begin anew with each emptied database, and many are emptied beside one sandbox
    cases = _cases(sandbox, QUESTION, asked.reference, order_id)
    if len(cases) != 1 or not cases[0]["AccountId"]:
        yield f"{len(cases)} Cases with the question, or not of the order"
        return
    row = SupportRequest.get_by_id(asked.id)
    if (row.case_number, row.text) != (cases[0]["CaseNumber"], ""):
        yield "the page does not know the Case"


def _cases(sandbox: Running, *words: str) -> list[dict[str, Any]]:
    """Those with all of the words in their text."""
    found = SfRest(sandbox.info["salesforce"]).login().query("SELECT CaseNumber, AccountId, Description FROM Case")
    return [case for case in found if all(one in (case["Description"] or "") for one in words)]
