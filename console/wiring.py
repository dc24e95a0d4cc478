"""Builds database, queue and upstream clients from Settings: the only place where real things are chosen."""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from huey.storage import RedisExpireStorage, SqliteStorage
from peewee import Database

from config import BadSettings, QueueSettings, Settings
from console import log, models
from console.doorbell import Doorbell
from console.errors import Misconfigured
from console.models.connecting import Postgres, Sqlite, make_private
from console.services.upstreams import Policy, Upstreams
from console.vault import Vault

if TYPE_CHECKING:
    from console.clients.pubsub import PubSub

TEMPLATES = Path(__file__).parent.parent / "templates"
_BORN = secrets.token_hex(2)
_SQLITE = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 30_000, "cache_size": -8_000}
# A peer that vanished is noticed within a minute. No transaction is open during a call, so one that idles belongs to a process that was
# stopped in it: its locks must not stop the others.
_POSTGRES = {
    "application_name": "console", "connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "tcp_user_timeout": 30_000, "options": "-c idle_in_transaction_session_timeout=15s",
}  # fmt: skip


@dataclass(frozen=True)
class Console:
    """Everything that a process of the console works with."""

    settings: Settings
    database: Database
    upstreams: Upstreams
    policy: Policy


def build(settings: Settings) -> Console:
    """Wire a process: logs, database and clients. Opens no connection yet."""
    log.configure(settings.log_level, settings.log_format)
    return Console(settings, open_database(settings), upstreams(settings), policy(settings))


def open_database(settings: Settings) -> Database:
    """The database of the settings, bound to the models."""
    made = database_at(settings.database_url)
    models.database.initialize(made)
    return made


def database_at(url: str, *, read_only: bool = False) -> Database:
    """One connection per thread, opened at first use and again after it broke. sqlite:///relative, sqlite:////absolute, postgresql://…"""
    return _sqlite(Path(urlsplit(url).path[1:]), read_only) if url.startswith("sqlite:") else _postgres(url, read_only)


def _sqlite(file: Path, read_only: bool) -> Database:
    if read_only:
        return Sqlite(f"file:{quote(str(file))}?mode=ro", pragmas={"busy_timeout": 30_000}, timeout=30, uri=True)
    _make_folder(file, "DATABASE_URL")
    # IMMEDIATE: a transaction that begins as a reader and then writes fails at once under concurrent writers.
    return Sqlite(str(file), pragmas=_SQLITE, lock_type="IMMEDIATE", timeout=30)


def _postgres(url: str, read_only: bool) -> Database:
    """The address goes to the driver as it is: several hosts, sslmode and the like are its business, and win over ours."""
    _need("psycopg", "DATABASE_URL")
    given = dict(parse_qsl(urlsplit(url).query))
    ours = {name: value for name, value in _POSTGRES.items() if name not in given}
    if read_only:
        ours["options"] = f"{given.get('options', '')} -c default_transaction_read_only=on"
    return Postgres(url, prefer_psycopg3=True, **ours)


def queue(settings: QueueSettings) -> Doorbell:
    """The doorbell: Redis where there is one, else a file. Results are not kept: the job's row is the truth."""
    if settings.redis_url:
        pool = redis_pool(settings)
        import redis

        return Doorbell("console", _queue_keys(settings), (redis.RedisError,), storage_class=RedisExpireStorage, connection_pool=pool)
    _make_folder(settings.queue_file, "QUEUE_FILE")
    make_private(settings.queue_file)
    try:
        return Doorbell("console", _queue_keys(settings), storage_class=SqliteStorage, filename=str(settings.queue_file), fsync=False)
    except sqlite3.Error as error:
        raise BadSettings(f"QUEUE_FILE: {error}") from None


def _queue_keys(settings: QueueSettings) -> list[str]:
    """What signs messages, and what else verifies them. Without SECRET_KEY nothing starts: a mere import has a key that nobody knows."""
    present = settings.secret_key.get_secret_value() or secrets.token_hex()
    return [present, *_parts(settings.secret_key_fallbacks.get_secret_value())]


def redis_pool(settings: QueueSettings) -> Any:
    """Connections to Redis, or None where there is none. Short waits: what Redis does for us, the database can do."""
    if not settings.redis_url:
        return None
    _need("redis", "REDIS_URL")
    from redis import ConnectionError, ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # once more and at once: a connection that idled through a restart of Redis breaks at its next use
    again = Retry(NoBackoff(), 1, (ConnectionError,))
    return ConnectionPool.from_url(settings.redis_url, socket_connect_timeout=1, socket_timeout=2, health_check_interval=30, retry=again)


def _need(library: str, setting: str) -> None:
    if find_spec(library) is None:
        raise BadSettings(f"{setting}: {library} is not installed; install requirements-scale.txt")


def _make_folder(file: Path, setting: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"{setting}: its folder cannot be made: {error.strerror}") from None


def process_name(role: str) -> str:
    """Who holds a lease: role, host, process id and four random digits, since containers may share host name and process ids."""
    return f"{role}:{socket.gethostname()[:24]}:{os.getpid()}-{_BORN}"


