"""The sandbox's WHMCS over its wire: access, clients, the life of an order, payment methods and single sign-on."""

import base64
import re
from decimal import Decimal

import pytest
import requests

from tests.sandbox.whmcs_calls import ACTIVATION, AIKO, ESIM, HOME, Whmcs, packed
from tests.support.sandbox import Running


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        ({"secret": "wrong", "action": "WhmcsDetails"}, 403, "Invalid or missing credentials"),
        ({"secret": "", "identifier": "", "action": "WhmcsDetails"}, 403, "Invalid or missing credentials"),
        ({}, 400, "Empty action request"),
        ({"action": "MergeTicket"}, 403, 'Invalid Permissions: API action "mergeticket" is not allowed'),
        ({"action": "BrewCoffee"}, 404, "The requested API Action could not be found."),
    ],
)
def test_it_refuses_in_the_words_of_whmcs(whmcs: Whmcs, sent: dict[str, str], status: int, message: str) -> None:
    answer = whmcs.post(None, **sent)
    assert (answer.status_code, answer.json()) == (status, {"result": "error", "message": message})


def test_it_merges_query_and_body_and_ignores_case_of_the_action(whmcs: Whmcs) -> None:
    keys = {"username": whmcs.info["identifier"], "password": whmcs.info["secret"], "responsetype": "json"}
    answer = requests.post(f"{whmcs.url}/includes/api.php?action=whmcsdetails&responsetype=xml", data=keys, timeout=10)
    assert answer.json()["whmcs"]["version"].startswith("9.")
    assert answer.headers["Content-Type"].startswith("application/json")


def test_it_answers_xml_when_nobody_asks_for_json(whmcs: Whmcs) -> None:
    answer = whmcs.post("GetCurrencies", responsetype="")
    assert answer.headers["Content-Type"].startswith("application/xml")
    assert "<action>getcurrencies</action>\n<result>success</result>" in answer.text


def test_it_writes_quotes_as_php_does(whmcs: Whmcs) -> None:
    client_id = whmcs.client("quote@example.com", companyname='Ota & "Sons" \\ <KK>')
    answer = whmcs.post("GetClientsDetails", clientid=client_id)
    assert r"Ota \u0026 \u0022Sons\u0022 \\ \u003CKK\u003E" in answer.text
    assert answer.json()["client"]["companyname"] == 'Ota & "Sons" \\ <KK>'


def test_it_makes_a_client_with_a_user_once(whmcs: Whmcs) -> None:
    field = whmcs.info["customer_number_field_id"]
    added = whmcs.ask("AddClient", **AIKO, customfields=packed({field: "SF-1001", 99: "nobody's"}))
    assert {type(added["clientid"]), type(added["owner_id"])} == {int}
    again = whmcs.refusal("AddClient", **{**AIKO, "email": "AIKO.tanaka@example.com"})
    assert again == "A user already exists with that email address."
    found = whmcs.ask("GetClientsDetails", email="Aiko.Tanaka@example.com")
    client = found["client"]
    assert (client["id"], client["owner_user_id"], client["notes"]) == (added["clientid"], added["owner_id"], "portal:7")
    assert client["customfields"] == [{"id": field, "value": "SF-1001"}]
    assert (found["customfields1"], client["email_preferences"]["invoice"]) == ("SF-1001", "1")
    users = whmcs.ask("GetUsers", search="aiko.tanaka@")["users"]
    assert [user["clients"] for user in users] == [[{"id": added["clientid"], "isOwner": True}]]


