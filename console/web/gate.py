"""Whether the customer can pay, as pages ask before anything is configured: a yes is remembered for seconds, in the login's own cookie."""

from __future__ import annotations

import time

from flask import session

from console.models import CustomerLink
from console.services import reviewing
from console.web.wired import upstreams

REMEMBERED_S = 30
_KEY = "paying_until"


def paying(link: CustomerLink | None) -> str:
    """yes | no | unknown (billing does not answer) | account (the account is not finished)."""
    if link is None or not link.ready:
        return "account"
    if session.get(_KEY, 0) > time.time():
        return "yes"
    answer = reviewing.paying(upstreams(), link)
    if answer == "yes":
        session[_KEY] = int(time.time()) + REMEMBERED_S
    return answer
