"""ENVIRONMENT=production starts only with secrets of its own and upstreams that are reached safely; each refusal names its setting."""

import base64
import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config import BadSettings, Settings
from console.app import create_app
from deploy import environment

KEY = "p4Q9vT2mX7sL0dF6hJ8kR1wY5bN3cZeUaGiOxPqStVuWyA-0_KzLmNb"  # random once, the same for every process of the tests
FERNET = "sSWTs0r70O4PhbTfYQNKm8lCzovLHi9suZqKZZvoAmc="
SAFE = {
    "environment": "production", "public_url": "https://portal.example.com", "secret_key": KEY,
    "encryption_keys": FERNET, "sf_client_id": "client", "sf_username": "portal@example.com",
    "whmcs_url": "https://billing.example.com", "whmcs_identifier": "identifier", "whmcs_secret": "secret",
    "whmcs_payment_method": "stripe", "whmcs_customer_number_field_id": 1, "mobile_api_url": "https://api.example.com",
    "mobile_api_key": "key", "mobile_project": "project", "mail_server": "smtp.example.com", "mail_default_sender": "portal@example.com",
}  # fmt: skip
ADDRESSES = ("public_url", "sf_login_url", "whmcs_url", "mobile_api_url")
HERE = ("localhost", "LOCALHOST.", "portal.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0")  # noqa: S104
DEMO_FERNET = base64.urlsafe_b64encode(b"demo-only-" + FERNET.encode()[:22]).decode()


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    key = tmp_path / "key.pem"
    key.write_text("a key")
    return key


def read(pem: Path, **changes: Any) -> Settings:
    return Settings.read(**(SAFE | {"sf_private_key_file": pem} | changes))


def test_it_starts_with_safe_settings(pem: Path) -> None:
    assert read(pem).environment == "production"
    assert read(pem, mail_use_tls=False, mail_port=465).mail_port == 465
    assert read(pem, secret_key_fallbacks=f"{KEY},{secrets.token_urlsafe(32)}").secret_key_fallbacks


def test_it_is_production_unless_told_otherwise(pem: Path) -> None:
    assert Settings.read(**{name: value for name, value in SAFE.items() if name != "environment"}, sf_private_key_file=pem).environment == (
        "production"
    )


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "address", ["http://billing.example.com", *(f"https://{host}:8443" for host in HERE), "ftp://x.example", "x.example"]
)
def test_it_refuses_addresses_that_are_plain_or_here(pem: Path, name: str, address: str) -> None:
    refused(pem, name, address)


@pytest.mark.parametrize("host", HERE)
def test_it_refuses_event_stream_and_mail_server_here(pem: Path, host: str) -> None:
    refused(pem, "sf_pubsub_endpoint", f"{host}:7443")
    refused(pem, "mail_server", host)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "demo-only-secret-key-never-for-production"),
        ("secret_key", "x" * 48),
        ("secret_key", "short"),
        ("secret_key_fallbacks", f"{KEY},demo-{KEY}"),
        ("secret_key_fallbacks", f"{KEY},short"),
        ("encryption_keys", DEMO_FERNET),
        ("encryption_keys", f"{FERNET},{DEMO_FERNET}"),
        ("encryption_keys", "k" * 43 + "="),
        ("encryption_keys", "A" * 43 + "="),
        ("encryption_keys", "*" * 44),
        ("encryption_keys", ","),
        ("mail_use_tls", False),
        ("public_url", "https://portal.example.com/shop"),
        ("whmcs_secret", ""),
        ("mobile_api_key", " "),
        ("sf_pubsub_endpoint", "api.pubsub.salesforce.com"),
        ("provision_customer_checks_s", "300,soon"),
        ("environment", "staging"),
    ],
)
def test_it_refuses_demo_values_and_weak_ones(pem: Path, name: str, value: object) -> None:
    refused(pem, name, value)


def refused(pem: Path, name: str, value: object) -> None:
    with pytest.raises(BadSettings) as refusal:
        read(pem, **{name: value})
    assert name.upper() in str(refusal.value)
    assert len(str(value)) < 8 or str(value) not in str(refusal.value), "the value is not told"


def test_a_demo_cannot_become_production(tmp_path: Path, pem: Path) -> None:
    """Its own addresses alone would be enough to refuse it."""
    own = {name.lower(): value for name, value in environment.own(tmp_path, "http://localhost:8000").items()}
    with pytest.raises(BadSettings, match="PUBLIC_URL"):
        read(pem, **{**own, "environment": "production"})


def test_production_cookies_are_bound_to_the_host(pem: Path, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    app = create_app(read(pem, database_url=f"sqlite:///{tmp_path}/c.db", queue_file=tmp_path / "q.db"))
    config = app.config
    assert config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert (config["SESSION_COOKIE_SECURE"], config["SESSION_COOKIE_HTTPONLY"], config["SESSION_COOKIE_SAMESITE"]) == (True, True, "Lax")
    assert config["SESSION_COOKIE_DOMAIN"] is None
    assert config["STAFF_TOTP"] == "required"
    assert not config["DEBUG"]
