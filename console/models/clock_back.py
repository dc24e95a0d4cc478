"""A clock that was put back: what was due in a minute would be due in an hour, so it is brought as near again."""

from __future__ import annotations

from peewee import fn

from console import log
from console.models.base import Row, db_now, transaction
from console.models.job import Job
from console.models.journal import JobStep
from console.models.lease import Heartbeat, Lease
from console.models.order import CatalogueSnapshot, Order
from console.models.outbox import OutboxMessage
from console.models.upstream_state import UpstreamState
from console.models.user import Throttle

_log = log.logger(__name__)
SLACK_S = 30.0  # hosts' small differences are no jump
# what waits for a moment, or is held until one
_AHEAD: dict[type[Row], tuple[str, ...]] = {
    Lease: ("until",),
    Job: ("next_run_at", "last_rung_at", "lease_until", "waiting_since"),
    JobStep: ("started_at", "unsure_at", "looked_at"),
    OutboxMessage: ("next_try_at", "last_rung_at", "lease_until"),
    Order: ("place_again_at",),
    UpstreamState: ("window_ends_at", "probe_at"),
    CatalogueSnapshot: ("read_at", "stale_at"),
    Throttle: ("ends_at",),
}


def mend() -> float:
    """Seconds by which the clock was put back since the last sign of life of a process; 0 as a rule. To be called before the next sign.

    A clock that is put forward needs no mending: leases end early, and the fence keeps whoever held them from writing and from calling.
    """
    millis = Heartbeat.select(fn.MAX(Heartbeat.at) - db_now()).scalar()
    if millis is None or millis < SLACK_S * 1000:
        return 0.0
    with transaction():
        if not Heartbeat.update(at=db_now()).where(Heartbeat.at > db_now(SLACK_S)).execute():
            return 0.0  # another process was quicker
        for table, names in _AHEAD.items():
            for name in names:
                column = getattr(table, name)
                table.update({column: column - millis}).where(column > db_now()).execute()
    _log.warning("clock_was_put_back", seconds=round(millis / 1000))
    return float(millis) / 1000
