"""Clients that speak to a running sandbox, made from its sandbox.json."""

from pathlib import Path
from typing import Any

from console.clients.gigs import Gigs
from console.clients.salesforce import Salesforce
from console.clients.whmcs import Whmcs


def salesforce(info: dict[str, Any], **changes: Any) -> Salesforce:
    door = info["salesforce"]
    wanted = {
        "login_url": door["login_url"],
        "audience": "https://login.salesforce.com",
        "client_id": door["client_id"],
        "username": door["username"],
        "private_key": Path(door["private_key_file"]).read_text(),
        "ca_file": door["ca_file"],
    }
    return Salesforce(**(wanted | changes))


def whmcs(info: dict[str, Any], **changes: Any) -> Whmcs:
    door = info["whmcs"]
    wanted = {name: door[name] for name in ("url", "identifier", "secret", "payment_method", "customer_number_field_id")}
    return Whmcs(**(wanted | changes))


def gigs(info: dict[str, Any], **changes: Any) -> Gigs:
    door = info["mobile"]
    wanted = {name: door[name] for name in ("url", "api_key", "project")} | {"idempotency_header": True}
    return Gigs(**(wanted | changes))