def test_it_does_not_see_custom_fields_wrapped_in_an_array(whmcs: Whmcs) -> None:
    field = whmcs.info["customer_number_field_id"]
    client_id = whmcs.client("wrapped@example.com", **{"customfields[0]": packed({field: "SF-1001"})})
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["customfields1"] == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"email": ""}, "You did not enter your email address"),
        ({"email": "nobody"}, "The email address you entered was not valid"),
        ({"skipvalidation": "", "address1": ""}, "You did not enter your  address line 1"),
        ({"skipvalidation": "", "country": "Japan"}, "Valid country required"),
        ({"owner_user_id": "99999"}, "Invalid Owner User ID"),
    ],
)
def test_it_refuses_a_client_that_lacks_something(whmcs: Whmcs, change: dict[str, str], message: str) -> None:
    assert whmcs.refusal("AddClient", **{**AIKO, "email": "lacking@example.com", **change}) == message


def test_it_changes_a_client(whmcs: Whmcs) -> None:
    client_id = whmcs.client("mover@example.com")
    assert whmcs.ask("UpdateClient", clientid=client_id, city="大阪市", address2="3F")["clientid"] == str(client_id)
    client = whmcs.ask("GetClientsDetails", clientid=client_id)["client"]
    assert (client["city"], client["address2"], client["state"]) == ("大阪市", "3F", "Tokyo")
    assert whmcs.refusal("UpdateClient", clientid="99999", city="x") == "Client ID Not Found"
    assert whmcs.refusal("GetClientsDetails", clientid="99999") == "Client Not Found"
    assert whmcs.refusal("GetClientsDetails") == "Either clientid Or email Is Required"


def test_it_changes_a_user(whmcs: Whmcs) -> None:
    client_id, other = whmcs.client("owner@example.com"), whmcs.client("neighbour@example.com")
    client = whmcs.ask("GetClientsDetails", clientid=client_id)["client"]
    user_id = client["owner_user_id"]
    assert whmcs.ask("UpdateUser", user_id=user_id, email="Owner.New@example.com")["user_id"] == str(user_id)
    after = whmcs.ask("GetClientsDetails", clientid=client_id)["client"]
    assert (after["email"], after["users"]["user"][0]["email"]) == ("owner@example.com", "Owner.New@example.com")
    assert whmcs.refusal("UpdateUser", user_id=user_id, email="NEIGHBOUR@example.com") == "A user already exists with that email address."
    assert whmcs.refusal("UpdateUser", user_id=user_id, email="no address") == "The email address entered is not valid"
    assert whmcs.refusal("UpdateUser", user_id="99999", email="x@example.com") == "Invalid User ID requested"
    assert whmcs.refusal("UpdateClient", clientid=other, email="owner@example.com") == "Duplicate Email Address"


def test_it_shows_products_with_their_fields_and_options(whmcs: Whmcs) -> None:
    home, esim = whmcs.ask("GetProducts", pid=f"{HOME},{ESIM}")["products"]["product"][::-1]
    assert (esim["pricing"]["JPY"]["monthly"], esim["pricing"]["JPY"]["annually"]) == ("2980.00", "-1.00")
    assert [field["name"] for field in esim["customfields"]["customfield"]] == [whmcs.info["order_id_field"], whmcs.info["iccid_field"]]
    options = home["configoptions"]["configoption"]
    assert [(row["id"], [choice["id"] for choice in row["options"]["option"]]) for row in options] == [(5, [16, 17]), (6, [18])]
    assert whmcs.ask("GetProducts", pid="999") == {"result": "success", "totalresults": 0, "products": {"product": []}}
    assert whmcs.ask("GetPaymentMethods")["paymentmethods"]["paymentmethod"][0]["module"] == whmcs.info["payment_method"]


def field_id(whmcs: Whmcs, pid: str, name: str) -> int:
    (product,) = whmcs.ask("GetProducts", pid=pid)["products"]["product"]
    return next(row["id"] for row in product["customfields"]["customfield"] if row["name"] == name)


