"""What is written down about what happened: the activity log, and notes that staff keep about a client."""

from datetime import datetime

from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, counted, stamp
from sandbox.whmcs.asked import Asked

ENTRY, NOTE, CLIENT = "whmcs_activity", "whmcs_note", "whmcs_client"
KEPT = 5000  # older entries go, as when WHMCS prunes its log


def log(store: Store, description: str, client_id: int = 0, caller: str = "") -> None:
    number = store.number(ENTRY)
    row = {"id": number, "client_id": client_id, "date": stamp(), "description": description, "ipaddress": caller}
    store.put(ENTRY, str(number), row)
    store.drop(ENTRY, str(number - KEPT))


@action
def log_activity(asked: Asked) -> Answer:
    if not asked.text("description"):
        raise Refused("Log description is required")
    log(asked.store, asked.text("description"), asked.whole("clientid") or asked.whole("userid"), asked.caller)
    return {}


@action
def get_activity_log(asked: Asked) -> Answer:
    rows = asked.store.scan(ENTRY, lambda row: wanted(row, asked))[::-1]
    return counted("activity", "entry", rows, asked.window(), shown)


def wanted(row: Doc, asked: Asked) -> bool:
    client = asked.whole("clientid") or asked.whole("userid")
    return (
        (not client or row["client_id"] == client)
        and asked.text("description").lower() in row["description"].lower()
        and row["ipaddress"].startswith(asked.text("ipaddress"))
        and row["date"].startswith(local_day(asked.text("date")))
        and asked.text("user").lower() in "admin"
    )


def local_day(text: str) -> str:
    """A day of the installation's own format, DD/MM/YYYY here; what is none matches nothing."""
    if not text:
        return ""
    try:
        return datetime.strptime(text, "%d/%m/%Y").strftime("%Y-%m-%d")
    except ValueError:
        return "never"


def shown(row: Doc) -> Answer:
    return {
        "id": row["id"],
        "clientId": row["client_id"],
        "userId": 0,
        "adminId": 1,
        "date": row["date"],
        "description": row["description"],
        "username": "admin",
        "ipaddress": row["ipaddress"],
        "userid": row["client_id"],
    }


@action
def add_client_note(asked: Asked) -> Answer:
    """WHMCS documents no action that reads notes; the overview page of the sandbox shows them."""
    if asked.store.get(CLIENT, str(asked.whole("userid"))) is None:
        raise Refused("Client ID not found")
    if not asked.text("notes"):
        raise Refused("Notes can not be empty")
    number = asked.store.number(NOTE)
    row = {"id": number, "client_id": asked.whole("userid"), "note": asked.text("notes"), "sticky": asked.flag("sticky"), "at": stamp()}
    asked.store.put(NOTE, str(number), row)
    return {"noteid": number}
