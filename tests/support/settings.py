"""Settings for tests: of a console whose upstreams are a running sandbox, or of one whose upstreams are all down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config import Settings
from deploy import environment

# nothing listens on the discard port: whoever calls an upstream by mistake is refused at once
_DOWN = "http://127.0.0.1:9"


def with_sandbox(info: dict[str, Any], folder: Path, database_url: str, **changes: str) -> Settings:
    """Settings of a console that speaks to the sandbox of `info`; `changes` by environment name."""
    return Settings.read(**_lowered(variables(info, folder, database_url, **changes)))


def without_upstreams(folder: Path, database_url: str, **changes: str) -> Settings:
    """Settings of a console that cannot reach anything."""
    return Settings.read(**_lowered(cut_off(folder, database_url, **changes)))


def cut_off(folder: Path, database_url: str, **changes: str) -> dict[str, str]:
    """The same as environment variables."""
    down = {
        "SF_LOGIN_URL": _DOWN, "SF_CLIENT_ID": "client", "SF_USERNAME": "portal@sandbox.example", "SF_PRIVATE_KEY_FILE": str(_key(folder)),
        "SF_PUBSUB_ENDPOINT": "localhost:9", "WHMCS_URL": _DOWN, "WHMCS_IDENTIFIER": "identifier", "WHMCS_SECRET": "secret",
        "WHMCS_PAYMENT_METHOD": "stripe", "WHMCS_CUSTOMER_NUMBER_FIELD_ID": "1", "MOBILE_API_URL": _DOWN, "MOBILE_API_KEY": "key",
        "MOBILE_PROJECT": "sandbox", "MAIL_SERVER": "127.0.0.1", "MAIL_PORT": "9", "MAIL_USE_TLS": "false",
        "MAIL_DEFAULT_SENDER": "portal@console.example",
    }  # fmt: skip
    return _base(folder, database_url) | down | changes


def variables(info: dict[str, Any], folder: Path, database_url: str, **changes: str) -> dict[str, str]:
    """Environment variables of a console that speaks to the sandbox of `info`."""
    return _base(folder, database_url) | environment.upstreams(info) | changes


def _base(folder: Path, database_url: str) -> dict[str, str]:
    own = environment.own(folder, "http://console.example") | {"ENVIRONMENT": "test", "DATABASE_URL": database_url, "LOG_LEVEL": "WARNING"}
    return own | environment.QUICK


def _key(folder: Path) -> Path:
    """A private key that nobody knows; one per folder, since making it takes a while."""
    file = folder / "nobodys-key.pem"
    if not file.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def _lowered(variables: dict[str, str]) -> dict[str, Any]:
    return {name.lower(): value for name, value in variables.items()}