def test_it_leads_an_order_from_pending_to_active(whmcs: Whmcs) -> None:
    client_id = whmcs.client("buyer@example.com")
    mine, strange = field_id(whmcs, HOME, whmcs.info["order_id_field"]), field_id(whmcs, ESIM, whmcs.info["order_id_field"])
    added = whmcs.order(
        client_id,
        **{
            "pid[0]": ACTIVATION, "billingcycle[0]": "onetime", "domain[0]": "sf-one",
            "pid[1]": HOME, "billingcycle[1]": "monthly", "domain[1]": "sf-Two", "qty[1]": "2", "priceoverride[1]": "7480",
            "customfields[1]": packed({mine: "801000000000001AAA", strange: "lost"}), "configoptions[1]": packed({5: 17, 6: 3}),
            "customfields[0]": "", "noemail": "1", "noinvoiceemail": "1",
        },
    )  # fmt: skip
    assert added["serviceids"] == added["productids"] == ",".join(added["serviceids"].split(","))
    order = whmcs.ask("GetOrders", id=added["orderid"])["orders"]["order"][0]
    assert (order["status"], order["amount"], order["paymentstatus"]) == ("Pending", "16060.00", "Unpaid")
    items = order["lineitems"]["lineitem"]
    assert [(item["domain"], item["amount"], item["billingcycle"]) for item in items] == [
        ("sf-one", "1100.00", "One-Time"),
        ("sf-Two", "14960.00", "Monthly"),
    ]
    (found,) = whmcs.services(client_id, domain="SF-TWO")["product"]
    assert {row["name"]: row["value"] for row in found["customfields"]["customfield"]}[whmcs.info["order_id_field"]] == "801000000000001AAA"
    assert [row["value"] for row in found["configoptions"]["configoption"]] == ["IPoE", "3"]
    assert (found["qty"], found["orderid"], found["status"]) == ("2", str(added["orderid"]), "Pending")
    assert whmcs.ask("AcceptOrder", orderid=added["orderid"]) == {"result": "success"}
    assert whmcs.refusal("AcceptOrder", orderid=added["orderid"]) == "Order ID not found or Status not Pending"
    assert whmcs.refusal("CancelOrder", orderid=added["orderid"]) == "Order ID not found or Status not Pending"
    order = whmcs.ask("GetOrders", userid=client_id)["orders"]["order"][0]
    assert [order["status"], *(item["status"] for item in order["lineitems"]["lineitem"])] == ["Active"] * 3


def test_it_cancels_a_pending_order_with_its_invoice(whmcs: Whmcs) -> None:
    client_id = whmcs.client("waverer@example.com")
    added = whmcs.order(client_id)
    whmcs.ask("CancelOrder", orderid=added["orderid"])
    assert whmcs.ask("GetInvoice", invoiceid=added["invoiceid"])["status"] == "Cancelled"
    assert whmcs.services(client_id)["product"][0]["status"] == "Cancelled"
    counts = {row["title"]: row["count"] for row in whmcs.ask("GetOrderStatuses")["statuses"]["status"]}
    assert counts["Cancelled"] >= 1


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"clientid": "99999"}, "Client ID Not Found"),
        ({"paymentmethod": "gold"}, "Invalid Payment Method. Valid options include stripe,banktransfer"),
        ({"pid[0]": "999"}, "No items added to cart so order cannot proceed"),
        ({"pid[0]": ACTIVATION}, "No items added to cart so order cannot proceed"),
        ({"domain": "sf-1"}, "Expecting parameter 'domain' to be an array"),
    ],
)
def test_it_refuses_an_order(whmcs: Whmcs, sent: dict[str, str], message: str) -> None:
    client_id = whmcs.ask("GetClients", search="refused-order@", status="Active")["clients"] or whmcs.client("refused-order@example.com")
    number = client_id if isinstance(client_id, int) else client_id["client"][0]["id"]
    lines = {"clientid": number, "paymentmethod": "stripe", "pid[0]": ESIM, "billingcycle[0]": "monthly"}
    assert whmcs.refusal("AddOrder", **{**lines, **sent}) == message
    assert whmcs.ask("GetOrders", userid=number)["orders"] == ""


