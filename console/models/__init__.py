"""The rows of the console: predicates, transitions and named queries; nothing here knows an upstream or a page."""

from console.models.audit import AuditEntry
from console.models.base import after_commit, database, transaction
from console.models.billing_change import BillingChange
from console.models.job import Job, JobEvent
from console.models.journal import Attempt, JobStep
from console.models.lease import Heartbeat, Lease
from console.models.link import CustomerLink
from console.models.order import Cart, CatalogueSnapshot, EsimSecret, Order, Subscription
from console.models.outbox import OutboxMessage
from console.models.pace import Pace
from console.models.restore import RestoreMark
from console.models.statements import insert_once
from console.models.stream import InboxEvent, StreamCursor
from console.models.support import SupportRequest
from console.models.upstream_state import Incident, UpstreamState
from console.models.user import EmailToken, PendingLogin, RecoveryCode, Throttle, User, UserSession

TABLES = (
    User, EmailToken, UserSession, PendingLogin, RecoveryCode, Throttle, CustomerLink, BillingChange, Cart, Order, Subscription,
    EsimSecret, CatalogueSnapshot, Job, JobStep, Attempt, JobEvent, OutboxMessage, InboxEvent, StreamCursor, Lease, Heartbeat,
    AuditEntry, RestoreMark, Incident, UpstreamState, SupportRequest, Pace,
)  # fmt: skip

__all__ = [
    "TABLES", "Attempt", "AuditEntry", "BillingChange", "Cart", "CatalogueSnapshot", "CustomerLink", "EmailToken", "EsimSecret",
    "Heartbeat", "InboxEvent", "Incident", "Job", "JobEvent", "JobStep", "Lease", "Order", "OutboxMessage", "Pace", "PendingLogin",
    "RecoveryCode", "RestoreMark", "StreamCursor", "Subscription", "SupportRequest", "Throttle", "UpstreamState", "User",
    "UserSession", "after_commit", "database", "insert_once", "transaction",
]  # fmt: skip