def upstreams(settings: Settings) -> Upstreams:
    """The clients, each with its own deadlines."""
    return Upstreams(_salesforce(settings), _whmcs(settings), _gigs(settings), _mailer(settings))


def _salesforce(s: Settings) -> Any:
    from console.clients.salesforce import Salesforce

    made = Salesforce(
        login_url=s.sf_login_url, audience=s.sf_audience or s.sf_login_url, client_id=s.sf_client_id, username=s.sf_username,
        private_key=_text(s.sf_private_key_file), api_version=s.sf_api_version, ca_file=str(s.sf_ca_file) if s.sf_ca_file else None,
        pricebook=s.sf_pricebook, connect_s=s.provision_connect_s, total_s=s.provision_salesforce_s,
    )  # fmt: skip
    try:
        made.check_key()
    except Misconfigured as error:
        raise BadSettings(f"SF_PRIVATE_KEY_FILE: {error.text}") from None
    return made


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"SF_PRIVATE_KEY_FILE: cannot be read: {type(error).__name__}") from None


def _whmcs(s: Settings) -> Any:
    from console.clients.whmcs import Whmcs

    return Whmcs(
        url=s.whmcs_url, identifier=s.whmcs_identifier.get_secret_value(), secret=s.whmcs_secret.get_secret_value(),
        access_key=s.whmcs_access_key.get_secret_value(), payment_method=s.whmcs_payment_method,
        customer_number_field_id=s.whmcs_customer_number_field_id, connect_s=s.provision_connect_s, total_s=s.provision_whmcs_s,
    )  # fmt: skip


def _gigs(s: Settings) -> Any:
    from console.clients.gigs import Gigs

    return Gigs(
        url=s.mobile_api_url, api_key=s.mobile_api_key.get_secret_value(), project=s.mobile_project,
        idempotency_header=s.mobile_idempotency_header, connect_s=s.provision_connect_s, total_s=s.provision_mobile_s,
    )  # fmt: skip


def _mailer(s: Settings) -> Any:
    from console.clients.mail import Mailer

    return Mailer(
        server=s.mail_server, port=s.mail_port, use_tls=s.mail_use_tls, username=s.mail_username,
        password=s.mail_password.get_secret_value(),
        sender=s.mail_default_sender, template_folder=str(TEMPLATES / "mail"), public_url=s.public_url,
        connect_s=s.provision_connect_s, total_s=s.provision_mail_s,
    )  # fmt: skip


def pubsub(s: Settings, salesforce: Any) -> PubSub:
    """The event stream, on Salesforce's shared token; the listener's only."""
    from console.clients.pubsub import PubSub

    return PubSub(
        endpoint=s.sf_pubsub_endpoint,
        session=salesforce.session,
        renew=salesforce.renew,
        ca_file=str(s.sf_ca_file) if s.sf_ca_file else None,
        watchdog_s=s.sf_events_watchdog_s,
    )


def policy(s: Settings) -> Policy:
    """The numbers and names of the settings, as services take them."""
    deadlines = {
        "salesforce": s.provision_salesforce_s,
        "whmcs": s.provision_whmcs_s,
        "mobile": s.provision_mobile_s,
        "mail": s.provision_mail_s,
    }
    return Policy(
        vault=_vault(s), public_url=s.public_url, mail_domain=urlsplit(s.public_url).hostname or "localhost", deadlines=deadlines,
        settle={"whmcs": s.provision_settle_whmcs_s, "mobile": s.provision_settle_mobile_s},
        lease_s=max(s.provision_salesforce_s, s.provision_whmcs_s, s.provision_mobile_s) + s.provision_lease_margin_s,
        look_again_s=s.provision_look_again_s,
        backoff_base_s=s.provision_backoff_base_s, backoff_cap_s=s.provision_backoff_cap_s, attempts=s.provision_attempts,
        crash_limit=s.provision_crash_limit, pending_limit_s=s.provision_pending_limit_s,
        breaker_failures=s.provision_breaker_failures, breaker_window_s=s.provision_breaker_window_s, probe_s=s.provision_probe_s,
        sweep_s=s.provision_sweep_s,
        ring_again_s=s.provision_ring_again_s, watch_s=s.provision_watch_s, backfill_age_s=s.provision_backfill_age_s,
        customer_checks_s=tuple(float(part) for part in s.provision_customer_checks_s.split(",")),
        customer_patience_s=s.provision_customer_patience_s, order_id_field=s.whmcs_order_id_field, iccid_field=s.whmcs_iccid_field,
        sso_payment_path=s.whmcs_sso_payment_path, sso_invoice_path=s.whmcs_sso_invoice_path,
    )  # fmt: skip


def _vault(s: Settings) -> Vault:
    return Vault(
        s.secret_key.get_secret_value(), _parts(s.encryption_keys.get_secret_value()), _parts(s.secret_key_fallbacks.get_secret_value())
    )


def _parts(text: str) -> list[str]:
    return [part for part in text.split(",") if part]
