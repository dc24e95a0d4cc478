"""The journal of calls: one line each, kept small, since there are very many of them."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

MOST = 200_000
NAMES = ("at", "upstream", "operation", "correlation_id", "status", "fault", "ms")


class Journal:
    """The oldest lines make room for new ones. Moments are real, whatever the sandbox's clock says."""

    def __init__(self) -> None:
        self._lines: deque[tuple[Any, ...]] = deque(maxlen=MOST)

    def note(self, *told: Any) -> None:
        """Upstream, operation, correlation id, status, fault, milliseconds."""
        self._lines.append((datetime.now(UTC).timestamp(), *told))

    def rows(self, upstream: str | None, since: str | None) -> list[dict[str, Any]]:
        """Of one upstream or all, later than `since` (the `at` of a row)."""
        return [row for row in self._worded(upstream) if since is None or row["at"] > since]

    def _worded(self, upstream: str | None) -> Iterator[dict[str, Any]]:
        for at, *told in list(self._lines):
            if upstream in (None, told[0]):
                yield dict(zip(NAMES, (_moment(at), *told), strict=True))

    def clear(self) -> None:
        self._lines.clear()


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
