"""Switches of WHMCS for what its documentation leaves open: the answers of each, over the wire."""

import pytest
import requests

from tests.sandbox.whmcs_calls import HOME, Whmcs


def test_it_shows_sets_and_takes_back_switches(whmcs: Whmcs) -> None:
    door = f"{whmcs.url}/sandbox/quirks"
    usual = requests.get(door, timeout=10).json()
    whmcs.switch(types="all_strings", allowed_ips=[])
    assert requests.get(door, timeout=10).json() == usual | {"types": "all_strings", "allowed_ips": []}
    assert requests.delete(door, timeout=10).json() == usual
    refused = requests.post(door, json={"types": "docs", "colour": "red"}, timeout=10)
    assert (refused.status_code, refused.json()["error"]) == (400, "unknown switch or value: colour")
    assert refused.json()["choices"]["types"] == ["docs", "all_strings"]


@pytest.mark.parametrize("words", ["Invalid or missing credentials", "Authentication Failed", "Invalid password provided"])
def test_it_words_a_wrong_secret_as_chosen(whmcs: Whmcs, words: str) -> None:
    whmcs.switch(credential_words=words)
    answer = whmcs.post("WhmcsDetails", secret="wrong")
    assert (answer.status_code, answer.json()["message"]) == (403, words)


@pytest.mark.parametrize("words", ["Invalid IP", "Forbidden IP"])
def test_it_words_a_strange_address_as_chosen(whmcs: Whmcs, words: str) -> None:
    whmcs.switch(invalid_ip_words=words, allowed_ips=[])
    assert whmcs.post("WhmcsDetails").json()["message"] == f"{words} 127.0.0.1"


@pytest.mark.parametrize("words", ["The requested API Action could not be found.", "Command Not Found"])
def test_it_words_an_unknown_action_as_chosen(whmcs: Whmcs, words: str) -> None:
    whmcs.switch(unknown_action_words=words)
    assert whmcs.post("BrewCoffee").json()["message"] == words


@pytest.mark.parametrize("words", ["Module Not Found", "Service not assigned to a module"])
def test_it_words_a_service_without_a_module_as_chosen(whmcs: Whmcs, words: str) -> None:
    whmcs.switch(no_module_words=words)
    service = whmcs.order(whmcs.client(f"{len(words)}@example.com"))["serviceids"]
    assert whmcs.refusal("ModuleCreate", serviceid=service) == words


def test_it_takes_more_credit_than_there_is_or_refuses(whmcs: Whmcs) -> None:
    taken = {"clientid": whmcs.client("poor@example.com"), "description": "back", "amount": "100", "type": "remove"}
    assert whmcs.refusal("AddCredit", **taken) == "Amount exceeds customer credit balance"
    whmcs.switch(credit_below_zero=True)
    assert whmcs.ask("AddCredit", **taken)["newbalance"] == "-100.00"


@pytest.mark.parametrize(("wakes", "status"), [(False, "Cancelled"), (True, "Unpaid")])
def test_a_pending_order_wakes_its_invoice_or_not(whmcs: Whmcs, wakes: bool, status: str) -> None:
    whmcs.switch(pending_wakes_invoice=wakes)
    order = whmcs.order(whmcs.client(f"wakes{wakes}@example.com"))
    for action in ("CancelOrder", "PendingOrder"):
        whmcs.ask(action, orderid=order["orderid"])
    assert whmcs.ask("GetInvoice", invoiceid=order["invoiceid"])["status"] == status


@pytest.mark.parametrize(("labels", "kept"), [("any", ["a b", "home.example.jp"]), ("domains", ["", "home.example.jp"])])
def test_it_keeps_any_label_or_domains_only(whmcs: Whmcs, labels: str, kept: list[str]) -> None:
    whmcs.switch(order_labels=labels)
    second = {"pid[1]": HOME, "billingcycle[1]": "monthly", "domain[1]": "home.example.jp", "domain[0]": "a b"}
    client_id = whmcs.client(f"{labels}@example.com")
    whmcs.order(client_id, **second)
    assert [row["domain"] for row in whmcs.services(client_id)["product"]] == kept
