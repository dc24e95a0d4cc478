"""The mobile provider's webhooks: signed as Svix does, sent until they are taken."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox.receiver import Receiver
from tests.support.sandbox import Refused, Running, start


def subscribe(running: Running, email: str, plan: str = "pln_jp20v") -> dict[str, Any]:
    info = running.info["mobile"]

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{info['url']}/projects/{info['project']}/{path}"
        return requests.post(url, json=body, headers={"Authorization": f"Bearer {info['api_key']}"}, timeout=10).json()

    user = post("users", {"email": email})["id"]
    return post("subscriptions", {"plan": plan, "user": user, "sim": "auto"})


def phone(running: Running, sim: str, step: str) -> None:
    assert requests.post(f"{running.info['mobile']['url']}/phone", data={"sim": sim, "do": step}, timeout=10).ok


def pending(running: Running) -> int:
    return running.control.ask("GET", "callbacks")["pending"]


def settled(running: Running) -> None:
    limit = time.monotonic() + 10
    while pending(running) and time.monotonic() < limit:
        time.sleep(0.02)
    assert pending(running) == 0


def test_it_tells_the_life_of_a_subscription(sandbox: Running, receiver: Receiver) -> None:
    made = subscribe(sandbox, "life@example.com")
    for step in ("install", "on", "off", "delete"):
        phone(sandbox, made["sim"]["id"], step)
    events = receiver.events(7)
    assert sorted(each["type"].removeprefix("com.gigs.") for each in events) == [
        "eSimProfile.disabled", "eSimProfile.downloaded", "eSimProfile.enabled", "eSimProfile.updated", "eSimProfile.updated",
        "subscription.activated", "subscription.created",
    ]  # fmt: skip
    named = {each["type"]: each for each in events}
    created, activated = named["com.gigs.subscription.created"], named["com.gigs.subscription.activated"]
    assert created["data"] == made
    assert (activated["data"]["status"], activated["object"], activated["specversion"]) == ("active", "event", "1.0")
    assert activated["project"] == sandbox.info["mobile"]["project"]
    assert [each.get("previousData") for each in events if each["type"].endswith("updated")] == [
        {"status": "unknown"},
        {"status": "disabled"},
    ]
    settled(sandbox)


def test_it_signs_what_it_sends(sandbox: Running, receiver: Receiver) -> None:
    subscribe(sandbox, "signed@example.com")
    receiver.events(1)
    headers, body = receiver.came[0]
    secret = sandbox.info["mobile"]["webhook_secret"]
    assert secret.startswith("whsec_")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_it_comes_again_until_it_is_taken(sandbox: Running, receiver: Receiver) -> None:
    receiver.statuses = [500, 404]
    subscribe(sandbox, "again@example.com")
    events = receiver.events(3)
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == len({each["id"] for each in events}) == 1
    settled(sandbox)
    rows = [row for row in sandbox.control.calls("mobile") if row["operation"] == "callback com.gigs.subscription.created"]
    assert [row["status"] for row in rows][-3:] == [500, 404, 204]


def test_it_comes_twice_when_told_to(sandbox: Running, receiver: Receiver) -> None:
    switch = f"{sandbox.info['mobile']['url']}/sandbox/behaviour"
    requests.post(switch, json={"callbacks_twice": True}, timeout=5)
    subscribe(sandbox, "twice@example.com")
    receiver.events(2)
    requests.post(switch, json={"callbacks_twice": False}, timeout=5)
    settled(sandbox)


def test_it_outlives_a_kill(tmp_path: Any) -> None:
    running, receiver = start(tmp_path / "own"), Receiver()
    try:
        receiver.statuses = [500] * 4
        running.control.ask("POST", "callbacks", {"mobile": receiver.url})
        subscribe(running, "kept@example.com")
        running.kill()
        running.restart()
        limit = time.monotonic() + 10
        while pending(running) and time.monotonic() < limit:
            time.sleep(0.05)
        assert len({json.loads(body)["id"] for _, body in receiver.came}) == 1
        assert receiver.statuses == []
    finally:
        running.stop()
        receiver.close()


def test_nothing_is_sent_without_an_address(sandbox: Running) -> None:
    subscribe(sandbox, "nobody@example.com")
    assert sandbox.control.ask("GET", "callbacks") == {"mobile": "", "pending": 0}
    for wrong in ("ftp://127.0.0.1/", "here"):
        with pytest.raises(Refused):
            sandbox.control.ask("POST", "callbacks", {"mobile": wrong})


def test_silent_providers_report_no_profiles(sandbox: Running, receiver: Receiver) -> None:
    made = subscribe(sandbox, "silent@example.com", plan="pln_jp05")
    phone(sandbox, made["sim"]["id"], "install")
    assert {each["type"] for each in receiver.events(2)} == {"com.gigs.subscription.created", "com.gigs.subscription.activated"}
