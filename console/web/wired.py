"""What the running application is wired with, for routes that hand it to services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, cast

from flask import current_app

from console.services.upstreams import Policy, Upstreams


class Bell(Protocol):
    """Rings the worker. A lost ring loses nothing: the rows are there and the sweeper looks."""

    def jobs(self, ids: Iterable[int]) -> None: ...

    def outbox(self) -> None: ...

    def catalogue(self) -> None: ...

    def eligibility(self, link_id: int) -> None: ...


def upstreams() -> Upstreams:
    return cast(Upstreams, current_app.extensions["console"].upstreams)


def policy() -> Policy:
    return cast(Policy, current_app.extensions["console"].policy)


def bell() -> Bell:
    return cast(Bell, current_app.extensions["bell"])


def staff_totp_required() -> bool:
    return str(current_app.config["STAFF_TOTP"]) == "required"
