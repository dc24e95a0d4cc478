"""What services are handed: the clients of the upstreams, and the policy (times, limits, names) that they work by."""

from __future__ import annotations

from dataclasses import dataclass

from console.clients.gigs import Gigs
from console.clients.mail import Mailer
from console.clients.salesforce import Salesforce
from console.clients.whmcs import Whmcs
from console.vault import Vault


@dataclass(frozen=True)
class Upstreams:
    """One client per upstream, each safe to share between threads."""

    salesforce: Salesforce
    whmcs: Whmcs
    mobile: Gigs
    mailer: Mailer


@dataclass(frozen=True)
class Policy:
    """Seconds unless named otherwise; `deadlines` and `settle` are by upstream: salesforce | whmcs | mobile | mail."""

    vault: Vault
    public_url: str
    mail_domain: str
    deadlines: dict[str, float]
    settle: dict[str, float]
    lease_s: float
    look_again_s: float
    backoff_base_s: float
    backoff_cap_s: float
    attempts: int
    crash_limit: int
    pending_limit_s: float
    breaker_failures: int
    breaker_window_s: float
    probe_s: float
    sweep_s: float
    ring_again_s: float
    watch_s: float
    backfill_age_s: float
    customer_checks_s: tuple[float, ...]
    customer_patience_s: float
    order_id_field: str
    iccid_field: str
    sso_payment_path: str
    sso_invoice_path: str
    signup_tries: int = 5
    customer_reminder_s: float = 3 * 86400
