"""Whether the customer can pay, as pages ask before anything is configured, and the banner that asks for a way until there is one."""

from __future__ import annotations

from typing import cast

from flask import Flask, g

from console.models import CustomerLink
from console.services import reviewing
from console.web.auth import me_or_none
from console.web.fragments import is_htmx
from console.web.wired import upstreams


def init_app(app: Flask) -> None:
    app.context_processor(_banner)


def _banner() -> dict[str, bool]:
    """Asks our own rows only, and only where a whole page is shown."""
    link = None if is_htmx() else my_link()
    return {"lacks_payment_method": bool(link and link.ready and not link.payment_seen_at)}


def my_link() -> CustomerLink | None:
    """The link of a customer who is logged in, asked for once in a request; None for strangers and staff."""
    if "link" not in g:
        user = me_or_none()
        g.link = CustomerLink.of(user.id) if user is not None and user.role == "customer" else None
    return cast("CustomerLink | None", g.link)


def paying(link: CustomerLink | None) -> str:
    """yes | no | unknown (billing does not answer) | account (the account is not finished). As of the last seconds."""
    if link is None or not link.ready:
        return "account"
    return reviewing.paying(upstreams(), link)
