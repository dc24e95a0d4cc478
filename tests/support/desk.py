"""What staff do by hand in the upstreams' own consoles, played over the sandbox's wire."""

from __future__ import annotations

from typing import Any

import requests

from console.clients.whmcs import NewService
from console.models import CustomerLink, Job
from console.services.provisioning import invoicing
from console.wiring import Console
from tests.support.sandbox import Running


def end_subscription(sandbox: Running, ref: str) -> None:
    """The provider's console: end it now."""
    mobile = sandbox.info["mobile"]
    url = f"{mobile['url']}/projects/{mobile['project']}/subscriptions/{ref}"
    requests.delete(url, headers={"Authorization": f"Bearer {mobile['api_key']}"}, timeout=10).raise_for_status()


def cancel_order(sandbox: Running, order_id: str) -> None:
    """The admin area: cancel a Pending order."""
    assert _whmcs(sandbox, "CancelOrder", orderid=order_id)["result"] == "success"


def _whmcs(sandbox: Running, action: str, **form: str) -> dict[str, Any]:
    whmcs = sandbox.info["whmcs"]
    data = {**form, "action": action, "identifier": whmcs["identifier"], "secret": whmcs["secret"], "responsetype": "json"}
    return requests.post(f"{whmcs['url']}/includes/api.php", data=data, timeout=10).json()


def add_order(console: Console, link: CustomerLink, job: Job, dearer: int = 0, marked: bool = True) -> str:
    """An order as the job would make it, but by hand; `dearer` yen more per line, or without our labels."""
    services = [
        NewService(
            line["whmcs_product_id"], invoicing.label(line["item_id"]) if marked else "by-hand", line["quantity"], line["billing_cycle"],
            line["unit_price"] + dearer, {}, {},
        )
        for line in job.snapshot["lines"]
    ]  # fmt: skip
    return str(console.upstreams.whmcs.add_order(link.whmcs_client_id, services).order_id)