def test_it_changes_a_service_and_drops_fields_of_others(whmcs: Whmcs) -> None:
    client_id = whmcs.client("changer@example.com")
    service_id = whmcs.order(client_id)["serviceids"]
    iccid, strange = field_id(whmcs, ESIM, whmcs.info["iccid_field"]), field_id(whmcs, HOME, whmcs.info["iccid_field"])
    sent = {"notes": "one\ntwo", "customfields": packed({iccid: "8981300000000000019", strange: "lost"}), "domain": ""}
    assert whmcs.ask("UpdateClientProduct", serviceid=service_id, **sent)["serviceid"] == service_id
    (service,) = whmcs.services(client_id)["product"]
    assert (service["notes"], service["domain"]) == ("one\ntwo", f"sf-{client_id}")
    assert [row["value"] for row in service["customfields"]["customfield"]] == ["", "8981300000000000019"]
    whmcs.ask("UpdateClientProduct", serviceid=service_id, **{"unset[0]": "notes", "customfields": "not base64 !"})
    assert whmcs.services(client_id)["product"][0]["notes"] == ""
    assert whmcs.refusal("UpdateClientProduct", serviceid="99999") == "Service ID Not Found"


def test_it_pages_and_shows_nothing_as_an_empty_text(whmcs: Whmcs) -> None:
    client_id = whmcs.client("collector@example.com")
    assert whmcs.services(client_id) == ""
    whmcs.order(client_id, **{f"pid[{index}]": ESIM for index in range(30)}, **{f"billingcycle[{index}]": "monthly" for index in range(30)})
    first = whmcs.ask("GetClientsProducts", clientid=client_id)
    assert (first["totalresults"], first["startnumber"], first["numreturned"]) == ("30", 0, 25)
    assert len(whmcs.services(client_id, limitstart="25", limitnum="100")["product"]) == 5


def test_it_reads_the_bytes_that_php_writes(whmcs: Whmcs) -> None:
    text = "YToyOntpOjE7czoxMDoiU0YtMDAwMTIzNCI7aToyO3M6Njoi5pel5pysIjt9"  # {1: "SF-0001234", 2: "日本"}
    client_id = whmcs.client("php@example.com", customfields=text)
    assert whmcs.ask("GetClientsDetails", clientid=client_id)["customfields1"] == "SF-0001234"


def test_it_reads_fields_safely(whmcs: Whmcs) -> None:
    deep = base64.b64encode(b"a:1:{i:0;" * 5000).decode()
    for evil in (
        packed({1: 1})[:-3],
        deep,
        base64.b64encode(b'O:8:"stdClass":0:{}').decode(),
        base64.b64encode(b"a:1:{a:0:{}i:1;}").decode(),
    ):
        client_id = whmcs.client(f"evil{len(evil)}@example.com", customfields=evil)
        assert whmcs.ask("GetClientsDetails", clientid=client_id)["customfields1"] == ""


class Browser(requests.Session):
    def token(self, page: str) -> str:
        return re.findall(r'name="token" value="(\w+)"', page)[0]


