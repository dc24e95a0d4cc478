"""Client libraries that strangers wrote for WHMCS, run unmodified against the sandbox: whmcspy (Python) and whmcs-js (Node)."""

import pytest
import whmcspy

from tests.sandbox.whmcs_calls import AIKO
from tests.support import node
from tests.support.sandbox import Running

NEEDED = ("firstname", "lastname", "address1", "city", "state", "postcode", "country", "phonenumber", "password2")


@pytest.fixture
def library(sandbox: Running) -> whmcspy.WHMCS:
    told = sandbox.info["whmcs"]
    return whmcspy.WHMCS(f"{told['url']}/includes/api.php", told["identifier"], told["secret"])


def buyer(library: whmcspy.WHMCS, key: str) -> int:
    return library.add_client(email=f"{key}@example.com", **{name: AIKO[name] for name in NEEDED}, noemail=1)


def test_it_serves_whmcspy_from_the_client_to_the_paid_service(library: whmcspy.WHMCS, key: str) -> None:
    client_id = buyer(library, key)
    pid = library.add_product("Cloud", 3, type="server", paytype="recurring", module="autorelease", **{"pricing[1][monthly]": 500})
    order = library.add_order(client_id, products=[{"id": pid, "domain": f"{key}.example"}, {"id": 110, "domain": ""}], noemail=1)
    library.accept_order(order["orderid"])
    (service,) = [row for row in library.get_clients_products(clientid=client_id) if row["domain"]]
    assert (service["status"], service["domain"]) == ("Pending", f"{key}.example")
    library.module_create(service["id"])
    library.update_client_product(service["id"], notes="by whmcspy")
    (active,) = library.get_clients_products(active=True, productid=pid, clientid=client_id)
    assert (active["notes"], active["id"]) == ("by whmcspy", service["id"])
    assert library.get_invoice(order["invoiceid"])["balance"] == "1600.00"
    assert library.get_transactions(invoiceid=order["invoiceid"]) == []
    library.add_transaction("banktransfer", invoiceid=order["invoiceid"], transid=key, amountin="1600.00")
    (paid,) = library.get_transactions(transid=key)
    assert (paid["amountin"], library.get_invoice(order["invoiceid"])["status"]) == ("1600.00", "Paid")
    library.send_email(messagename="Invoice Payment Confirmation", id=order["invoiceid"])
    assert library.call("GetEmails", clientid=client_id)["emails"]["email"][0]["subject"] == "Invoice Payment Confirmation"


def test_it_serves_whmcspy_pages_of_orders_until_there_are_no_more(library: whmcspy.WHMCS, key: str) -> None:
    client_id = buyer(library, key)
    made = [library.add_order(client_id, products=[{"id": 102, "domain": ""}])["orderid"] for _ in range(27)]
    assert sorted(row["id"] for row in library.get_orders(userid=client_id)) == made
    for order_id in made[:2]:
        library.cancel_order(order_id)
    library.delete_order(made[0])
    library.pending_order(made[1])
    found = {row["id"]: row["status"] for row in library.get_orders(userid=client_id)}
    assert (made[0] in found, found[made[1]], len(found)) == (False, "Pending", 26)
    assert list(library.get_orders(userid=99999999)) == []


def test_it_tells_whmcspy_what_it_may_not_and_what_is_wrong(library: whmcspy.WHMCS) -> None:
    with pytest.raises(whmcspy.MissingPermission, match="getservers"):
        library.get_servers()
    with pytest.raises(whmcspy.Error, match="Order ID not found or Status not Pending"):
        library.accept_order(99999999)
    library.secret = "wrong"
    with pytest.raises(whmcspy.MissingPermission, match="Invalid or missing credentials"):
        library.get_invoice(1)


def test_it_serves_whmcs_js(sandbox: Running) -> None:
    seen = node.run("whmcs.cjs", sandbox.info["whmcs"], sandbox.info["salesforce"]["ca_file"])
    assert seen == {
        "repeated": "A user already exists with that email address.",
        "client": True,
        "updated": "success",
        "contact": "number",
        "contacts": ["Ken"],
        "accepted": "success",
        "created": "success",
        "service": [["js.example", "Active"]],
        "orders": ["Active"],
        "statuses": ["Pending", "Active", "Fraud", "Cancelled"],
        "applied": "false",
        "paid": "success",
        "invoice": ["Paid", "200.00", "300.00", "0.00"],
        "transactions": ["300.00"],
        "credits": ["200.00", "-200.00"],
        "published": "success",
        "invoices": ["Paid", "Unpaid"],
        "mails": 1,
        "logged": "success",
        "activity": 1,
        "admin": "9.0.4",
        "currencies": ["JPY"],
        "refused": "API Command Restricted to Internal API",
        "queue": 'Invalid Permissions: API action "getmodulequeue" is not allowed',
        "deleted": "success",
    }
