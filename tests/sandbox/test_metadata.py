"""`salesforce/` agrees with itself: every field that the Flow, a permission set or the data names exists, and the data fits it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from tests.support.sandbox import Control, Running
from tests.support.sf_rest import SfRest

PROJECT = Path(__file__).parents[2] / "salesforce"
FORCE = PROJECT / "force-app/main/default"
NS = "{http://soap.sforce.com/2006/04/metadata}"
EVENT = "OrderProvisionRequested__e"
SETS = sorted(path.name.split(".")[0] for path in (FORCE / "permissionsets").glob("*.xml"))
LETTERS = {"C": "allowCreate", "R": "allowRead", "E": "allowEdit", "D": "allowDelete"}
Org = dict[str, dict[str, dict[str, Any]]]
# sku: (category, class, cycle, price, WHMCS product, mobile plan)
PRICE_LIST = {
    "SIM-DATA-5": ("SIM", "Service", "Monthly", 1280, 101, "pln_jp05"),
    "SIM-DATA-20": ("SIM", "Service", "Monthly", 2980, 102, "pln_jp20"),
    "SIM-VOICE-20": ("SIM", "Service", "Monthly", 3480, 103, "pln_jp20v"),
    "SIM-FAMILY-50": ("SIM", "Service", "Monthly", 4980, 104, "pln_jp50"),
    "SIM-ACT": ("SIM", "Activation", "Onetime", 1100, 110, None),
    "SIM-TOPUP-1": ("SIM", "Add-on", "Onetime", 400, 111, None),
    "SIM-CALLS-10": ("SIM", "Add-on", "Monthly", 880, 112, None),
    "NET-HOME-1G": ("Internet", "Service", "Monthly", 5280, 201, None),
    "NET-HOME-10G": ("Internet", "Service", "Monthly", 6930, 202, None),
    "NET-APT-1G": ("Internet", "Service", "Monthly", 4180, 203, None),
    "NET-INST-STD": ("Internet", "Installation", "Onetime", 16500, 210, None),
    "NET-INST-WKND": ("Internet", "Installation", "Onetime", 19800, 211, None),
    "VPN-JP": ("VPN", "Service", "Monthly", 880, 301, None),
    "VPN-US": ("VPN", "Service", "Monthly", 880, 302, None),
    "VPN-JP-YEAR": ("VPN", "Service", "Annually", 8800, 303, None),
    "VPN-ACT": ("VPN", "Activation", "Onetime", 550, 310, None),
}


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """(object, record) of every data file, in the order of the plans."""
    for plan in ("catalogue-plan.json", "accounts-plan.json"):
        for step in json.loads((PROJECT / "data" / plan).read_text(encoding="utf-8")):
            for name in step["files"]:
                for record in json.loads((PROJECT / "data" / name).read_text(encoding="utf-8"))["records"]:
                    yield step["sobject"], record


def records(sobject: str) -> list[dict[str, Any]]:
    return [record for name, record in steps() if name == sobject]


PRODUCTS = {record["ProductCode"]: record for record in records("Product2")}


# -- the files, read as any tool would


def root(path: str) -> Element:
    return ElementTree.parse(FORCE / path).getroot()


def texts(element: Element, path: str) -> list[str]:
    """What stands in every element of that path; names are without their namespace."""
    return [found.text or "" for found in all_of(element, path)]


def all_of(element: Element, path: str) -> list[Element]:
    return element.findall("/".join(NS + part for part in path.split("/")))


FLOW = root("flows/Order_Provision_On_Approval.flow-meta.xml")


def event_fields() -> dict[str, tuple[str, int, bool]]:
    """Type, length and whether it is required, by name."""
    nodes = [root(f"objects/{EVENT}/fields/{path.name}") for path in (FORCE / f"objects/{EVENT}/fields").glob("*.xml")]
    return {
        texts(node, "fullName")[0]: (*texts(node, "type"), int(texts(node, "length")[0]), texts(node, "required") == ["true"])
        for node in nodes
    }


def granted(name: str) -> dict[str, str]:
    """Object → letters of C(reate) R(ead) E(dit) D(elete)."""
    grants = all_of(root(f"permissionsets/{name}.permissionset-meta.xml"), "objectPermissions")
    return {
        texts(grant, "object")[0]: "".join(letter for letter, word in LETTERS.items() if texts(grant, word) == ["true"]) for grant in grants
    }


def fields_of(name: str, right: str) -> set[str]:
    """`Order.Field__c` of each field that is `readable`, or `editable`."""
    grants = all_of(root(f"permissionsets/{name}.permissionset-meta.xml"), "fieldPermissions")
    return {texts(grant, "field")[0] for grant in grants if texts(grant, right) == ["true"]}


def status_codes() -> dict[str, str]:
    values = all_of(root("standardValueSets/OrderStatus.standardValueSet-meta.xml"), "standardValue")
    return {texts(value, "fullName")[0]: texts(value, "groupingString")[0] for value in values}


# -- the org, as it describes itself to an administrator


@pytest.fixture(scope="module")
def org(sandbox: Running) -> Org:
    """Object → field → its description."""
    sf = SfRest(sandbox.info["salesforce"]).login()
    sandbox.control.ask("POST", "permissions", {"enforce": False})
    names = [each["name"] for each in sf.get("sobjects").json()["sobjects"]]
    fields = {name: sf.get(f"sobjects/{name}/describe").json()["fields"] for name in names}
    sandbox.control.ask("POST", "permissions", {"enforce": True})
    return {name: {field["name"]: field for field in each} for name, each in fields.items()}


def is_required(field: dict[str, Any]) -> bool:
    return field["createable"] and not field["nillable"] and field["type"] != "boolean"


def values(field: dict[str, Any]) -> list[str]:
    return [each["value"] for each in field["picklistValues"]]


@pytest.mark.parametrize("path", sorted(PROJECT.rglob("*.xml")), ids=lambda path: path.name)
def test_every_file_is_metadata_with_the_name_of_what_it_holds(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    assert root.tag.startswith(NS)
    name = root.findtext(f"{NS}fullName")
    assert name in (None, path.name.split(".")[0])


# -- the Flow


def test_the_flow_names_only_what_exists(org: Org) -> None:
    assert texts(FLOW, "status") == ["Active"]
    (sobject,) = texts(FLOW, "start/object")
    named = {*texts(FLOW, "start/filters/field"), *texts(FLOW, "recordUpdates/inputAssignments/field")}
    named |= set(re.findall(r"\$Record\.(\w+)", ElementTree.tostring(FLOW, encoding="unicode")))
    references = {each.text or "" for each in FLOW.iter(f"{NS}elementReference")}
    assert {"Status", "Portal_Idem_Key__c", "Activation_Status__c"} < named <= set(org[sobject])
    assert {each for each in references if not each.startswith("$Record.")} == set(texts(FLOW, "formulas/name"))
    for creation in all_of(FLOW, "recordCreates"):
        assert texts(creation, "object") == [EVENT]
        assert set(texts(creation, "inputAssignments/field")) == set(event_fields())
    for update in all_of(FLOW, "recordUpdates/inputAssignments"):
        assert texts(update, "value/stringValue")[0] in values(org[sobject][texts(update, "field")[0]])
    assert set(texts(FLOW, "start/filters/value/stringValue")) <= set(status_codes())


class Orders:
    """Orders of Aiko's, and what was published about each."""

    def __init__(self, sf: SfRest, control: Control) -> None:
        self.sf, self.control = sf, control

    def add(self, status: str, **more: Any) -> str:
        order = {"AccountId": self.sf.account_id(), "EffectiveDate": "2026-11-21", "Status": status, **more}
        made = self.sf.post("sobjects/Order", order).json()
        assert made["success"], made
        return made["id"]

    def change(self, order_id: str, **fields: Any) -> None:
        assert self.sf.patch(f"sobjects/Order/{order_id}", fields).status_code == 204

    def keys(self, order_id: str) -> list[str]:
        """Of the events that carry this order's id."""
        (told,) = self.control.truth(order_id)["orders"]
        return [event["idem_key"] for event in told["events"]]

    def progress(self, order_id: str) -> tuple[str | None, str | None]:
        found = self.sf.get(f"sobjects/Order/{order_id}").json()
        return found["Activation_Status__c"], found["Provisioning_Status__c"]