def test_it_opens_the_payment_page_once_and_keeps_test_cards(whmcs: Whmcs) -> None:
    client_id = whmcs.client("payer@example.com")
    path = {"destination": "sso:custom_redirect", "sso_redirect_path": whmcs.info["sso_payment_path"]}
    made = whmcs.ask("CreateSsoToken", client_id=client_id, **path)
    assert re.fullmatch(r"[0-9a-f]{40}", made["access_token"])
    with Browser() as person:
        page = person.get(made["redirect_url"], timeout=10)
        assert page.url.endswith(whmcs.info["sso_payment_path"])
        assert "sandbox" in page.text
        assert requests.get(made["redirect_url"], timeout=10).status_code == 403
        for what in ("add", "add_expired"):
            page = person.post(page.url, data={"token": person.token(page.text), "do": what}, timeout=10)
        held = whmcs.ask("GetPayMethods", clientid=client_id)
        assert (held["clientid"], [row["type"] for row in held["paymethods"]]) == (str(client_id), ["RemoteCreditCard"] * 2)
        assert all(re.fullmatch(r"\d\d/\d\d", row["expiry_date"]) and row["remote_token"] for row in held["paymethods"])
        assert "(expired)" in page.text
        assert person.post(page.url, data={"token": "forged", "do": "add"}, timeout=10).status_code == 403
        number = held["paymethods"][1]["id"]
        person.post(page.url, data={"token": person.token(page.text), "do": f"remove-{number}"}, timeout=10)
    assert len(whmcs.ask("GetPayMethods", clientid=client_id)["paymethods"]) == 1
    assert whmcs.refusal("CreateSsoToken", client_id=client_id, destination="sso:elsewhere") == "Invalid destination"
    assert whmcs.refusal("CreateSsoToken") == "A valid client_id or user_id is required"
    assert whmcs.refusal("GetPayMethods", clientid="99999") == "Client Not Found"


def test_it_lets_a_person_pay_an_invoice(whmcs: Whmcs) -> None:
    client_id = whmcs.client("settler@example.com")
    invoice = whmcs.order(client_id)["invoiceid"]
    assert whmcs.ask("GetInvoice", invoiceid=invoice)["transactions"] == ""
    added = requests.post(f"{whmcs.url}/sandbox/pay-methods", json={"client_email": "settler@example.com", "expiry": "12/31"}, timeout=10)
    assert (added.status_code, added.json()["expiry_date"]) == (201, "12/31")
    path = {"destination": "sso:custom_redirect", "sso_redirect_path": f"viewinvoice.php?id={invoice}"}
    with Browser() as person:
        page = person.get(whmcs.ask("CreateSsoToken", client_id=client_id, **path)["redirect_url"], timeout=10)
        for _ in range(2):
            person.post(page.url, data={"token": person.token(page.text)}, timeout=10)
    paid = whmcs.ask("GetInvoice", invoiceid=invoice)
    assert (paid["status"], Decimal(paid["balance"]), len(paid["transactions"]["transaction"])) == ("Paid", 0, 1)
    (row,) = whmcs.ask("GetInvoices", userid=client_id, orderby="id", order="desc")["invoices"]["invoice"]
    assert (row["id"], row["status"], row["total"]) == (invoice, "Paid", "2980.00")
    requests.delete(f"{whmcs.url}/sandbox/pay-methods", json={"client_email": "settler@example.com"}, timeout=10)
    assert whmcs.ask("GetPayMethods", clientid=client_id)["paymethods"] == []


@pytest.mark.parametrize(("fault", "orders"), [("error_before", 0), ("error_after", 1), ("html", 0)])
def test_it_fails_when_it_is_told_to(sandbox: Running, whmcs: Whmcs, fault: str, orders: int) -> None:
    client_id = whmcs.client(f"unlucky-{fault}@example.com")
    sandbox.control.fault("whmcs", "AddOrder", fault, count=1)
    sent = {"clientid": client_id, "paymentmethod": "stripe", "pid[0]": ESIM, "billingcycle[0]": "monthly"}
    answer = whmcs.post("addorder", **sent)
    assert (answer.status_code, "<html>" in answer.text) == (200 if fault == "html" else 500, True)
    assert len(whmcs.ask("GetOrders", userid=client_id)["orders"] or []) == orders


def test_it_loses_an_answer_but_not_the_order(sandbox: Running, whmcs: Whmcs) -> None:
    client_id = whmcs.client("lost@example.com")
    sandbox.control.fault("whmcs", "AddOrder", "timeout_after", count=1, delay_ms=50)
    with pytest.raises(requests.ConnectionError):
        whmcs.order(client_id)
    sandbox.kill()
    sandbox.restart()
    found = Whmcs(sandbox.info).ask("GetOrders", userid=client_id)["orders"]["order"]
    assert [row["status"] for row in found] == ["Pending"]
