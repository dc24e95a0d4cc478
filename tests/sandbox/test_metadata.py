"""`salesforce/` agrees with itself: every field that the Flow, a permission set or the data names exists, and the data fits it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sandbox.salesforce import schema as org
from sandbox.salesforce.flow import Flow
from sandbox.salesforce.ids import new_id

PROJECT = Path(__file__).parents[2] / "salesforce"
SCHEMA = org.load(PROJECT)
FLOW = SCHEMA.flows[0]
NS = "{http://soap.sforce.com/2006/04/metadata}"
EVENT = "OrderProvisionRequested__e"
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


@pytest.mark.parametrize("path", sorted(PROJECT.rglob("*.xml")), ids=lambda path: path.name)
def test_every_file_is_metadata_with_the_name_of_what_it_holds(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    assert root.tag.startswith(NS)
    name = root.findtext(f"{NS}fullName")
    assert name in (None, path.name.split(".")[0])


def test_the_flow_names_only_what_exists() -> None:
    assert FLOW.active
    assert FLOW.record_fields <= set(SCHEMA.objects[FLOW.object].fields)
    for creation in FLOW.creations:
        assert {field for field, _ in creation.assignments} <= {field.name for field in SCHEMA.events[creation.object]}
    for field, value in FLOW.updates:
        assert value.literal in SCHEMA.objects[FLOW.object].fields[field].values
    assert all(each.value in SCHEMA.status_codes for each in FLOW.filters)


def approved(flow: Flow, **more: object) -> dict[str, Any]:
    return {"Id": new_id("Order", 1), "Status": "Approved", "Portal_Idem_Key__c": None, **more}


def test_the_flow_fires_once_on_approval() -> None:
    after = approved(FLOW)
    assert FLOW.fires({**after, "Status": "Pending Review"}, after)
    assert FLOW.fires(None, after)
    assert not FLOW.fires(after, {**after, **FLOW.changes(after)})
    assert not FLOW.fires({**after, "Status": "Pending Review"}, {**after, "Status": "Rejected"})
    assert FLOW.changes(after) == {"Activation_Status__c": "Activating", "Provisioning_Status__c": "Pending"}


def test_the_flow_falls_back_to_the_order_id() -> None:
    by_hand, from_portal = approved(FLOW), approved(FLOW, Portal_Idem_Key__c="key-1")
    assert FLOW.events(by_hand) == [(EVENT, {"OrderId__c": by_hand["Id"], "IdemKey__c": by_hand["Id"]})]
    assert FLOW.events(from_portal)[0][1]["IdemKey__c"] == "key-1"


def test_the_event_is_as_agreed() -> None:
    root = ElementTree.parse(PROJECT / f"force-app/main/default/objects/{EVENT}/{EVENT}.object-meta.xml").getroot()
    assert (root.findtext(f"{NS}eventType"), root.findtext(f"{NS}publishBehavior")) == ("HighVolume", "PublishAfterCommit")
    shapes = {field.name: (field.type, field.length, field.required) for field in SCHEMA.events[EVENT]}
    assert shapes == {"OrderId__c": ("string", 18, False), "IdemKey__c": ("string", 80, False)}


@pytest.mark.parametrize("granted", SCHEMA.permission_sets.values(), ids=lambda granted: granted.name)
def test_permission_sets_name_only_what_exists(granted: org.PermissionSet) -> None:
    for name in granted.readable | granted.editable:
        sobject, field = name.split(".")
        assert SCHEMA.objects[sobject].fields[field].required is False, name
    assert set(granted.objects) <= set(SCHEMA.objects) | set(SCHEMA.events)
    assert granted.editable <= granted.readable


def test_the_integration_user_may_what_the_portal_does_and_no_more() -> None:
    granted = SCHEMA.permission_sets["Portal_Integration"]
    assert granted.objects == {"Account": "R", "Case": "CRE", "Order": "CRE", EVENT: "R", "Pricebook2": "R", "Product2": "R"}
    custom = {f"{sobject}.{field.name}" for sobject, held in SCHEMA.objects.items() for field in held.fields.values() if field.custom}
    assert custom <= granted.readable
    assert {name.split(".")[0] for name in granted.editable} == {"Order", "OrderItem", "Case"}


def test_the_reviewer_reads_all_and_writes_the_status_only() -> None:
    granted = SCHEMA.permission_sets["Portal_Order_Reviewer"]
    assert granted.objects["Order"] == "RE"
    assert granted.editable == frozenset()
    assert granted.readable == SCHEMA.permission_sets["Portal_Integration"].readable


def test_approval_keeps_an_order_editable() -> None:
    assert {name for name, code in SCHEMA.status_codes.items() if code == "Activated"} == {"Activated"}
    assert set(SCHEMA.status_codes) == {"Draft", "Pending Review", "Approved", "Rejected", "Cancelled", "Activated"}


def test_keys_are_unique_external_ids() -> None:
    keys = {("Account", "SF_Account_No__c", False), ("Order", "Portal_Idem_Key__c", True), ("OrderItem", "Portal_Line_Key__c", True),
            ("Case", "Portal_Idem_Key__c", True)}  # fmt: skip
    for sobject, name, case_sensitive in keys:
        field = SCHEMA.objects[sobject].fields[name]
        assert (field.unique, field.external_id, field.case_sensitive) == (True, True, case_sensitive)


def test_the_data_fits_the_fields() -> None:
    known = {"@StandardPricebook"}
    for sobject, record in steps():
        held = SCHEMA.objects[sobject]
        assert record["attributes"]["type"] == sobject
        for name, value in record.items():
            if name != "attributes":
                check(held.fields[name], value, known)
        assert {field.name for field in held.fields.values() if field.required} <= set(record)
        known.add("@" + record["attributes"]["referenceId"])


def check(field: org.Field, value: Any, known: set[str]) -> None:
    assert field.createable, field.name
    if field.type == "reference":
        assert value in known
    elif field.type in ("double", "currency"):
        assert type(value) is int
    elif field.type == "boolean":
        assert type(value) is bool
    else:
        assert len(value) <= (field.length or 255), field.name
        assert value in field.values or not field.restricted, field.name


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
