"""The one account of the mail server, and the switches that say what a client must do before it may send."""

import hashlib
import hmac
from typing import Any

from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store

KIND, KEY = "mail_behaviour", "now"
USERNAME = "portal@sandbox.example"
DEFAULTS: Doc = {"auth_required": False, "starttls_required": False}


def password(settings: SandboxSettings) -> str:
    """Made from another secret of the folder, so that folders of before need nothing new."""
    return hmac.new(settings.credentials.whmcs_secret.encode(), b"mail", hashlib.sha256).hexdigest()[:24]


def knows(settings: SandboxSettings, username: bytes, given: bytes) -> bool:
    return hmac.compare_digest(username, USERNAME.encode()) and hmac.compare_digest(given, password(settings).encode())


def facts(settings: SandboxSettings) -> dict[str, str]:
    """For sandbox.json."""
    return {"username": USERNAME, "password": password(settings)}


def behaviour(store: Store) -> Doc:
    return {**DEFAULTS, **(store.get(KIND, KEY) or {})}


def change(store: Store, sent: Any) -> Doc | None:
    """The switches after the change; None when a name or a value makes no sense."""
    if not isinstance(sent, dict) or not all(name in DEFAULTS and isinstance(value, bool) for name, value in sent.items()):
        return None
    with store.write():
        store.put(KIND, KEY, {**behaviour(store), **sent})
        return behaviour(store)
