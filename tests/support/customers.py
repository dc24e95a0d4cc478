"""Customers who finished their sign-up: a real Account, a real WHMCS client, and a card put there as the person would."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from itertools import count
from typing import Any

from console import clock
from console.clients.whmcs import Address, NewClient
from console.models import CustomerLink, User
from console.services import eligibility
from console.services.upstreams import Upstreams
from tests.support.sandbox import Running

_numbers = count()
_HOME = Address("Person", "Number", "0312345678", "150-0002", "Tokyo", "Shibuya", "1-2-3 Shibuya", "Sandbox Building 4F", "JP")


def finished(
    upstreams: Upstreams, sandbox: Running, card: bool = True, user: User | None = None, homeless: bool = False
) -> tuple[User, CustomerLink]:
    """A customer of the next seeded Account (SF-2001 to SF-2040, then again), linked and verified; `user` where the row exists already.

    `homeless`: the address is not known yet, as right after the sign-up.
    """
    n = next(_numbers)
    number = f"SF-{2001 + n % 40}"
    email = user.email if user else f"person{n}@home.example"
    person = user or User.create(email=email, password_hash="none", sf_number=number, confirmed_at=clock.now())
    account = upstreams.salesforce.account_by_number(number)
    assert account, f"the sandbox seeds {number}"
    address = Address("Person", "Number", "", "", "", "", "", "", "JP") if homeless else _HOME
    client = upstreams.whmcs.add_client(NewClient(email, "a long password", address, number, f"portal:{person.id}"))
    known = {"whmcs_client_id": client.client_id, "whmcs_user_id": client.user_id, **eligibility.columns(account)}
    link = CustomerLink.create(user=person, sf_number=number, sf_account_id=account.account_id, verified=True, **known)
    if card:
        add_card(sandbox, email)
    return person, link


def add_card(sandbox: Running | Mapping[str, Any], email: str) -> None:
    """A card that is valid for years."""
    _pay_methods(sandbox, email, "POST")


def remove_cards(sandbox: Running | Mapping[str, Any], email: str) -> None:
    """No card any more."""
    _pay_methods(sandbox, email, "DELETE")


def _pay_methods(sandbox: Running | Mapping[str, Any], email: str, method: str) -> None:
    """Of a sandbox of ours, or of one that somebody else started and told us of."""
    told = sandbox.info if isinstance(sandbox, Running) else sandbox
    url = f"{told['whmcs']['url']}/sandbox/pay-methods"
    asked = urllib.request.Request(url, json.dumps({"client_email": email}).encode(), {"Content-Type": "application/json"}, method=method)
    urllib.request.urlopen(asked, timeout=10).close()
