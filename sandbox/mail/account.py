"""The one account of the mail server, and the switches that say what a client must do before it may send."""

import hashlib
import hmac

from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store
from sandbox.switches import Switches

PATH = "/sandbox/behaviour"
SWITCHES = Switches("mail_behaviour", {"auth_required": (False, True), "starttls_required": (False, True)})
USERNAME = "portal@sandbox.example"


def password(settings: SandboxSettings) -> str:
    """Made from another secret of the folder, so that folders of before need nothing new."""
    return hmac.new(settings.credentials.whmcs_secret.encode(), b"mail", hashlib.sha256).hexdigest()[:24]


def knows(settings: SandboxSettings, username: bytes, given: bytes) -> bool:
    return hmac.compare_digest(username, USERNAME.encode()) and hmac.compare_digest(given, password(settings).encode())


def facts(settings: SandboxSettings) -> dict[str, str]:
    """For sandbox.json."""
    return {"username": USERNAME, "password": password(settings)}


def behaviour(store: Store) -> Doc:
    return SWITCHES.now(store)
