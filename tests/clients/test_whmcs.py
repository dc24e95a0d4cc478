"""The WHMCS client over the wire, with the sandbox on the other side."""

import re
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
import requests

from console.clients.whmcs import Address, ClientRef, NewClient, NewService, PayMethod, Whmcs
from console.errors import AlreadyDone, Ambiguous, Misconfigured, Rejected, Unavailable
from tests.clients.connected import whmcs
from tests.support.sandbox import Control, Running

ADDRESS = Address("Aiko", "Tanaka & Söhne", "0312345678", "100-0001", "Tokyo", "千代田区", "1-1 O'Hara", "", "JP")


@pytest.fixture
def billing(sandbox: Running) -> Whmcs:
    return whmcs(sandbox.info, total_s=5)


@pytest.fixture
def wanted() -> NewClient:
    key = uuid4().hex
    return NewClient(f"{key}@example.com", "Correct horse 7", ADDRESS, f"SF-{key[:8]}", f"portal:{key}")


@pytest.fixture
def client(billing: Whmcs, wanted: NewClient) -> ClientRef:
    return billing.add_client(wanted)


@pytest.fixture
def esim(sandbox: Running) -> NewService:
    return NewService(
        101, f"sf-{uuid4().hex[:18]}", 1, "Monthly", 1280, {}, {sandbox.info["whmcs"]["order_id_field"]: "801000000000001AAA"}
    )


def test_it_makes_a_client_with_its_user(billing: Whmcs, wanted: NewClient, client: ClientRef) -> None:
    found = billing.client_by_email(wanted.email)
    assert found == billing.client(client.client_id)
    assert found
    assert (found.client_id, found.user_id) == (client.client_id, client.user_id)
    assert (found.email, found.customer_number, found.notes, found.status) == (wanted.email, wanted.customer_number, wanted.note, "Active")
    assert found.address == ADDRESS
    assert wanted.password not in repr(wanted)


def test_it_makes_no_second_client_for_an_address(billing: Whmcs, wanted: NewClient, client: ClientRef) -> None:
    with pytest.raises(AlreadyDone):
        billing.add_client(wanted)
    assert billing.client_by_email("nobody@example.com") is None
    assert billing.client(999_999) is None


def test_it_changes_an_address(billing: Whmcs, client: ClientRef) -> None:
    moved = replace(ADDRESS, city="大阪市", address2="3F")
    billing.change_client(client.client_id, asdict(moved))
    found = billing.client(client.client_id)
    assert found
    assert found.address == moved
    with pytest.raises(Rejected) as raised:
        billing.change_client(999_999, asdict(moved))
    assert raised.value.code == "client_not_found"


def test_it_changes_e_mails_again_and_again_but_takes_nobody_elses(billing: Whmcs, client: ClientRef) -> None:
    new = f"moved{client.client_id}@example.com"
    for _ in range(2):
        billing.update_client_email(client.client_id, new)
        billing.update_user_email(client.user_id, new)
    assert billing.client_by_email(new) == billing.client(client.client_id)
    other = billing.add_client(NewClient(f"other{client.client_id}@example.com", "a long password", ADDRESS, "SF-1", "portal:2"))
    for act, number in ((billing.update_client_email, other.client_id), (billing.update_user_email, other.user_id)):
        with pytest.raises(AlreadyDone):
            act(number, new)
    with pytest.raises(Rejected) as raised:
        billing.update_user_email(999_999, "nobody@example.com")
    assert raised.value.code == "user_not_found"


def test_it_leads_to_the_payment_page_where_a_card_is_added(sandbox: Running, billing: Whmcs, client: ClientRef) -> None:
    assert billing.pay_methods(client.client_id) == ()
    browser = requests.Session()
    url = billing.sso_url(client.client_id, client.user_id, sandbox.info["whmcs"]["sso_payment_path"])
    page = browser.get(url, timeout=5)
    token = re.findall(r'name="token" value="(\w+)"', page.text)[0]
    browser.post(page.url, data={"token": token, "do": "add"}, timeout=5)
    (method,) = billing.pay_methods(client.client_id)
    assert method.valid_on(date.today())
    assert len(method.last_four) == 4
    assert browser.get(url, timeout=5).status_code == 403
    with pytest.raises(Rejected):
        billing.sso_url(999_999, client.user_id, "x")


@pytest.mark.parametrize(
    ("expiry", "valid"),
    [("11/26", True), ("12/26", True), ("10/26", False), ("01/27", True), ("", True), ("nonsense", False), ("13/30", False)],
)
def test_it_knows_when_a_method_has_expired(expiry: str, valid: bool) -> None:
    assert PayMethod(1, "CreditCard", "", "4242", expiry).valid_on(date(2026, 11, 30)) is valid


