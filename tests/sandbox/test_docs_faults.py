"""Each example of a fault in the manual meets a call of the operation that it names."""

import contextlib
import json
import smtplib
from typing import Any

import pytest
import requests

from tests.sandbox import manual
from tests.sandbox.provider import Gigs
from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

ROWS = [json.loads(row[3].removeprefix("`fault '").removesuffix("'`")) for row in manual.table(manual.PAGE.read_text(), "| fault |")]
# the stream has its own tests, with a client that waits for events
ORDERS = [each for each in ROWS if each["upstream"] != "pubsub"]
OF_SALESFORCE = {
    "tree": ("POST", "composite/tree/Case"), "query": ("GET", "query"), "describe": ("GET", "sobjects"), "*": ("GET", "limits"),
    "sobject.update:Order": ("PATCH", "sobjects/Order/801000000000000AAA"),
}  # fmt: skip
PATIENCE_S = 0.4


def salesforce(info: dict[str, Any], operation: str) -> None:
    method, path = OF_SALESFORCE[operation]
    sf = SfRest(info["salesforce"]).login()
    sf.session.request(method, f"{sf.instance}/services/data/v67.0/{path}", json={}, timeout=PATIENCE_S)


def whmcs(info: dict[str, Any], operation: str) -> None:
    requests.post(f"{info['whmcs']['url']}/includes/api.php", {"action": operation}, timeout=PATIENCE_S)


def mobile(info: dict[str, Any], operation: str) -> None:
    gigs = Gigs(info)
    method, path = ("GET plans" if operation == "*" else operation).split()
    requests.request(method, f"{gigs.url}/{path}", headers=gigs.key, timeout=PATIENCE_S)


def mail(info: dict[str, Any], operation: str) -> None:
    with smtplib.SMTP(info["mail"]["smtp_host"], info["mail"]["smtp_port"], timeout=PATIENCE_S) as server:
        server.sendmail("a@example.com", ["b@example.com"], "Subject: x")


KNOCK = {"salesforce": salesforce, "whmcs": whmcs, "mobile": mobile, "mail": mail}


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order["fault"])
def test_its_example_of_a_fault_meets_a_call(sandbox: Running, control: Control, order: dict[str, Any]) -> None:
    control.ask("POST", "faults", {name: value for name, value in order.items() if name not in ("probability", "seed")})
    # what the caller sees is told in the tests of the faults
    with contextlib.suppress(requests.RequestException, smtplib.SMTPException, OSError):
        KNOCK[order["upstream"]](sandbox.info, order["operation"])
    assert [each["fired"] for each in control.faults()] == [1]
