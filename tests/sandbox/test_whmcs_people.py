"""The sandbox's WHMCS over its wire: clients, contacts, users, their mails and what is written down about them."""

import re

import pytest
import requests

from tests.sandbox.whmcs_calls import AIKO, Whmcs, packed
from tests.support.sandbox import Running


def subjects(whmcs: Whmcs, client_id: int, **more: str) -> list[str]:
    emails = whmcs.ask("GetEmails", clientid=client_id, **more)["emails"]
    return [row["subject"] for row in emails["email"]] if emails else []


def test_it_lists_clients_in_any_order_also_without_names(whmcs: Whmcs) -> None:
    for name in ("", "Zeta", "alpha"):
        whmcs.ask("AddClient", **{**AIKO, "email": f"sorted-{name or 'none'}@example.com", "lastname": name})
    for orderby in ("id", "lastname", "companyname", "groupid", "datecreated", "fields", "no such"):
        found = whmcs.ask("GetClients", orderby=orderby, sorting="DESC", search="sorted-")
        assert (found["totalresults"], found["numreturned"]) == (3, 3)
    found = whmcs.ask("GetClients", orderby="lastname", search="sorted-", limitstart="1", limitnum="1")
    assert (found["startnumber"], [row["lastname"] for row in found["clients"]["client"]]) == (1, ["Zeta"])


def test_it_keeps_the_flags_of_a_client(whmcs: Whmcs) -> None:
    client_id = whmcs.client("flags@example.com")
    whmcs.ask("UpdateClient", clientid=client_id, taxexempt="1", overrideautoclose="1", marketingoptin="1", groupid="4", status="Dreaming")
    whmcs.ask("UpdateClient", clientid=client_id, taxexempt="0")
    client = whmcs.ask("GetClientsDetails", clientid=client_id)["client"]
    assert (client["taxexempt"], client["overrideautoclose"], client["separateinvoices"]) == (False, True, False)
    assert (client["marketing_emails_opt_in"], client["groupid"], client["status"]) == (True, 4, "Active")


def test_it_closes_and_deletes_a_client_with_all_it_has(whmcs: Whmcs) -> None:
    client_id = whmcs.client("leaver@example.com")
    added = whmcs.order(client_id)
    whmcs.ask("AddContact", clientid=client_id, firstname="Ken")
    whmcs.ask("CloseClient", clientid=client_id)
    assert whmcs.refusal("AddOrder", clientid=client_id, paymentmethod="stripe") == "Unable to add order when client status is Closed"
    assert whmcs.ask("DeleteClient", clientid=client_id)["clientid"] == str(client_id)
    assert whmcs.refusal("GetClientsDetails", clientid=client_id) == "Client Not Found"
    assert whmcs.refusal("GetInvoice", invoiceid=added["invoiceid"]) == "Invoice ID Not Found"
    assert (whmcs.services(client_id), whmcs.ask("GetContacts", userid=client_id)["totalresults"]) == ("", 0)
    assert whmcs.refusal("DeleteClient", clientid=client_id) == "Client ID Not Found"
    assert [user["clients"] for user in whmcs.ask("GetUsers", search="leaver@")["users"]] == [[]]
    assert whmcs.order(whmcs.client("stayer@example.com"))["orderid"] > added["orderid"]


def test_it_keeps_contacts_of_a_client(whmcs: Whmcs) -> None:
    client_id = whmcs.client("with-contact@example.com")
    sent = {"firstname": "Ken", "lastname": "Sato", "email": "ken@example.com", "email_preferences[invoice]": "1"}
    contact_id = whmcs.ask("AddContact", clientid=client_id, **sent)["contactid"]
    (row,) = whmcs.ask("GetContacts", email="ken@example.com", userid=client_id)["contacts"]["contact"]
    assert (row["id"], row["userid"], row["invoiceemails"], row["generalemails"]) == (str(contact_id), str(client_id), "1", "0")
    whmcs.ask("UpdateContact", contactid=contact_id, email="ken.sato@example.com")
    assert whmcs.ask("GetContacts", email="ken@example.com")["contacts"] == ""
    whmcs.ask("DeleteContact", contactid=contact_id)
    assert whmcs.refusal("DeleteContact", contactid=contact_id) == "Contact ID Not Found"
    assert whmcs.refusal("AddContact", clientid="99999") == "Client ID Not Found"


def test_it_lets_a_user_log_in_and_own_a_second_client(whmcs: Whmcs) -> None:
    sent = {"firstname": "Mio", "lastname": "Ito", "email": "mio@example.com", "password2": "correct horse"}
    user_id = whmcs.ask("AddUser", **sent)["user_id"]
    assert whmcs.refusal("AddUser", **{**sent, "email": "MIO@example.com"}) == "A user already exists with that email address."
    assert whmcs.refusal("AddUser", **{**sent, "password2": ""}) == "You did not enter a password"
    answer = whmcs.ask("ValidateLogin", email="Mio@example.com", password2="correct horse")
    assert (answer["userid"], answer["twoFactorEnabled"]) == (str(user_id), "false")
    for wrong in ({"password2": "battery"}, {"email": "nobody@example.com"}, {"password2": ""}):
        assert whmcs.refusal("ValidateLogin", **{"email": "mio@example.com", "password2": "correct horse", **wrong})
    clients = [whmcs.client(f"mio-{number}@example.com", owner_user_id=str(user_id)) for number in (1, 2)]
    (user,) = whmcs.ask("GetUsers", search="mio@")["users"]
    assert user["clients"] == [{"id": number, "isOwner": True} for number in clients]
    assert "IP Address: 127.0.0.1" in whmcs.ask("GetClientsDetails", clientid=clients[0])["lastlogin"]
    assert whmcs.refusal("UpdateUser", user_id=user_id) == "One of `email`, `firstname`, `lastname`, or `language` is required"


