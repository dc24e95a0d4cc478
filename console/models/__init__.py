"""The rows of the console: predicates, transitions and named queries; nothing here knows an upstream or a page."""

from console.models.audit import AuditEntry
from console.models.base import after_commit, database, insert_once, transaction
from console.models.job import Attempt, Job, JobEvent, JobStep
from console.models.lease import Heartbeat, Lease
from console.models.link import CustomerLink
from console.models.order import Cart, CatalogueSnapshot, EsimSecret, Order, Subscription
from console.models.outbox import OutboxMessage
from console.models.restore import RestoreMark
from console.models.stream import InboxEvent, StreamCursor
from console.models.upstream_state import Incident, UpstreamState
from console.models.user import EmailToken, Throttle, User, UserSession

TABLES = (
    User, EmailToken, UserSession, Throttle, CustomerLink, Cart, Order, Subscription, EsimSecret, CatalogueSnapshot,
    Job, JobStep, Attempt, JobEvent, OutboxMessage, InboxEvent, StreamCursor, Lease, Heartbeat, AuditEntry, RestoreMark,
    Incident, UpstreamState,
)  # fmt: skip

__all__ = [
    "TABLES", "AuditEntry", "Attempt", "Cart", "CatalogueSnapshot", "CustomerLink", "EmailToken", "EsimSecret", "Heartbeat", "Incident",
    "InboxEvent", "Job", "JobEvent", "JobStep", "Lease", "Order", "OutboxMessage", "RestoreMark", "StreamCursor", "Subscription",
    "Throttle", "UpstreamState", "User", "UserSession", "after_commit", "database", "insert_once", "transaction",
]  # fmt: skip
