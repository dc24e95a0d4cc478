"""Many at once at the same things: no write is lost, no number is given twice, nobody gets a 500."""

import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.provider import Gigs
from tests.sandbox.whmcs_calls import Whmcs
from tests.support import sandbox as sandboxes
from tests.support.sandbox import Control
from tests.support.sf_rest import SfRest

PEOPLE, TIMES, OFTEN = 8, 5, 15


def together(work: Callable[[int], Any], times: int = PEOPLE * TIMES) -> list[Any]:
    with ThreadPoolExecutor(PEOPLE) as people:
        return list(people.map(work, range(times)))


def distinct(found: list[Any]) -> None:
    assert len({str(each) for each in found}) == len(found) == PEOPLE * TIMES


@pytest.fixture
def whmcs(sandbox: sandboxes.Running) -> Whmcs:
    return Whmcs(sandbox.info)


@pytest.fixture
def gigs(sandbox: sandboxes.Running) -> Gigs:
    return Gigs(sandbox.info)


# -- Salesforce


def test_fields_of_one_order(sf: SfRest, key: str) -> None:
    """Each writes a field of his own, over and over: the last of each stays."""
    order, fields = sf.place(key), ("Provisioning_Error_Code__c", "Provisioning_Error_Message__c", "WHMCS_Order_ID__c")

    def write(number: int) -> set[int]:
        return {sf.patch(f"sobjects/Order/{order}", {fields[number]: f"{turn}"}).status_code for turn in range(OFTEN)}

    assert together(write, len(fields)) == [{204}] * len(fields)
    kept = sf.get(f"sobjects/Order/{order}").json()
    assert [kept[name] for name in fields] == [f"{OFTEN - 1}"] * len(fields)


def test_one_upsert_creates_and_the_others_update(sf: SfRest, key: str) -> None:
    answers = together(lambda number: sf.patch(f"sobjects/Case/Portal_Idem_Key__c/{key}", {"Subject": f"{number}"}))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert [answer.status_code for answer in answers].count(201) == 1
    assert len(sf.query(f"SELECT Id FROM Case WHERE Portal_Idem_Key__c = '{key}'")) == 1


def test_orders_at_the_same_time(sf: SfRest, control: Control, key: str) -> None:
    prices = sf.order_tree(key, "SIM-DATA-5")["records"][0]

    def place(number: int) -> str:
        line = {**prices["OrderItems"]["records"][0], "Portal_Line_Key__c": f"{key}-{number}"}
        order = {**prices, "Portal_Idem_Key__c": f"{key}-{number}", "OrderItems": {"records": [line]}}
        answer = sf.post("composite/tree/Order", {"records": [order]})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["results"][0]["id"])

    placed = together(place)
    distinct(placed)
    orders = [order for order in control.truth()["orders"] if order["sf_order_id"] in placed]
    distinct([order["salesforce"]["OrderNumber"] for order in orders])
    events = together(lambda number: control.approve(placed[number])["event_uuid"])
    distinct(events)


def test_an_order_is_approved_once(sf: SfRest, control: Control, key: str) -> None:
    order_id, root = sf.place(key), f"{control.url}/control"
    decided = together(lambda _: requests.post(f"{root}/approve", json={"sf_order_id": order_id}, timeout=10).status_code)
    assert (decided.count(200), decided.count(409)) == (1, len(decided) - 1)
    assert len(control.truth(order_id)["orders"][0]["events"]) == 1


# -- WHMCS


def test_carts_at_the_same_time(whmcs: Whmcs) -> None:
    client = whmcs.client("carts@example.com")
    made = together(lambda _: whmcs.order(client))
    for name in ("orderid", "serviceids", "invoiceid"):
        distinct([each[name] for each in made])
    orders = whmcs.ask("GetOrders", userid=client, limitnum=1000)["orders"]["order"]
    distinct([each["ordernum"] for each in orders])


def test_fields_of_one_service(whmcs: Whmcs) -> None:
    service = whmcs.order(whmcs.client("service@example.com"))["serviceids"]
    fields = {"notes": "notes", "domain": "domain", "serviceusername": "username"}

    def write(number: int) -> None:
        for turn in range(OFTEN):
            whmcs.ask("UpdateClientProduct", serviceid=service, **{list(fields)[number]: f"turn{turn}"})

    together(write, len(fields))
    (kept,) = whmcs.ask("GetClientsProducts", serviceid=service)["products"]["product"]
    assert [kept[name] for name in fields.values()] == [f"turn{OFTEN - 1}"] * len(fields)


def test_money_is_counted_once(whmcs: Whmcs) -> None:
    client = whmcs.client("money@example.com")
    together(lambda number: whmcs.ask("AddCredit", clientid=client, description=f"no. {number}", amount="10.00"))
    assert whmcs.ask("GetClientsDetails", clientid=client)["client"]["credit"] == f"{PEOPLE * TIMES * 10}.00"


# -- the mobile provider


def test_one_key_makes_one_line(gigs: Gigs, key: str) -> None:
    user = gigs.user("key@example.com")
    made = together(lambda _: gigs.activate(user, key=key)["id"])
    assert len(set(made)) == 1
    assert [each["id"] for each in gigs.get("subscriptions", user=user)["items"]] == made[:1]


def test_notes_on_one_line(gigs: Gigs) -> None:
    line = gigs.activate(gigs.user("notes@example.com"))["id"]

    def write(number: int) -> set[int]:
        said = [gigs.call("PATCH", f"subscriptions/{line}", {"metadata": {f"n{number}": f"{turn}"}}) for turn in range(TIMES)]
        return {answer.status_code for answer in said}

    assert together(write, PEOPLE) == [{200}] * PEOPLE
    assert gigs.get(f"subscriptions/{line}")["metadata"] == {f"n{number}": f"{TIMES - 1}" for number in range(PEOPLE)}


def test_lines_at_the_same_time(gigs: Gigs) -> None:
    lines = together(lambda number: gigs.living(f"line{number}@example.com", plan="pln_jp20v"))
    for pick in (lambda line: line["id"], lambda line: line["sim"]["iccid"], lambda line: line["phoneNumber"]):
        distinct([pick(line) for line in lines])


# -- mail and control


def test_letters_at_the_same_time(sandbox: sandboxes.Running) -> None:
    mail = sandbox.info["mail"]

    def send(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", mail["smtp_port"], timeout=10) as server:
            server.sendmail("a@example.com", ["together@example.com"], f"Subject: {number}\r\n\r\nHello\r\n")

    together(send)
    got = requests.get(f"{mail['inbox_url']}/messages.json", {"to": "together@example.com"}, timeout=10).json()
    distinct([each["id"] for each in got])
    distinct([each["subject"] for each in got])


def test_the_clock_and_saved_states(sandbox: sandboxes.Running, control: Control) -> None:
    before = control.ask("GET", "clock")["ahead_s"]
    together(lambda _: control.ask("POST", "clock", {"advance_s": 3}))
    assert control.ask("GET", "clock")["ahead_s"] - before == 3 * PEOPLE * TIMES
    assert {each["name"] for each in together(lambda _: control.ask("POST", "snapshot", {"name": "same"}), PEOPLE)} == {"same"}
    together(lambda number: control.ask("POST", "restore", {"name": "same"}) if number % 2 else control.truth(), PEOPLE)
    control.ask("POST", "clock", {"advance_s": -3 * PEOPLE * TIMES})
    assert "Traceback" not in Path(sandbox.dir / "sandbox.log").read_text()
