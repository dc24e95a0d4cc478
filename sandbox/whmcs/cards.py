"""Pay methods: test cards only, put there by a person at the WHMCS page and read by the API."""

from datetime import timedelta

from sandbox.chance import below, hexed
from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, now
from sandbox.whmcs.asked import Asked

CARD = "whmcs_card"


@action
def get_pay_methods(asked: Asked) -> Answer:
    if not asked.text("clientid"):
        raise Refused("Client ID Is Required")
    if asked.text("type", "CreditCard") not in ("CreditCard", "BankAccount"):
        raise Refused("Invalid Pay Method Type. Should be 'BankAccount' or 'CreditCard'")
    if asked.store.get("whmcs_client", str(asked.whole("clientid"))) is None:
        raise Refused("Client Not Found")
    rows = [] if asked.text("type") == "BankAccount" else cards_of(asked.store, asked.whole("clientid"))
    shown = [card_row(row) for row in rows if not asked.text("paymethodid") or row["id"] == asked.whole("paymethodid")]
    return {"clientid": asked.text("clientid"), "paymethods": shown}


def cards_of(store: Store, client_id: int) -> list[Doc]:
    return store.find(CARD, "client_id", client_id)


def card_row(row: Doc) -> Answer:
    return {
        "id": row["id"],
        "type": "RemoteCreditCard",
        "description": "Test card",
        "gateway_name": "stripe",
        "contact_type": "Client",
        "contact_id": row["client_id"],
        "card_last_four": row["last_four"],
        "expiry_date": row["expiry"],
        "start_date": "",
        "issue_number": "",
        "card_type": "Visa",
        "remote_token": row["token"],
        "last_updated": row["updated"],
    }


def add_card(store: Store, client_id: int, expiry: str = "") -> Doc:
    """`expiry` is MM/YY; without it the card is good for two years. There is no card number anywhere."""
    card = {
        "id": store.number("whmcs_card"),
        "client_id": client_id,
        "last_four": f"{below(store, 'last four', 10_000):04d}",
        "expiry": expiry or expires_in(2),
        "token": f'{{"customer":"cus_{hexed(store, "customer", 14)}","method":"pm_{hexed(store, "method", 24)}"}}',
        "updated": now().strftime("%d/%m/%Y %H:%M"),
    }
    store.put(CARD, str(card["id"]), card)
    return card


def expires_in(years: int) -> str:
    return (now() + timedelta(days=365 * years)).strftime("%m/%y")


def remove_cards(store: Store, client_id: int, card_id: int | None = None) -> int:
    gone = [card for card in cards_of(store, client_id) if card_id in (None, card["id"])]
    for card in gone:
        store.drop(CARD, str(card["id"]))
    return len(gone)


def expired(card: Doc) -> bool:
    """A card is good until the end of its month."""
    month, year = card["expiry"].split("/")
    return (2000 + int(year), int(month)) < (now().year, now().month)
