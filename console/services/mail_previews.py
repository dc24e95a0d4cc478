"""What each mail looks like: every template in every language, with values that belong to nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.money import yen
from console.services.mailing import VALUES
from console.services.upstreams import Policy, Upstreams

TEMPLATES = tuple(sorted(VALUES))
_NAMES = {"en": "Aiko Tanaka", "ja": "田中 愛子"}


def preview(upstreams: Upstreams, policy: Policy, template: str, language: str) -> Any:
    """The mail as it would be sent: subject, text, html. `template` is one of TEMPLATES."""
    return upstreams.mailer.written(template, language, samples(policy.public_url, language))


def samples(public_url: str, language: str, name: str = "") -> Mapping[str, Any]:
    """A value for everything that any template says."""
    fibre, esim = ("光回線 1ギガ", "eSIM 5 GB") if language == "ja" else ("Fibre 1 Gbit/s", "eSIM 5 GB")
    pages = {
        "confirm_url": "/confirm/sample", "url": "/reset/sample", "portal_url": "", "forgot_url": "/forgot", "home_url": "/",
        "security_url": "/account/security", "order_url": "/orders", "payment_url": "/account/payment", "login_url": "/login",
    }  # fmt: skip
    return {
        "name": name or _NAMES[language], "order_number": "00000101", "sf_number": "SF-1001", "case_number": "00001026",
        "verified": False, "installation": False, "due_today": yen(7480, language), "monthly": yen(5280, language), "yearly": "",
        "lines": [{"name": fibre, "quantity": 1}, {"name": esim, "quantity": 2}],
        "esims": [{"name": esim, "url": f"{public_url}/subscriptions"}],
        **{key: public_url + path for key, path in pages.items()},
    }  # fmt: skip
