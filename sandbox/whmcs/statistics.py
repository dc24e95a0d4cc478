"""The statistics of a client that GetClientsDetails adds when it is asked to: counts, and amounts as a person reads them."""

from decimal import Decimal

from sandbox.store import Doc, Store
from sandbox.whmcs.answers import Answer, today, yen
from sandbox.whmcs.ledger import balance
from sandbox.whmcs.products import sold

# word in the keys → status of invoices
STATUSES = {
    "unpaid": "Unpaid", "paid": "Paid", "cancelled": "Cancelled", "refunded": "Refunded", "collections": "Collections",
    "paymentpending": "Payment Pending",
}  # fmt: skip
KINDS = {"hosting": "hostingaccount", "reseller": "reselleraccount", "servers": "server", "other": "other"}
NONE = (
    "numactivedomains", "numdomains", "numacceptedquotes", "numquotes", "numtickets", "numactivetickets", "numaffiliatesignups",
)  # fmt: skip


def statistics(store: Store, client: Doc) -> Answer:
    invoices = store.find("whmcs_invoice", "userid", client["id"])
    credit = client.get("credit", "0.00")
    return {
        **due(invoices),
        "incredit": Decimal(credit) > 0,
        "creditbalance": yen(credit),
        **income(invoices),
        **by_status(invoices),
        **products(store, client),
        **dict.fromkeys(NONE, 0),
        "isAffiliate": False,
    }


def due(invoices: list[Doc]) -> Answer:
    unpaid = [row for row in invoices if row["status"] == "Unpaid"]
    overdue = [row for row in unpaid if row["duedate"] < today()]
    drafts = [row for row in invoices if row["status"] == "Draft"]
    return {
        "numdueinvoices": str(len(unpaid)),
        "dueinvoicesbalance": owed(unpaid),
        "numoverdueinvoices": str(len(overdue)),
        "overdueinvoicesbalance": owed(overdue),
        "numDraftInvoices": len(drafts),
        "draftInvoicesBalance": owed(drafts),
    }


def owed(invoices: list[Doc]) -> str:
    return yen(sum((Decimal(balance(row)) for row in invoices), Decimal(0)))


def income(invoices: list[Doc]) -> Answer:
    rows = [row for invoice in invoices for row in invoice["transactions"]]
    gross = sum((Decimal(row["amountin"]) for row in rows), Decimal(0))
    spent = sum((Decimal(row["amountout"]) + Decimal(row["fees"]) for row in rows), Decimal(0))
    return {"grossRevenue": yen(gross), "expenses": yen(spent), "income": yen(gross - spent)}


def by_status(invoices: list[Doc]) -> Answer:
    answer: Answer = {}
    for word, status in STATUSES.items():
        rows = [row for row in invoices if row["status"] == status]
        answer |= {f"num{word}invoices": str(len(rows)), f"{word}invoicesamount": yen(sum(Decimal(row["total"]) for row in rows))}
    return answer


def products(store: Store, client: Doc) -> Answer:
    services = store.find("whmcs_service", "clientid", client["id"])
    active = [row for row in services if row["status"] == "Active"]
    answer = {"productsnumactive": len(active), "productsnumtotal": len(services)}
    for word, kind in KINDS.items():
        answer[f"productsnumactive{word}"] = sum(sold(store, row["pid"]).kind == kind for row in active)
        answer[f"productsnum{word}"] = sum(sold(store, row["pid"]).kind == kind for row in services)
    return answer