@pytest.fixture
def orders(sf: SfRest, control: Control) -> Orders:
    return Orders(sf, control)


@pytest.mark.parametrize("begun", ["Pending Review", "Approved"])
def test_the_flow_fires_once_on_approval(orders: Orders, begun: str) -> None:
    order_id = orders.add(begun)
    if begun != "Approved":
        assert (orders.keys(order_id), orders.progress(order_id)[0] == "Activating") == ([], False)
        orders.change(order_id, Status="Approved")
    assert (orders.progress(order_id), len(orders.keys(order_id))) == (("Activating", "Pending"), 1)
    for again in ({"Status": "Approved"}, {"Name": "another"}, {"Activation_Status__c": "Activating"}):
        orders.change(order_id, **again)
    assert len(orders.keys(order_id)) == 1


def test_the_flow_is_silent_about_a_rejection(orders: Orders) -> None:
    order_id = orders.add("Pending Review")
    before = orders.progress(order_id)
    orders.change(order_id, Status="Rejected")
    assert (orders.keys(order_id), orders.progress(order_id)) == ([], before)


def test_the_flow_falls_back_to_the_order_id(orders: Orders) -> None:
    by_hand, from_portal = orders.add("Approved"), orders.add("Approved", Portal_Idem_Key__c="key-1")
    assert (orders.keys(by_hand), orders.keys(from_portal)) == ([by_hand], ["key-1"])


