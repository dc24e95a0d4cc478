"""The sandbox's WHMCS over its wire: invoices, payments, credit, modules and the mails that would go out."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.sandbox.whmcs_calls import ESIM, HOME, Whmcs

LINE = {"itemdescription1": "1 GB extra", "itemamount1": "400", "itemtaxed1": "1"}


@pytest.fixture
def client_id(whmcs: Whmcs, request: pytest.FixtureRequest) -> int:
    return whmcs.client(f"{abs(hash(request.node.name))}@example.com")


def invoice(whmcs: Whmcs, client_id: int, **more: Any) -> int:
    return whmcs.ask("CreateInvoice", userid=client_id, **{**LINE, **more})["invoiceid"]


def shown(whmcs: Whmcs, number: int) -> dict[str, Any]:
    return whmcs.ask("GetInvoice", invoiceid=number)


def subjects(whmcs: Whmcs, client_id: int) -> list[str]:
    emails = whmcs.ask("GetEmails", clientid=client_id)["emails"]
    return [row["subject"] for row in emails["email"]] if emails else []


def test_it_makes_an_invoice_of_lines_without_tax_and_with_it(whmcs: Whmcs, client_id: int) -> None:
    plain = whmcs.ask("CreateInvoice", userid=client_id, notes="sf-1", **LINE, itemdescription2="Gift", itemamount2="-100.50", date="soon")
    assert (type(plain["invoiceid"]), plain["status"]) == (int, "Unpaid")
    found = shown(whmcs, plain["invoiceid"])
    assert {name: found[name] for name in ("subtotal", "tax", "total", "balance", "taxrate", "notes")} == {
        "subtotal": "299.50", "tax": "0.00", "total": "299.50", "balance": "299.50", "taxrate": "0.000", "notes": "sf-1",
    }  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])
    assert [(row["type"], row["description"], row["taxed"]) for row in found["items"]["item"]] == [("", "1 GB extra", 1), ("", "Gift", 0)]
    taxed = shown(whmcs, invoice(whmcs, client_id, taxrate="10", itemdescription2="Stamp", itemamount2="100"))
    assert (taxed["subtotal"], taxed["tax"], taxed["total"], taxed["taxrate"]) == ("500.00", "40.00", "540.00", "10.000")


def test_it_lets_a_draft_be_changed_and_published(whmcs: Whmcs, client_id: int) -> None:
    number = invoice(whmcs, client_id, draft="1")
    (line,) = shown(whmcs, number)["items"]["item"]
    at = line["id"]
    change = {f"itemdescription[{at}]": "2 GB", f"itemamount[{at}]": "800", f"itemtaxed[{at}]": "0"}
    added = {"newitemdescription[0]": "Fee", "newitemamount[0]": "50", "newitemtaxed[0]": "0"}
    assert whmcs.ask("UpdateInvoice", invoiceid=number, duedate="2030-01-31", **change, **added)["invoiceid"] == number
    found = shown(whmcs, number)
    assert (found["status"], found["total"], found["duedate"]) == ("Draft", "850.00", "2030-01-31")
    partly = {f"itemamount[{at}]": "1"}
    assert whmcs.refusal("UpdateInvoice", invoiceid=number, **partly).startswith("Missing Variables: itemdescription, itemamount and")
    whmcs.ask("UpdateInvoice", invoiceid=number, publishandsendemail="1", **{"deletelineids[0]": at})
    assert (shown(whmcs, number)["status"], shown(whmcs, number)["total"]) == ("Unpaid", "50.00")
    assert subjects(whmcs, client_id) == ["Customer Invoice"]
    assert whmcs.refusal("UpdateInvoice", invoiceid=number, publish="1") == "Invoice must be in Draft status to be published"


@pytest.mark.parametrize(
    ("chosen", "contents", "words"),
    [
        ({}, "You cannot modify an Invoice that is Unpaid", None),
        ({"immutability": "all"}, "You cannot modify an Invoice that is Unpaid", "You cannot modify an Invoice that is Unpaid"),
        ({"immutability": "off"}, None, None),
        ({"version": "8.13.1"}, None, None),
    ],
)
def test_it_freezes_published_invoices_as_its_version_does(
    whmcs: Whmcs, client_id: int, chosen: dict[str, str], contents: str | None, words: str | None
) -> None:
    number = invoice(whmcs, client_id)
    whmcs.switch(**chosen)
    line = {"newitemdescription[0]": "x", "newitemamount[0]": "1", "newitemtaxed[0]": "0"}
    for sent, message in ((line, contents), ({"duedate": "2031-01-01"}, contents), ({"notes": "late"}, words)):
        answer = whmcs.ask("UpdateInvoice", invoiceid=number, **sent)
        assert answer.get("message") == message
    assert (shown(whmcs, number)["total"], shown(whmcs, number)["notes"]) == ("400.00" if contents else "401.00", "" if words else "late")


@pytest.mark.parametrize(
    ("action", "sent", "message"),
    [
        ("CreateInvoice", {"userid": "99999"}, "Client ID Not Found"),
        (
            "CreateInvoice",
            {"draft": "1", "sendinvoice": "1"},
            "Cannot create and send a draft invoice in a single API request. Please create and send separately.",
        ),
        ("UpdateInvoice", {"invoiceid": "99999"}, "Invoice ID Not Found"),
        ("UpdateInvoice", {"status": "Lost"}, "Invalid status Lost"),
        ("AddInvoicePayment", {"invoiceid": "99999"}, "Invoice ID Not Found"),
        ("CapturePayment", {"invoiceid": "99999"}, "Invoice Not Found or Not Unpaid"),
        ("CapturePayment", {}, "Payment Attempt Failed"),
        ("ApplyCredit", {"amount": "1"}, "Amount exceeds customer credit balance"),
        ("ApplyCredit", {}, "Credit Amount to apply must be greater than zero"),
        ("AddTransaction", {}, "Payment Method is required"),
        ("AddTransaction", {"paymentmethod": "stripe", "userid": "99999", "invoiceid": ""}, "Client ID Not Found"),
        ("AddCredit", {"clientid": "99999", "amount": "1"}, "Client ID Not Found"),
        ("AddCredit", {}, "No Amount Provided"),
        ("AddCredit", {"amount": "-5"}, "Amount must be in decimal format: ### or ###.##"),
        ("AddCredit", {"amount": "5", "type": "give"}, "Type can only be add or remove"),
        ("AddCredit", {"amount": "5", "date": "22/11/2026"}, "Date Format is not Valid"),
    ],
)
def test_it_refuses_in_the_words_of_whmcs(whmcs: Whmcs, client_id: int, action: str, sent: dict[str, str], message: str) -> None:
    number = invoice(whmcs, client_id)
    assert whmcs.refusal(action, **{"userid": client_id, "clientid": client_id, "invoiceid": number, **sent}) == message
    assert shown(whmcs, number)["status"] == "Unpaid"


def test_it_pays_in_parts_and_keeps_what_is_over_as_credit(whmcs: Whmcs, client_id: int) -> None:
    number = invoice(whmcs, client_id, itemamount1="1000")
    whmcs.ask("AddInvoicePayment", invoiceid=number, transid="first", gateway="banktransfer", amount="300", date="2026-11-22 10:00:00")
    assert (shown(whmcs, number)["status"], shown(whmcs, number)["balance"]) == ("Unpaid", "700.00")
    whmcs.ask("AddInvoicePayment", invoiceid=number, transid="second", gateway="banktransfer", amount="1000")
    paid = shown(whmcs, number)
    assert (paid["status"], paid["balance"], paid["datepaid"][:4]) == ("Paid", "-300.00", paid["date"][:4])
    first, second = paid["transactions"]["transaction"]
    assert (first["amountin"], first["date"], second["gateway"]) == ("300.00", "2026-11-22 10:00:00", "banktransfer")
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["credit"] == "300.00"
    (row,) = whmcs.ask("GetTransactions", transid="second")["transactions"]["transaction"]
    assert (row["invoiceid"], row["userid"], row["amountin"]) == (str(number), str(client_id), "1000.00")
    assert subjects(whmcs, client_id) == ["Invoice Payment Confirmation"]
    assert whmcs.refusal("AddInvoicePayment", invoiceid=number) == "The payment amount must be greater than zero"
    whmcs.ask("UpdateInvoice", invoiceid=number, status="Cancelled")
    whmcs.ask("AddTransaction", paymentmethod="stripe", invoiceid=number, amountin="50", transid="late")
    found = shown(whmcs, number), whmcs.ask("GetClientsDetails", clientid=client_id)
    assert (found[0]["status"], found[1]["credit"]) == ("Cancelled", "350.00")
    assert whmcs.refusal("AddInvoicePayment", invoiceid=number) == "It is not possible to add a payment to an invoice that is Cancelled"


def test_it_applies_credit_and_tells_when_that_pays_the_invoice(whmcs: Whmcs, client_id: int) -> None:
    assert whmcs.ask("AddCredit", clientid=client_id, description="Gift", amount="1000")["newbalance"] == "1000.00"
    first, second = invoice(whmcs, client_id), invoice(whmcs, client_id, itemamount1="900")
    applied = whmcs.ask("ApplyCredit", invoiceid=first, amount="400")
    assert applied == {"result": "success", "invoiceid": str(first), "amount": "400.00", "invoicepaid": "true"}
    assert whmcs.refusal("ApplyCredit", invoiceid=first) == "Invoice Not in Unpaid Status"
    assert whmcs.ask("ApplyCredit", invoiceid=second)["invoicepaid"] == "false"
    found = shown(whmcs, second)
    assert (found["credit"], found["total"], found["balance"], found["subtotal"]) == ("600.00", "300.00", "300.00", "900.00")
    ledger = whmcs.ask("GetCredits", clientid=client_id)["credits"]["credit"]
    assert [(row["amount"], row["relid"]) for row in ledger] == [("1000.00", "0"), ("-400.00", str(first)), ("-600.00", str(second))]
    whmcs.ask("AddCredit", clientid=client_id, description="More", amount="500")
    assert whmcs.refusal("ApplyCredit", invoiceid=second, amount="301") == "Amount Exceeds Invoice Balance"
    assert shown(whmcs, invoice(whmcs, client_id, autoapplycredit="1"))["status"] == "Paid"
    assert whmcs.refusal("AddCredit", clientid=client_id, amount="200", type="remove") == "Amount exceeds customer credit balance"


def test_it_captures_from_a_good_card_only(whmcs: Whmcs, client_id: int) -> None:
    number = invoice(whmcs, client_id)
    email = whmcs.ask("GetClientsDetails", clientid=client_id)["email"]
    for expiry, message in (("01/20", "Payment Attempt Failed"), ("12/40", None), (None, "Invoice Not Found or Not Unpaid")):
        if expiry:
            requests.post(f"{whmcs.url}/sandbox/pay-methods", json={"client_email": email, "expiry": expiry}, timeout=10)
        assert whmcs.ask("CapturePayment", invoiceid=number).get("message") == message
        assert shown(whmcs, number)["lastcaptureattempt"] != "0000-00-00 00:00:00"
    assert shown(whmcs, number)["status"] == "Paid"


def test_it_keeps_transactions_that_are_no_payment(whmcs: Whmcs, client_id: int) -> None:
    number = invoice(whmcs, client_id)
    whmcs.ask("AddInvoicePayment", invoiceid=number, transid="in", gateway="stripe")
    whmcs.ask("AddTransaction", paymentmethod="stripe", invoiceid=number, transid="out", amountout="400", description="Refund", fees="3")
    whmcs.ask("UpdateInvoice", invoiceid=number, status="Refunded")
    back = shown(whmcs, number)
    assert (back["status"], [row["amountout"] for row in back["transactions"]["transaction"]]) == ("Refunded", ["0.00", "400.00"])
    again = {"paymentmethod": "stripe", "userid": client_id, "transid": "in", "amountin": "50", "credit": "1", "date": "01/02/2026"}
    assert whmcs.refusal("AddTransaction", **again) == "Transaction ID must be Unique"
    whmcs.ask("AddTransaction", **again, allowduplicatetransid="1")
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["credit"] == "50.00"
    rows = whmcs.ask("GetTransactions", clientid=client_id)["transactions"]["transaction"]
    assert [(row["transid"], row["fees"]) for row in rows] == [("in", "0.00"), ("out", "3.00"), ("in", "0.00")]
    assert rows[-1]["date"] == "2026-02-01 00:00:00"
    whmcs.switch(unique_transid=True)
    assert whmcs.refusal("AddInvoicePayment", invoiceid=invoice(whmcs, client_id), transid="in") == "Transaction ID must be Unique"


def test_it_finds_overdue_invoices_and_counts_them(whmcs: Whmcs, client_id: int) -> None:
    late, _ = invoice(whmcs, client_id, duedate="2020-01-01"), invoice(whmcs, client_id, duedate="2099-01-01")
    rows = whmcs.ask("GetInvoices", userid=client_id, status="Overdue")["invoices"]["invoice"]
    assert [(row["id"], row["status"]) for row in rows] == [(late, "Unpaid")]
    stats = whmcs.ask("GetClientsDetails", clientid=client_id, stats="1")["stats"]
    assert (stats["numoverdueinvoices"], stats["overdueinvoicesbalance"], stats["dueinvoicesbalance"]) == ("1", "¥400", "¥800")


def product(whmcs: Whmcs, **more: str) -> int:
    sent = {"name": "Cloud", "gid": "3", "type": "server", "paytype": "recurring", "module": "autorelease"}
    return whmcs.ask("AddProduct", **sent, **{"pricing[1][monthly]": "500", "pricing[1][annually]": "5000.5", **more})["pid"]


def service(whmcs: Whmcs, client_id: int) -> dict[str, Any]:
    return whmcs.services(client_id)["product"][0]


def test_it_sells_a_product_that_was_added(whmcs: Whmcs, client_id: int) -> None:
    pid = product(whmcs)
    (sold,) = whmcs.ask("GetProducts", pid=pid)["products"]["product"]
    prices = sold["pricing"]["JPY"]
    assert (prices["monthly"], prices["quarterly"], prices["annually"], sold["module"]) == ("500.00", "-1.00", "5000.50", "autorelease")
    added = whmcs.order(client_id, **{"pid[0]": str(pid), "billingcycle[0]": "annually"})
    assert shown(whmcs, added["invoiceid"])["total"] == "5000.50"
    assert whmcs.refusal("AddProduct", name="x", gid="99") == "You must supply a valid Product Group ID"


def test_it_leads_a_service_through_its_module(whmcs: Whmcs, client_id: int) -> None:
    added = whmcs.order(client_id, **{"pid[0]": str(product(whmcs)), "noemail": "1", "noinvoiceemail": "1"})
    at = added["serviceids"]
    whmcs.ask("AcceptOrder", orderid=added["orderid"])
    assert service(whmcs, client_id)["status"] == "Pending"
    for action, status in (
        ("ModuleCreate", "Active"), ("ModuleSuspend", "Suspended"), ("ModuleUnsuspend", "Active"), ("ModuleTerminate", "Terminated"),
    ):  # fmt: skip
        assert whmcs.ask(action, serviceid=at) == {"result": "success"}
        assert service(whmcs, client_id)["status"] == status
        assert status in whmcs.refusal(action, accountid=at)
    assert subjects(whmcs, client_id) == ["Service Suspension Notification", "New Product Information"]
    assert whmcs.refusal("ModuleCreate") == "Service ID is required"
    assert whmcs.refusal("ModuleCreate", serviceid="99999") == "Service ID not found"
    assert whmcs.refusal("ModuleCreate", serviceid=whmcs.order(client_id)["serviceids"]) == "Module Not Found"


@pytest.mark.parametrize("status", ["Pending", "Active"])
def test_it_leaves_the_order_somewhere_when_its_module_fails(whmcs: Whmcs, client_id: int, status: str) -> None:
    added = whmcs.order(client_id, **{"pid[0]": str(product(whmcs))})
    whmcs.switch(module="fails", order_after_module_failure=status)
    assert whmcs.refusal("AcceptOrder", orderid=added["orderid"], autosetup="1") == "Could not connect to the provisioning server"
    (order,) = whmcs.ask("GetOrders", id=added["orderid"])["orders"]["order"]
    assert (order["status"], order["lineitems"]["lineitem"][0]["status"]) == (status, "Pending")


def test_it_sets_up_on_payment_what_is_sold_so_and_moves_the_due_date_on(whmcs: Whmcs, client_id: int) -> None:
    added = whmcs.order(client_id, **{"pid[0]": str(product(whmcs, autosetup="payment")), "pid[1]": HOME})
    before = service(whmcs, client_id)
    whmcs.ask("AddInvoicePayment", invoiceid=added["invoiceid"], transid="", gateway="stripe", date="")
    after, home = whmcs.services(client_id)["product"]
    assert (before["status"], after["status"], home["status"]) == ("Pending", "Active", "Pending")
    assert after["nextduedate"][:8] != before["nextduedate"][:8]


def test_it_ends_orders_and_deletes_only_those(whmcs: Whmcs, client_id: int) -> None:
    added = whmcs.order(client_id)
    whmcs.ask("AcceptOrder", orderid=added["orderid"])
    assert whmcs.refusal("DeleteOrder", orderid=added["orderid"]) == "The order status must be in Cancelled or Fraud to be deleted"
    whmcs.ask("PendingOrder", orderid=added["orderid"])
    assert service(whmcs, client_id)["status"] == "Pending"
    whmcs.ask("FraudOrder", orderid=added["orderid"])
    assert (service(whmcs, client_id)["status"], shown(whmcs, added["invoiceid"])["status"]) == ("Fraud", "Cancelled")
    whmcs.ask("DeleteOrder", orderid=added["orderid"])
    assert (whmcs.services(client_id), whmcs.ask("GetOrders", userid=client_id)["orders"]) == ("", "")
    assert whmcs.refusal("GetInvoice", invoiceid=added["invoiceid"]) == "Invoice ID Not Found"
    for action in ("FraudOrder", "PendingOrder", "DeleteOrder"):
        assert whmcs.refusal(action, orderid=added["orderid"]).lower() == "order id not found"


@pytest.mark.parametrize("answer", [0, "", None])
def test_it_has_no_invoice_for_an_order_without_one(whmcs: Whmcs, client_id: int, answer: Any) -> None:
    whmcs.switch(no_invoice_id=answer)
    assert whmcs.order(client_id, noinvoice="1")["invoiceid"] == answer
    (order,) = whmcs.ask("GetOrders", userid=client_id)["orders"]["order"]
    assert order["paymentstatus"] == "No Invoice"


def test_it_takes_orders_at_the_same_time(whmcs: Whmcs, client_id: int) -> None:
    with ThreadPoolExecutor(8) as crowd:
        added = list(crowd.map(lambda _: whmcs.order(client_id, **{"pid[1]": ESIM}), range(8)))
    assert len({row["orderid"] for row in added}) == len({row["invoiceid"] for row in added}) == 8
    services = [at for row in added for at in row["serviceids"].split(",")]
    assert len(set(services)) == len(whmcs.services(client_id)["product"]) == 16


def test_it_pays_once_when_two_apply_the_same_credit(whmcs: Whmcs, client_id: int) -> None:
    whmcs.ask("AddCredit", clientid=client_id, description="Gift", amount="400")
    numbers = [invoice(whmcs, client_id) for _ in range(4)]
    with ThreadPoolExecutor(4) as crowd:
        results = list(crowd.map(lambda number: whmcs.ask("ApplyCredit", invoiceid=number)["result"], numbers))
    assert sorted(results) == ["error", "error", "error", "success"]
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["credit"] == "0.00"
