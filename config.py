"""Every setting of the console, typed and checked at start; an error names each bad setting, never its value."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO = b"demo-"  # how every secret of a demo begins, so that production knows it
PLAIN = 12  # a secret of fewer different characters or bytes was typed, not drawn
_SMTPS = 465  # TLS from the first byte, whatever MAIL_USE_TLS says


class BadSettings(Exception):
    """One line per setting that is missing or wrong."""


class QueueSettings(BaseSettings):
    """What the queue alone needs: tasks.py builds it at import."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file=None)
    environment: Literal["production", "demo", "test"] = "production"
    redis_url: str = ""
    queue_file: Path = Path("var/queue.db")
    secret_key: SecretStr = SecretStr("")  # checked by Settings, which every process reads before it rings or listens
    secret_key_fallbacks: SecretStr = SecretStr("")

    @field_validator("redis_url")
    @classmethod
    def _known_queue(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """From the environment; BadSettings names every missing or wrong one."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            lines = [f"{'.'.join(str(part) for part in e['loc']).upper()}: {e['msg']}".removeprefix(": ") for e in error.errors()]
            raise BadSettings("\n".join(lines)) from None


class Settings(QueueSettings):
    """All of it; see .env.example and docs/settings.md for what each is for."""

    public_url: str
    secret_key: SecretStr
    encryption_keys: SecretStr
    database_url: str = "sqlite:///var/console.db"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    trusted_proxies: int = Field(0, ge=0, le=5)
    metrics_token: SecretStr = SecretStr("")
    staff_totp: Literal["required", "optional"] = "required"

    sf_login_url: str = "https://login.salesforce.com"
    sf_audience: str = ""
    sf_client_id: str
    sf_username: str
    sf_private_key_file: Path
    sf_api_version: str = "67.0"
    sf_ca_file: Path | None = None
    sf_pricebook: str = "Portal"
    sf_events_enabled: bool = True
    sf_provision_event_channel: str = "/event/OrderProvisionRequested__e"
    sf_events_replay: Literal["LATEST", "EARLIEST"] = "LATEST"
    sf_events_watchdog_s: float = Field(300, gt=0)
    sf_pubsub_endpoint: str = "api.pubsub.salesforce.com:7443"

    whmcs_url: str
    whmcs_identifier: SecretStr
    whmcs_secret: SecretStr
    whmcs_access_key: SecretStr = SecretStr("")
    whmcs_payment_method: str
    whmcs_customer_number_field_id: int
    whmcs_order_id_field: str = "Salesforce Order ID"
    whmcs_iccid_field: str = "ICCID"
    whmcs_sso_payment_path: str = "index.php?rp=/account/paymentmethods"
    whmcs_sso_invoice_path: str = "viewinvoice.php?id={invoice_id}"

    mobile_provider: Literal["gigs"] = "gigs"
    mobile_api_url: str
    mobile_api_key: SecretStr
    mobile_project: str
    mobile_idempotency_header: bool = False
    mobile_webhook_secret: SecretStr = SecretStr("")

    mail_server: str
    mail_port: int = 587
    mail_use_tls: bool = True
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_default_sender: str

    provision_connect_s: float = Field(3, gt=0)
    provision_salesforce_s: float = Field(30, gt=0)
    provision_whmcs_s: float = Field(60, gt=0)
    provision_mobile_s: float = Field(60, gt=0)
    provision_mail_s: float = Field(30, gt=0)
    provision_lease_margin_s: float = Field(60, gt=0)
    provision_backoff_base_s: float = Field(5, gt=0)
    provision_backoff_cap_s: float = Field(900, gt=0)
    provision_attempts: int = Field(12, ge=1)
    provision_crash_limit: int = Field(3, ge=1)
    provision_settle_whmcs_s: float = Field(120, ge=0)
    provision_settle_mobile_s: float = Field(300, ge=0)
    provision_look_again_s: float = Field(60, ge=0)
    provision_pending_limit_s: float = Field(1800, gt=0)
    provision_breaker_failures: int = Field(5, ge=1)
    provision_breaker_window_s: float = Field(60, gt=0)
    provision_probe_s: float = Field(60, gt=0)
    provision_sweep_s: float = Field(5, gt=0)
    provision_ring_again_s: float = Field(30, gt=0)
    provision_watch_s: float = Field(60, gt=0)
    provision_backfill_age_s: float = Field(120, ge=0)
    provision_customer_checks_s: str = "300,900,3600"
    provision_customer_patience_s: float = Field(14 * 86400, gt=0)

    @field_validator("secret_key", "secret_key_fallbacks")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        keys = [value.get_secret_value()] if info.field_name == "secret_key" else parts_of(value)
        if any(len(key) < 32 for key in keys):
            raise ValueError("must have at least 32 characters")
        _refuse_guessable([key.encode() for key in keys], info)
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _fernet_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        keys = [_decoded(key) for key in parts_of(value)]
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("must be a comma list of Fernet keys (44 characters each)")
        _refuse_guessable(keys, info)
        return value

    @field_validator(
        "sf_client_id", "sf_username", "whmcs_identifier", "whmcs_secret", "whmcs_payment_method", "mobile_api_key", "mobile_project",
        "mail_server", "mail_default_sender",
    )  # fmt: skip
    @classmethod
    def _filled(cls, value: Any) -> Any:
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value).strip():
            raise ValueError("must not be empty")
        return value

    @field_validator("sf_private_key_file", "sf_ca_file")
    @classmethod
    def _file_exists(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("no such file")
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"sqlite", "postgresql"}:
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("public_url", "sf_login_url", "whmcs_url", "mobile_api_url")
    @classmethod
    def _address(cls, value: str, info: ValidationInfo) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http(s) address")
        if info.field_name == "public_url" and (parts.path.strip("/") or parts.query):
            raise ValueError("must have no path")
        if _production(info) and (parts.scheme != "https" or _is_here(parts.hostname)):
            raise ValueError("must be https and not this machine in production")
        return value.rstrip("/")

    @field_validator("sf_pubsub_endpoint", "mail_server")
    @classmethod
    def _host(cls, value: str, info: ValidationInfo) -> str:
        """host:port, or a host alone for mail."""
        host, _, port = value.rpartition(":") if info.field_name == "sf_pubsub_endpoint" else (value, "", "1")
        if not (host and port.isdecimal()):
            raise ValueError("must be host:port")
        if _production(info) and _is_here(host):
            raise ValueError("must not be this machine in production")
        return value

    @field_validator("provision_customer_checks_s")
    @classmethod
    def _seconds(cls, value: str) -> str:
        try:
            right = all(float(part) > 0 for part in value.split(","))
        except ValueError:
            right = False
        if not right:
            raise ValueError("must be a comma list of seconds")
        return value

    @model_validator(mode="after")
    def _mail_is_encrypted(self) -> Settings:
        if self.environment == "production" and not self.mail_use_tls and self.mail_port != _SMTPS:
            raise ValueError("MAIL_USE_TLS: must be true in production, for every port but 465")
        return self


def parts_of(value: SecretStr) -> list[str]:
    """The parts of a comma list."""
    return [part for part in value.get_secret_value().split(",") if part]


def _decoded(key: str) -> bytes:
    try:
        return base64.b64decode(key.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        return b""


def _production(info: ValidationInfo) -> bool:
    return info.data.get("environment") == "production"


def _refuse_guessable(secrets: list[bytes], info: ValidationInfo) -> None:
    if _production(info) and any(secret.startswith(DEMO) or len(set(secret)) < PLAIN for secret in secrets):
        raise ValueError("the demo's values and values that can be guessed are refused in production")


def _is_here(host: str) -> bool:
    """Whether it names this machine."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name in {"localhost", "localhost.localdomain", "ip6-localhost"} or name.endswith(".localhost")
    inner = getattr(address, "ipv4_mapped", None) or address
    return bool(inner.is_loopback or inner.is_unspecified)