def test_the_event_is_as_agreed() -> None:
    event = root(f"objects/{EVENT}/{EVENT}.object-meta.xml")
    assert (*texts(event, "eventType"), *texts(event, "publishBehavior")) == ("HighVolume", "PublishAfterCommit")
    assert event_fields() == {"OrderId__c": ("Text", 18, False), "IdemKey__c": ("Text", 80, False)}


# -- permission sets


@pytest.mark.parametrize("name", SETS)
def test_permission_sets_name_only_what_exists(org: Org, name: str) -> None:
    readable, editable = fields_of(name, "readable"), fields_of(name, "editable")
    for each in readable | editable:
        sobject, field = each.split(".")
        assert not is_required(org[sobject][field]), each
    assert set(granted(name)) <= {*org, *(path.name for path in (FORCE / "objects").glob("*__e"))}
    assert editable <= readable


def test_the_integration_user_may_what_the_portal_does_and_no_more(org: Org) -> None:
    rights = {"Account": "R", "Case": "CRE", "Order": "CRE", EVENT: "R", "Pricebook2": "R", "Product2": "R"}
    assert granted("Portal_Integration") == rights
    custom = {f"{sobject}.{name}" for sobject, fields in org.items() for name, field in fields.items() if field["custom"]}
    assert custom <= fields_of("Portal_Integration", "readable")
    assert {name.split(".")[0] for name in fields_of("Portal_Integration", "editable")} == {"Order", "OrderItem", "Case"}


def test_the_reviewer_reads_all_and_writes_the_status_only() -> None:
    assert granted("Portal_Order_Reviewer")["Order"] == "RE"
    assert fields_of("Portal_Order_Reviewer", "editable") == set()
    assert fields_of("Portal_Order_Reviewer", "readable") == fields_of("Portal_Integration", "readable")


# -- values and data


def test_approval_keeps_an_order_editable(org: Org) -> None:
    assert {name for name, code in status_codes().items() if code == "Activated"} == {"Activated"}
    assert set(status_codes()) == {"Draft", "Pending Review", "Approved", "Rejected", "Cancelled", "Activated"}
    assert values(org["Order"]["Status"]) == list(status_codes())


