"""The console's settings for a sandbox: sandbox.json turned into environment variables, and secrets that outlive a restart."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# a sandbox answers in milliseconds: what takes minutes against real upstreams takes seconds here
QUICK = {
    "PROVISION_CONNECT_S": "2",
    "PROVISION_SALESFORCE_S": "10",
    "PROVISION_WHMCS_S": "10",
    "PROVISION_MOBILE_S": "10",
    "PROVISION_MAIL_S": "5",
    "PROVISION_LEASE_MARGIN_S": "5",
    "PROVISION_BACKOFF_BASE_S": "0.5",
    "PROVISION_BACKOFF_CAP_S": "5",
    "PROVISION_SETTLE_WHMCS_S": "0.5",
    "PROVISION_SETTLE_MOBILE_S": "0.5",
    "PROVISION_LOOK_AGAIN_S": "0.3",
    "PROVISION_PROBE_S": "1",
    "PROVISION_SWEEP_S": "0.5",
    "PROVISION_RING_AGAIN_S": "2",
    "PROVISION_WATCH_S": "2",
    "PROVISION_BACKFILL_AGE_S": "2",
    "PROVISION_CUSTOMER_CHECKS_S": "2,3,5",
}


def upstreams(sandbox: Mapping[str, Any]) -> dict[str, str]:
    """Where the upstreams are and how the console is known there."""
    return _salesforce(sandbox["salesforce"]) | _whmcs(sandbox["whmcs"]) | _mobile(sandbox["mobile"]) | _mail(sandbox["mail"])


def _salesforce(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        "SF_LOGIN_URL": told["login_url"],
        "SF_AUDIENCE": told.get("audience", told["login_url"]),
        "SF_CLIENT_ID": told["client_id"],
        "SF_USERNAME": told["username"],
        "SF_PRIVATE_KEY_FILE": told["private_key_file"],
        "SF_CA_FILE": told["ca_file"],
        "SF_PUBSUB_ENDPOINT": told["pubsub_endpoint"],
        "SF_PROVISION_EVENT_CHANNEL": told["topic"],
        "SF_EVENTS_REPLAY": "EARLIEST",
    }


def _whmcs(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        "WHMCS_URL": told["url"],
        "WHMCS_IDENTIFIER": told["identifier"],
        "WHMCS_SECRET": told["secret"],
        "WHMCS_PAYMENT_METHOD": told["payment_method"],
        "WHMCS_CUSTOMER_NUMBER_FIELD_ID": str(told["customer_number_field_id"]),
        "WHMCS_ORDER_ID_FIELD": told["order_id_field"],
        "WHMCS_ICCID_FIELD": told["iccid_field"],
        "WHMCS_SSO_PAYMENT_PATH": told["sso_payment_path"],
    }


def _mobile(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        "MOBILE_PROVIDER": "gigs",
        "MOBILE_API_URL": told["url"],
        "MOBILE_API_KEY": told["api_key"],
        "MOBILE_PROJECT": told["project"],
        "MOBILE_IDEMPOTENCY_HEADER": "true",
        "MOBILE_WEBHOOK_SECRET": told["webhook_secret"],
    }


def _mail(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        "MAIL_SERVER": told["smtp_host"],
        "MAIL_PORT": str(told["smtp_port"]),
        "MAIL_USE_TLS": "false",
        "MAIL_DEFAULT_SENDER": "portal@console.example",
    }


def own(folder: Path, public_url: str) -> dict[str, str]:
    """What is the console's own: its secrets, its database and queue in `folder`."""
    return {
        "ENVIRONMENT": "demo",
        "PUBLIC_URL": public_url,
        "DATABASE_URL": f"sqlite:///{folder / 'console.db'}",
        "QUEUE_FILE": str(folder / "queue.db"),
        "STAFF_TOTP": "optional",
        **remembered(folder / "secrets.json"),
    }


def remembered(path: Path) -> dict[str, str]:
    """SECRET_KEY and ENCRYPTION_KEYS: made at the first start, readable by the owner only."""
    if not path.exists():
        sealing = b"demo-only-" + os.urandom(22)  # begins so that production knows it and refuses it
        made = {"SECRET_KEY": f"demo-{secrets.token_urlsafe(48)}", "ENCRYPTION_KEYS": base64.urlsafe_b64encode(sealing).decode()}
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
    return dict(json.loads(path.read_text()))
