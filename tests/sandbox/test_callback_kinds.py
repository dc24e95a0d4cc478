"""Which events the mobile provider sends, in which order, to whom no more, and that receivers of Svix take them."""

from typing import Any

from tests.sandbox.provider import Gigs
from tests.sandbox.receiver import Receiver
from tests.support import node
from tests.support.sandbox import Running

DAY_S = 86_400


def pass_days(sandbox: Running, days: float) -> None:
    sandbox.control.ask("POST", "clock", {"advance_s": days * DAY_S})


def test_it_tells_of_every_turn_in_a_life(sandbox: Running, gigs: Gigs, receiver: Receiver) -> None:
    gigs.behave(unseen_events=True)
    line = gigs.living("turns@example.com", plan="pln_jp05")
    path = f"subscriptions/{line['id']}"
    gigs.post("subscriptionChanges", {"subscription": line["id"], "sim": "auto"})
    gigs.post("subscriptionAddons", {"addon": "add_jp1t", "subscription": line["id"]})
    gigs.post(f"{path}/cancel", {}, status=200)
    gigs.post(f"{path}/resume", {}, status=200)
    assert sorted(receiver.types(8)) == sorted(
        ["subscription.created", "subscription.activated", "subscriptionChange.created", "subscriptionChange.applied"]
        + ["subscriptionAddon.created", "subscriptionAddon.activated", "subscription.canceled", "subscription.resumed"]
    )
    pass_days(sandbox, 32)
    # nobody asks the API meanwhile
    assert sorted(receiver.types(10)[8:]) == ["subscription.renewed", "subscriptionAddon.ended"]
    gigs.call("DELETE", path)
    assert receiver.types(11)[10] == "subscription.ended"
    gigs.behave(unseen_events=False)


def test_a_failed_change_and_a_device_show_what_they_were(gigs: Gigs, receiver: Receiver) -> None:
    line = gigs.living("before@example.com", plan="pln_jp05")
    gigs.behave(change_outcome="consentNotGiven")
    gigs.post("subscriptionChanges", {"subscription": line["id"], "sim": "auto"})
    device = gigs.post("devices", {"user": line["user"]["id"], "name": "old"})
    gigs.call("PATCH", f"devices/{device['id']}", {"name": "new"})
    gigs.behave(change_outcome="applied")
    named = {each["type"].removeprefix("com.gigs."): each for each in receiver.events(5)}
    assert named["subscriptionChange.updated"]["previousData"] == {"status": "pending", "failureCode": None}
    assert named["subscriptionChange.updated"]["data"]["failureCode"] == "consentNotGiven"
    assert named["device.updated"]["previousData"] == {"name": "old"}


def test_later_ones_overtake_earlier_ones(sandbox: Running, gigs: Gigs, receiver: Receiver) -> None:
    gigs.behave(callbacks_hold_ms=300)
    lines = [gigs.activate(gigs.user(f"order{number}@example.com"), plan="pln_jp05")["id"] for number in range(4)]
    gigs.behave(callbacks_hold_ms=0)
    came = [each["data"]["id"] for each in receiver.events(4)]
    assert (sorted(came), came != lines) == (sorted(lines), True)


def test_a_redirect_is_no_delivery(gigs: Gigs, receiver: Receiver) -> None:
    receiver.statuses, receiver.location = [302, 307], receiver.url + "/elsewhere"
    gigs.activate(gigs.user("redirect@example.com"))
    receiver.events(3)
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1


def test_it_gives_up_an_endpoint_that_failed_for_days(sandbox: Running, gigs: Gigs, receiver: Receiver) -> None:
    receiver.statuses = [500] * 100
    gigs.activate(gigs.user("failing@example.com"))
    # a second try means that the first failure is written down
    receiver.until(lambda: len(receiver.came) >= 2)
    pass_days(sandbox, 5.1)
    gigs.activate(gigs.user("failing2@example.com"))
    receiver.until(lambda: sandbox.control.ask("GET", "callbacks")["mobile"] == "")
    assert sandbox.control.ask("GET", "callbacks") == {"mobile": "", "pending": 0}


def test_receivers_of_svix_take_them(sandbox: Running, gigs: Gigs, receiver: Receiver) -> None:
    gigs.activate(gigs.user("svix@example.com"))
    receiver.events(1)
    headers, body = receiver.came[0]
    told: dict[str, Any] = {"secret": sandbox.info["mobile"]["webhook_secret"], "headers": headers, "body": body.decode()}
    seen = node.run("webhooks.cjs", told, sandbox.info["salesforce"]["ca_file"])
    assert (seen["event"]["type"], seen["tampered"]) == ("com.gigs.subscription.created", "No matching signature found")
    gigs.behave(callbacks_headers="svix")
    gigs.activate(gigs.user("svix2@example.com"))
    receiver.events(2)
    gigs.behave(callbacks_headers="webhook")
    assert {"svix-id", "svix-timestamp", "svix-signature"} <= set(receiver.came[1][0])
