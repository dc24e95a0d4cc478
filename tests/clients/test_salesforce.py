"""The Salesforce client over the wire, with the sandbox on the other side."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from console.clients.salesforce import (
    Account,
    ItemResult,
    NewOrder,
    NewOrderLine,
    OrderRecord,
    Product,
    Provisioned,
    Salesforce,
    StatusUpdate,
)
from console.errors import AlreadyDone, Ambiguous, Misconfigured, Rejected, Unavailable
from tests.clients.connected import salesforce
from tests.support.sandbox import Control, Running


@pytest.fixture
def org(sandbox: Running) -> Salesforce:
    return salesforce(sandbox.info, total_s=5)


@pytest.fixture
def goods(org: Salesforce) -> dict[str, Product]:
    return {product.sku: product for product in org.catalogue()}


@pytest.fixture
def customer(org: Salesforce) -> Account:
    found = org.account_by_number("SF-2001")
    assert found
    return found


@pytest.fixture
def order(customer: Account, goods: dict[str, Product]) -> NewOrder:
    """One eSIM and its activation, not placed yet."""
    key = uuid4().hex
    wanted = [goods["SIM-DATA-5"], goods["SIM-ACT"]]
    lines = tuple(
        NewOrderLine(f"{key}-{number}", product.pricebook_entry_id, 1, int(product.price), product.billing_cycle, "")
        for number, product in enumerate(wanted)
    )
    return NewOrder(key, customer.account_id, wanted[0].pricebook_id, "2026-11-21", True, "00001234", lines)


def placed(org: Salesforce, order: NewOrder) -> OrderRecord:
    found = org.read_order(org.place_order(order))
    assert found
    return found


def truth(control: Control, order_id: str) -> dict[str, Any]:
    return control.truth(order_id)["orders"][0]["salesforce"]  # type: ignore[no-any-return]


def test_it_reads_the_catalogue(goods: dict[str, Product]) -> None:
    esim, net = goods["SIM-DATA-5"], goods["NET-HOME-1G"]
    assert (esim.name, esim.category, esim.item_class, esim.billing_cycle) == ("eSIM 5 GB", "SIM", "Service", "Monthly")
    assert (esim.price, esim.whmcs_product_id, esim.mobile_plan_id) == (Decimal(1280), 101, "pln_jp05")
    assert esim.accessible
    assert not goods["SIM-FAMILY-50"].accessible
    assert goods["SIM-ACT"].auto_add
    assert "access_mode" in net.options_json


def test_it_finds_an_account_by_its_number(org: Salesforce, customer: Account) -> None:
    assert (customer.number, customer.email) == ("SF-2001", "person2001@example.com")
    assert len(customer.account_id) == 18
    assert org.account_by_number("SF-0000' OR Name != '") is None


def test_it_places_an_order_and_reads_it(org: Salesforce, order: NewOrder) -> None:
    found = placed(org, order)
    assert (found.account_id, found.idem_key, found.status) == (order.account_id, order.idem_key, "Pending Review")
    assert found.activation_status == "Not Started"
    assert datetime.now(UTC) - found.last_modified < timedelta(minutes=1)
    assert list(found.lines) == sorted(found.lines, key=lambda line: line.item_id)
    esim = next(line for line in found.lines if line.sku == "SIM-DATA-5")
    assert (esim.quantity, esim.unit_price, esim.billing_cycle, esim.options) == (Decimal(1), Decimal(1280), "Monthly", "")
    assert (esim.whmcs_product_id, esim.mobile_plan_id, esim.item_class) == (101, "pln_jp05", "Service")


def test_it_places_an_order_once_per_key(org: Salesforce, order: NewOrder) -> None:
    made = org.place_order(order)
    with pytest.raises(AlreadyDone):
        org.place_order(order)
    known = org.order_by_key(order.idem_key)
    assert known
    assert (known.order_id, known.account_id, known.status) == (made, order.account_id, "Pending Review")
    assert org.order_by_key(order.idem_key.upper() + "x") is None


def test_it_tells_a_lost_answer_from_a_refusal(org: Salesforce, order: NewOrder, control: Control) -> None:
    control.fault("salesforce", "tree", "timeout_after", count=1, delay_ms=200)
    with pytest.raises(Ambiguous):
        org.place_order(order)
    assert org.order_by_key(order.idem_key)
    bad = replace(order, idem_key=uuid4().hex, pricebook_id=order.account_id)
    with pytest.raises(Rejected):
        org.place_order(bad)


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "error_before", "error_after", "html", "refuse"])
def test_it_takes_every_unclear_answer_for_ambiguous_when_it_writes_and_unavailable_when_it_reads(
    org: Salesforce, order: NewOrder, control: Control, fault: str
) -> None:
    org.session()
    control.fault("salesforce", "tree", fault, count=1, delay_ms=200)
    with pytest.raises(Ambiguous):
        org.place_order(order)
    control.fault("salesforce", "query", fault, count=1, delay_ms=200)
    with pytest.raises(Unavailable) as raised:
        org.catalogue()
    assert type(raised.value) is Unavailable


def test_it_renews_a_dead_session_once_and_repeats(org: Salesforce, control: Control) -> None:
    first = org.session()
    control.fault("salesforce", "query", "expired_session", count=1)
    assert org.catalogue()
    assert org.session() != first
    control.fault("salesforce", "query", "expired_session", count=5)
    with pytest.raises(Misconfigured) as raised:
        org.catalogue()
    assert raised.value.code == "expired_session"
    fired = control.faults()
    assert sum(fault["fired"] for fault in fired if fault["fault"] == "expired_session") == 3


def test_it_shares_one_session_and_renews_it_once(org: Salesforce, control: Control) -> None:
    control.clear_calls()
    gate = threading.Barrier(8)

    def read(_: int) -> int:
        gate.wait()
        return len(org.catalogue())

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(read, range(8)))) == 1
        assert _logins(control) == 1
        control.fault("salesforce", "query", "expired_session", count=8)
        stale = org.session()

        def renew(_: int) -> object:
            gate.wait()
            return org.renew(stale)

        assert len(set(pool.map(renew, range(8)))) == 1
    assert _logins(control) == 2


def _logins(control: Control) -> int:
    return sum(call["operation"] == "token" for call in control.calls("salesforce"))


def test_it_says_when_it_is_not_let_in(sandbox: Running, org: Salesforce, control: Control) -> None:
    with pytest.raises(Misconfigured):
        salesforce(sandbox.info, client_id="nobody").catalogue()
    with pytest.raises(Misconfigured):
        salesforce(sandbox.info, private_key="no key").catalogue()
    with pytest.raises(Misconfigured):
        salesforce(sandbox.info, ca_file=None).catalogue()
    control.fault("salesforce", "token", "misconfigured", count=1)
    with pytest.raises(Misconfigured):
        org.catalogue()


def test_it_knows_the_organisation(sandbox: Running, org: Salesforce) -> None:
    session = org.session()
    assert session.org_id == sandbox.info["salesforce"]["org_id"]
    assert session.instance_url == sandbox.info["salesforce"]["instance_url"]
    assert session.token not in repr(session)


def test_it_opens_a_case_once_per_key(org: Salesforce, customer: Account) -> None:
    key, text = f"case/{uuid4().hex}?x", "typed by a stranger\x00\x1b"
    numbers = {org.open_case(key=key, subject="Link", description=text, account_id=customer.account_id) for _ in range(2)}
    assert len(numbers) == 1
    assert org.open_case(key=uuid4().hex, subject="Other", description="", account_id=None) not in numbers


def test_it_records_what_became_of_an_order(org: Salesforce, order: NewOrder, control: Control) -> None:
    found = placed(org, order)
    control.approve(found.order_id)
    items = tuple(
        ItemResult(line.item_id, f"9{number}", "8981000" if line.mobile_plan_id else "") for number, line in enumerate(found.lines)
    )
    org.record_status(StatusUpdate(found.order_id, "Failed", None, "boom", "a" * 900))
    org.record_provisioned(Provisioned(found.order_id, "77", "88", "8981000", 3, datetime(2026, 11, 21, 10, tzinfo=UTC), items))
    known = truth(control, found.order_id)
    assert (known["Provisioning_Status__c"], known["Activation_Status__c"]) == ("Provisioned", "Activated")
    assert (known["WHMCS_Order_ID__c"], known["WHMCS_Invoice_ID__c"], known["ESIM_ICCID__c"]) == ("77", "88", "8981000")
    assert known["Provisioning_Error_Code__c"] is None
    assert {(item["Id"], item["WHMCS_Service_ID__c"], item["ESIM_ICCID__c"] or "") for item in known["items"]} == {
        (item.item_id, item.whmcs_service_id, item.iccid) for item in items
    }


def test_it_looks_at_every_part_of_a_composite_answer(org: Salesforce, order: NewOrder) -> None:
    found = placed(org, order)
    items = (ItemResult(found.lines[0].item_id, "1", ""), ItemResult("802000000000001AAA", "2", ""))
    with pytest.raises(Rejected):
        org.record_provisioned(Provisioned(found.order_id, "1", "", "", 1, datetime.now(UTC), items))


def test_it_changes_only_the_status_columns_it_is_told(org: Salesforce, order: NewOrder, control: Control) -> None:
    found = placed(org, order)
    org.record_status(StatusUpdate(found.order_id, "Failed", None, "stock", "no eSIM left"))
    known = truth(control, found.order_id)
    assert (known["Provisioning_Status__c"], known["Provisioning_Error_Code__c"]) == ("Failed", "stock")
    assert (known["Activation_Status__c"], known["Status"]) == ("Not Started", "Pending Review")
    org.record_status(StatusUpdate(found.order_id, "Cancelled", "Failed", "", "", "Cancelled"))
    known = truth(control, found.order_id)
    assert (known["Activation_Status__c"], known["Status"], known["Provisioning_Error_Code__c"]) == ("Failed", "Cancelled", None)


def test_it_lists_what_is_activating(org: Salesforce, order: NewOrder, control: Control) -> None:
    found = placed(org, order)
    control.approve(found.order_id)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert (found.order_id, order.idem_key) in org.activating_orders(later)
    assert org.activating_orders(datetime.now(UTC) - timedelta(days=1)) == ()
    assert len(org.activating_orders(later, limit=1)) == 1


def test_it_reads_many_statuses(org: Salesforce, order: NewOrder) -> None:
    made = org.place_order(order)
    asked = [made[:15], "801000000000001AAA", "nonsense", *[f"801{number:012d}" for number in range(400)]]
    assert org.statuses(asked) == {made: "Pending Review"}
    assert org.statuses([]) == {}


def test_it_knows_no_order_by_a_strange_id(org: Salesforce) -> None:
    assert org.read_order("801000000000001AAA") is None
    assert org.read_order("' OR Id != '") is None
    with pytest.raises(Rejected):
        org.record_status(StatusUpdate("nonsense", "Failed", None, "", ""))
