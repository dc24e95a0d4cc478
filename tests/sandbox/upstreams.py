"""One change in each HTTP upstream, as a client makes it, and whether it happened: what faults are tried on."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import requests

from tests.support.sandbox import Running
from tests.support.sf_rest import SfRest


@dataclass(frozen=True)
class Change:
    """`make` sends it once more under the same key, `happened` looks."""

    upstream: str
    operation: str
    make: Callable[[], requests.Response]
    happened: Callable[[], bool]


def salesforce(running: Running) -> Change:
    sf, key = SfRest(running.info["salesforce"]).login(), uuid.uuid4().hex
    path = f"sobjects/Case/Portal_Idem_Key__c/{key}"
    return Change(
        "salesforce", "sobject.create:Case",
        lambda: sf.post("sobjects/Case", {"Subject": "x", "Portal_Idem_Key__c": key}), lambda: sf.get(path).status_code == 200,
    )  # fmt: skip


def whmcs(running: Running) -> Change:
    info, email = running.info["whmcs"], f"{uuid.uuid4().hex}@example.com"
    form = {"firstname": "A", "lastname": "B", "email": email, "password2": "Secret-123456", "skipvalidation": "1", "noemail": "1"}

    def ask(action: str, **sent: str) -> requests.Response:
        keys = {"action": action, "identifier": info["identifier"], "secret": info["secret"], "responsetype": "json"}
        return requests.post(f"{info['url']}/includes/api.php", {**keys, **sent}, timeout=10)

    return Change(
        "whmcs", "AddClient", lambda: ask("AddClient", **form),
        lambda: ask("GetClientsDetails", email=email).json()["result"] == "success",
    )  # fmt: skip


def mobile(running: Running) -> Change:
    info, email = running.info["mobile"], f"{uuid.uuid4().hex}@example.com"

    def ask(path: str) -> requests.Response:
        url = f"{info['url']}/projects/{info['project']}/{path}"
        return requests.post(url, json={"email": email}, headers={"Authorization": f"Bearer {info['api_key']}"}, timeout=10)

    return Change("mobile", "POST users", lambda: ask("users"), lambda: bool(ask("users/search").json()["items"]))


UPSTREAMS: dict[str, Callable[[Running], Change]] = {"salesforce": salesforce, "whmcs": whmcs, "mobile": mobile}
