"""Many orders at once, as customers place them: one mobile line each, with its activation."""

from itertools import cycle, islice

from sandbox import clock
from sandbox.chance import hexed
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.org import WAITING, Org
from sandbox.salesforce.records import Record

SKUS = ("SIM-DATA-5", "SIM-ACT")
BOOK = "Portal"
# one commit for so many: others get their turn in between
BATCH = 100


class NoAccount(ValueError):
    """An id or number that no Account has."""


def account_id(org: Org, given: str) -> str:
    """Takes the id of 15 or 18 characters, or the customer number. Raises NoAccount."""
    held = org.records.get("Account", long_id(given) or "") or next(iter(org.records.find("Account", "SF_Account_No__c", given)), None)
    if held is None:
        raise NoAccount(f"no such Account: {given}")
    return str(held["Id"])


def place(org: Org, count: int, accounts: list[str]) -> list[str]:
    """New orders in Pending Review, for the accounts in turn; answers their ids."""
    entries = [_entry(org, sku) for sku in SKUS]
    owners = cycle(accounts)
    made: list[str] = []
    while len(made) < count:
        with org.store.write():
            made += [_one(org, owner, entries) for owner in islice(owners, min(BATCH, count - len(made)))]
    return made


def approve(org: Org, order_ids: list[str]) -> list[str]:
    """The reviewer's yes to all of them; answers the ids of the events that followed."""
    events: list[str] = []
    for start in range(0, len(order_ids), BATCH):
        with org.store.write():
            events += [event for order_id in order_ids[start : start + BATCH] for event in org.review(order_id, "Approved")]
    return events


def _entry(org: Org, sku: str) -> Record:
    """What the price book says, with the product's cycle."""
    product = next(iter(org.records.find("Product2", "StockKeepingUnit", sku)))
    book = next(iter(org.records.find("Pricebook2", "Name", BOOK)))
    entry = next(each for each in org.records.find("PricebookEntry", "Product2Id", product["Id"]) if each["Pricebook2Id"] == book["Id"])
    return {**entry, "Billing_Cycle__c": product["Billing_Cycle__c"]}


def _one(org: Org, owner: str, entries: list[Record]) -> str:
    key = hexed(org.store, "order key", 64)
    order = {
        "AccountId": owner, "EffectiveDate": clock.moment().strftime("%Y-%m-%d"), "Status": WAITING,
        "Pricebook2Id": entries[0]["Pricebook2Id"], "Portal_Idem_Key__c": key,
    }  # fmt: skip
    order_id = org.saving.create(org.schema.objects["Order"], order, org.integration)
    for number, entry in enumerate(entries):
        line = {
            "OrderId": order_id, "PricebookEntryId": entry["Id"], "Quantity": 1, "UnitPrice": entry["UnitPrice"],
            "Billing_Cycle__c": entry["Billing_Cycle__c"], "Portal_Line_Key__c": f"{key}-{number}",
        }  # fmt: skip
        org.saving.create(org.schema.objects["OrderItem"], line, org.integration)
    return order_id
