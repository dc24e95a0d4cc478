"""Whether this installation can serve: the database answers and its tables are the ones of this code."""

from __future__ import annotations

from console.log import logger
from console.models import database
from console.models.migrating import pending

_log = logger(__name__)


def ready() -> bool:
    """An outermost boundary: whatever the database's driver raises means no."""
    try:
        return not pending(database.obj)
    except Exception as error:
        _log.warning("not_ready", error_class=type(error).__name__)
        return False
