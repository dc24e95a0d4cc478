"""Single sign-on: a token that opens one page once, within a minute, and the session it leaves behind."""

import string

from sandbox import clock
from sandbox.chance import hexed, letters
from sandbox.store import Doc, Store
from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused
from sandbox.whmcs.asked import Asked

TOKEN, SESSION = "whmcs_sso", "whmcs_session"
KEY_LETTERS = string.ascii_letters + string.digits + "-_"
TOKEN_LIFE_S, SESSION_LIFE_S = 60, 3600
PAYMENT_METHODS_PATH = "index.php?rp=/account/paymentmethods"
CUSTOM = "sso:custom_redirect"
AREAS = (
    "announcements", "downloads", "knowledgebase", "network_status", "services", "product_details", "domains", "domain_details", "invoices",
    "emails", "tickets", "submit_ticket", "shopping_cart", "shopping_cart_addons", "shopping_cart_domain_register",
    "shopping_cart_domain_transfer",
)  # fmt: skip
PAGES = {
    "": "clientarea.php",
    **{f"clientarea:{area}": f"clientarea.php?action={area}" for area in AREAS},
    "clientarea:profile": "clientarea.php?action=details",
    "clientarea:billing_info": PAYMENT_METHODS_PATH,
}


@action
def create_sso_token(asked: Asked) -> Answer:
    client = signed_client(asked)
    path = destination(asked)
    token = hexed(asked.store, "sign-on", 40)
    forget_old(asked.store)
    asked.store.put(TOKEN, token, {"key": token, "client_id": client["id"], "path": path, "until": clock.now() + TOKEN_LIFE_S})
    return {"access_token": token, "redirect_url": f"{asked.url}/oauth/singlesignon.php?access_token={token}"}


def signed_client(asked: Asked) -> Doc:
    """The client, or the first one that the user owns; a user must own the client that is named with it."""
    if not asked.text("client_id") and not asked.text("user_id"):
        raise Refused("A valid client_id or user_id is required")
    client = asked.store.get("whmcs_client", str(asked.whole("client_id"))) if asked.text("client_id") else None
    if asked.text("client_id") and client is None:
        raise Refused("Invalid client_id")
    if not asked.text("user_id"):
        return client or {}
    if asked.store.get("whmcs_user", str(asked.whole("user_id"))) is None:
        raise Refused("Invalid user_id")
    client = client or next(iter(asked.store.find("whmcs_client", "owner_user_id", asked.whole("user_id"))), None)
    if client is None or client["owner_user_id"] != asked.whole("user_id"):
        raise Refused("Invalid user_id for client")
    return client


def destination(asked: Asked) -> str:
    name, path = asked.text("destination"), asked.text("sso_redirect_path").lstrip("/")
    if name == CUSTOM and path and "//" not in path.split("?")[0] and "\\" not in path and ":" not in path.split("?")[0]:
        return path
    if name not in PAGES:
        raise Refused("Invalid destination")
    return PAGES[name]


def forget_old(store: Store) -> None:
    for kind in (TOKEN, SESSION):
        for row in store.scan(kind, lambda doc: bool(doc["until"] < clock.now())):
            store.drop(kind, row["key"])


def redeem(store: Store, token: str) -> tuple[str, str] | None:
    """A fresh session and the path to go to; None for a token that is unknown, used or too old."""
    with store.write():
        row = store.get(TOKEN, token)
        store.drop(TOKEN, token)
        if row is None or row["until"] < clock.now():
            return None
        key = letters(store, "visit", 32, KEY_LETTERS)
        life = {"form": hexed(store, "form", 32), "until": clock.now() + SESSION_LIFE_S}
        store.put(SESSION, key, {"key": key, "client_id": row["client_id"], **life})
        return key, row["path"]


def session(store: Store, key: str) -> Doc | None:
    row = store.get(SESSION, key) if key else None
    return row if row and row["until"] > clock.now() else None