def test_it_would_mail_what_whmcs_mails(whmcs: Whmcs) -> None:
    client_id = whmcs.ask("AddClient", **{**AIKO, "email": "mailed@example.com", "noemail": ""})["clientid"]
    quiet = whmcs.client("quiet@example.com")
    order = whmcs.order(client_id)
    whmcs.ask("AcceptOrder", orderid=order["orderid"], sendemail="1")
    whmcs.ask("AcceptOrder", orderid=whmcs.order(quiet, noemail="1", noinvoiceemail="1")["orderid"], sendemail="0")
    expected = ["New Product Information", "Customer Invoice", "Order Confirmation", "Welcome"]
    assert (subjects(whmcs, client_id), subjects(whmcs, quiet)) == (expected, [])
    assert subjects(whmcs, client_id, subject="elcom") == ["Welcome"]
    assert whmcs.ask("GetEmails", clientid=client_id)["emails"]["email"][0]["to"] == "Aiko Tanaka <mailed@example.com>"
    assert whmcs.refusal("GetEmails", clientid="99999") == "Client ID Not Found"


def test_it_sends_templates_and_own_words(whmcs: Whmcs) -> None:
    client_id = whmcs.client("written@example.com")
    order = whmcs.order(client_id, noemail="1", noinvoiceemail="1")
    whmcs.ask("SendEmail", messagename="Invoice Created", id=order["invoiceid"])
    own = {"customtype": "product", "customsubject": "About {$what}", "custommessage": "<p>{$what}</p>"}
    whmcs.ask("SendEmail", **own, id=order["serviceids"], customvars=packed({"what": "your eSIM"}))  # type: ignore[dict-item]
    assert subjects(whmcs, client_id) == ["About your eSIM", "Customer Invoice"]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "You must provide either an existing email template name or a custom message type"),
        ({"messagename": "Order Confirmation"}, "Email Template not found"),
        ({"messagename": "Client Signup Email", "id": ""}, "A related ID is required"),
        ({"customtype": "poem"}, "Invalid message type provided"),
        ({"customtype": "general"}, "A subject is required for a custom message"),
        ({"customtype": "general", "customsubject": "x"}, "A message body is required for a custom message"),
        ({"messagename": "Client Signup Email", "customvars": "rubbish"}, "The custom variables you provided are invalid."),
        ({"messagename": "Client Signup Email", "id": "99999"}, "Sending Failed. Please see documentation."),
    ],
)
def test_it_refuses_a_mail(whmcs: Whmcs, sent: dict[str, str], message: str) -> None:
    assert whmcs.refusal("SendEmail", **{"id": "1", **sent}) == message


def test_it_writes_down_what_happened(whmcs: Whmcs) -> None:
    client_id = whmcs.client("noted@example.com")
    whmcs.ask("LogActivity", description="SF order 801 was linked", clientid=client_id)
    found = whmcs.ask("GetActivityLog", clientid=client_id)["activity"]["entry"]
    assert [row["description"] for row in found] == ["SF order 801 was linked", f"Created Client ID: {client_id}"]
    (row,) = whmcs.ask("GetActivityLog", description="sf ORDER 801", ipaddress="127.")["activity"]["entry"]
    assert (row["clientId"], row["userid"], row["username"]) == (client_id, client_id, "admin")
    day = "/".join(reversed(row["date"][:10].split("-")))
    assert whmcs.ask("GetActivityLog", clientid=client_id, date=day)["totalresults"] == 2
    assert whmcs.ask("GetActivityLog", clientid=client_id, date="2026-01-01")["activity"] == ""
    assert whmcs.refusal("LogActivity") == "Log description is required"
    assert type(whmcs.ask("AddClientNote", userid=client_id, notes="calls back")["noteid"]) is int
    assert "calls back" in requests.get(whmcs.url, timeout=10).text
    assert whmcs.refusal("AddClientNote", userid=client_id) == "Notes can not be empty"
    assert whmcs.refusal("AddClientNote", userid="99999", notes="x") == "Client ID not found"


def test_it_redeems_a_sign_on_within_a_minute_and_shows_no_drafts(sandbox: Running, whmcs: Whmcs) -> None:
    client_id = whmcs.client("visitor@example.com")
    late = whmcs.ask("CreateInvoice", userid=client_id, duedate="2020-01-01", itemdescription1="x", itemamount1="10", taxrate="8")
    draft = whmcs.ask("CreateInvoice", userid=client_id, draft="1", itemdescription1="x", itemamount1="10")["invoiceid"]
    fresh, stale = (whmcs.ask("CreateSsoToken", client_id=client_id, destination="clientarea:invoices")["redirect_url"] for _ in range(2))
    with requests.Session() as person:
        page = person.get(fresh, timeout=10)
        assert re.findall(r"viewinvoice\.php\?id=(\d+)", page.text) == [str(late["invoiceid"])]
        assert "Overdue" in page.text
        assert "due 2020-01-01" in person.get(f"{whmcs.url}/viewinvoice.php?id={late['invoiceid']}", timeout=10).text
        assert person.get(f"{whmcs.url}/viewinvoice.php?id={draft}", timeout=10).status_code == 404
    sandbox.control.ask("POST", "clock", {"advance_s": 61})
    assert requests.get(stale, timeout=10).status_code == 403