def test_it_orders_accepts_and_reads_back(sandbox: Running, billing: Whmcs, client: ClientRef, esim: NewService) -> None:
    door = sandbox.info["whmcs"]
    activation = NewService(110, f"{esim.label}-a", 1, "Onetime", 1100, {}, esim.fields)
    made = billing.add_order(client.client_id, [esim, activation])
    assert len(made.service_ids) == 2
    assert made.invoice_id
    order = billing.order(made.order_id)
    assert order
    assert (order.status, order.client_id, order.invoice_id, order.amount) == ("Pending", client.client_id, made.invoice_id, Decimal(2380))
    assert {(item.label, item.amount) for item in order.items} == {(esim.label, Decimal(1280)), (activation.label, Decimal(1100))}
    billing.accept_order(made.order_id)
    with pytest.raises(AlreadyDone):
        billing.accept_order(made.order_id)
    (service,) = billing.services_by_label(client.client_id, esim.label.upper())
    assert (service.order_id, service.product_id, service.status, service.amount) == (made.order_id, 101, "Active", Decimal(1280))
    assert service.fields[door["order_id_field"]] == "801000000000001AAA"
    assert {each.service_id for each in billing.services_of(client.client_id)} == set(made.service_ids)


def test_it_writes_fields_and_notes_of_a_service(sandbox: Running, billing: Whmcs, client: ClientRef, esim: NewService) -> None:
    (service_id,) = billing.add_order(client.client_id, [esim]).service_ids
    field = sandbox.info["whmcs"]["iccid_field"]
    billing.update_service(service_id, 101, fields={field: "8981000000000000001", "Unset": ""}, notes="first\nsecond")
    billing.update_service(service_id, 101, fields={}, notes=None)
    service = billing.service(service_id)
    assert service
    assert (service.fields[field], service.notes) == ("8981000000000000001", "first\nsecond")
    assert billing.service(999_999) is None
    with pytest.raises(Misconfigured):
        billing.update_service(service_id, 101, fields={"No such field": "x"}, notes=None)
    with pytest.raises(Rejected):
        billing.update_service(service_id, 999_999, fields={field: "x"}, notes=None)


def test_it_orders_options_and_reads_all_pages(billing: Whmcs, client: ClientRef) -> None:
    lines = [NewService(201, f"sf-{uuid4().hex[:18]}", 1, "Monthly", 5610, {5: 17, 6: 2}, {}) for _ in range(130)]
    made = billing.add_order(client.client_id, lines)
    assert len(made.service_ids) == 130
    assert {service.service_id for service in billing.services_of(client.client_id)} == set(made.service_ids)


def test_it_says_what_was_refused(billing: Whmcs, client: ClientRef, esim: NewService, sandbox: Running) -> None:
    for bad, code in [
        (replace(esim, billing_cycle="Weekly"), "billing_cycle_unknown"),
        (replace(esim, product_id=999, fields={}), "nothing_added"),
    ]:
        with pytest.raises(Rejected) as raised:
            billing.add_order(client.client_id, [bad])
        assert raised.value.code == code
    with pytest.raises(Rejected) as raised:
        billing.add_order(999_999, [esim])
    assert raised.value.code == "client_not_found"
    with pytest.raises(Rejected) as raised:
        whmcs(sandbox.info, payment_method="cheques").add_order(client.client_id, [esim])
    assert raised.value.code == "payment_method_invalid"
    assert billing.order(999_999) is None


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "error_before", "error_after", "html", "refuse"])
def test_it_takes_every_unclear_answer_for_ambiguous_when_it_writes_and_unavailable_when_it_reads(
    billing: Whmcs, client: ClientRef, esim: NewService, control: Control, fault: str
) -> None:
    control.fault("whmcs", "AddOrder", fault, count=1, delay_ms=200)
    with pytest.raises(Ambiguous):
        billing.add_order(client.client_id, [esim])
    happened = fault in ("timeout_after", "error_after")
    assert len(billing.services_by_label(client.client_id, esim.label)) == int(happened)
    control.fault("whmcs", "GetPayMethods", fault, count=1, delay_ms=200)
    with pytest.raises(Unavailable):
        billing.pay_methods(client.client_id)


def test_it_says_when_it_is_not_let_in(sandbox: Running, billing: Whmcs, control: Control) -> None:
    for bad in ({"secret": "wrong"}, {"url": f"{sandbox.info['whmcs']['url']}/elsewhere"}):
        with pytest.raises(Misconfigured):
            whmcs(sandbox.info, **bad).version()
    control.fault("whmcs", "WhmcsDetails", "misconfigured", count=1)
    with pytest.raises(Misconfigured):
        billing.version()
    assert billing.version()


def test_it_takes_the_address_of_the_script_too(sandbox: Running) -> None:
    assert whmcs(sandbox.info, url=f"{sandbox.info['whmcs']['url']}/includes/api.php/").version()