def test_keys_are_unique_external_ids(org: Org) -> None:
    keys = {("Account", "SF_Account_No__c", False), ("Order", "Portal_Idem_Key__c", True), ("OrderItem", "Portal_Line_Key__c", True),
            ("Case", "Portal_Idem_Key__c", True)}  # fmt: skip
    for sobject, name, case_sensitive in keys:
        field = org[sobject][name]
        assert (field["unique"], field["externalId"], field["caseSensitive"]) == (True, True, case_sensitive)


def test_the_data_fits_the_fields(org: Org) -> None:
    known = {"@StandardPricebook"}
    for sobject, record in steps():
        held = org[sobject]
        assert record["attributes"]["type"] == sobject
        for name, value in record.items():
            if name != "attributes":
                check(held[name], value, known)
        assert {name for name, field in held.items() if is_required(field)} <= set(record)
        known.add("@" + record["attributes"]["referenceId"])


def check(field: dict[str, Any], value: Any, known: set[str]) -> None:
    assert field["createable"], field["name"]
    if field["type"] == "reference":
        assert value in known
    elif field["type"] in ("double", "currency"):
        assert type(value) is int
    elif field["type"] == "boolean":
        assert type(value) is bool
    else:
        assert len(value) <= (field["length"] or 255), field["name"]
        assert value in values(field) or not field["restrictedPicklist"], field["name"]


def test_the_price_list_is_the_one_that_whmcs_and_the_mobile_provider_know() -> None:
    entries = [record for record in records("PricebookEntry") if record["Pricebook2Id"] == "@PortalPricebook"]
    prices = {record["Product2Id"]: record["UnitPrice"] for record in entries}
    found = {
        sku: (product["Product2Categories1__c"], product["Item_Class__c"], product["Billing_Cycle__c"],
              prices["@" + product["attributes"]["referenceId"]], product["WHMCS_Product_Id__c"], product.get("Mobile_Plan_Id__c"))
        for sku, product in PRODUCTS.items()
    }  # fmt: skip
    assert found == PRICE_LIST
    assert len(records("PricebookEntry")) == 2 * len(PRICE_LIST)


def test_what_is_added_by_itself_and_what_is_only_shown() -> None:
    assert {sku for sku, product in PRODUCTS.items() if product.get("Portal_Auto_Add__c")} == {"SIM-ACT", "VPN-ACT"}
    assert {sku for sku, product in PRODUCTS.items() if not product["Portal_Accessible__c"]} == {"SIM-FAMILY-50"}
    assert PRODUCTS["SIM-TOPUP-1"]["Mobile_Addon_Id__c"] == "add_1gb"


def test_every_product_has_words_in_both_languages() -> None:
    for sku, product in PRODUCTS.items():
        labels = json.loads(product["Portal_Labels_JSON__c"])
        assert set(labels) == {"en", "ja"}, sku
        assert all(words["name"] and words["description"] for words in labels.values())
        assert labels["en"] == {"name": product["Name"], "description": product["Description"]}


def test_the_options_of_the_home_line() -> None:
    mode, addresses = json.loads(PRODUCTS["NET-HOME-1G"]["Portal_ConfigOptions_JSON__c"])["options"]
    assert [(each["value"], each["price"], each["whmcs"]) for each in mode["choices"]] == [
        ("pppoe", 0, {"option_id": 5, "choice_id": 16}),
        ("ipoe", 330, {"option_id": 5, "choice_id": 17}),
    ]
    assert (addresses["type"], addresses["min"], addresses["max"], addresses["price"]) == ("quantity", 0, 8, 1100)
    assert addresses["whmcs"] == {"option_id": 6}


def test_the_invented_accounts() -> None:
    accounts = {record["SF_Account_No__c"]: (record["Email__c"], record.get("Internet_Eligibility__c")) for record in records("Account")}
    assert len(accounts) == 45
    assert accounts["SF-1001"] == ("aiko.tanaka@example.com", "Home 1G")
    assert accounts["SF-1003"] == ("kenji.sato@example.com", None)
    assert accounts["SF-2040"][0] == "person2040@example.com"
