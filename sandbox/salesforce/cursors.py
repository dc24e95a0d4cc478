"""Query results that do not fit into one answer: where a client left off."""

from collections import OrderedDict
from typing import Any

from sandbox import clock
from sandbox.chance import hexed
from sandbox.salesforce.behaviour import behaviour
from sandbox.salesforce.errors import SfError
from sandbox.store import Store

SMALLEST, BATCH = 200, 2000
# enough for every client of a test; the oldest are forgotten, as cursors are in a real org
MOST = 50


class Cursors:
    """Kept in memory only: a cursor is not state of the org, and a restart may forget it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: OrderedDict[str, tuple[int, list[dict[str, Any]], int]] = OrderedDict()
        self._used: dict[str, float] = {}

    def first(self, total: int, records: list[dict[str, Any]], base: str, size: int | None = None) -> dict[str, Any]:
        """`size` is what the client asked for; the org keeps it within its bounds."""
        batch = BATCH if size is None else min(max(size, SMALLEST), BATCH)
        if len(records) <= batch:
            return {"totalSize": total, "done": True, "records": records}
        name = "01g" + hexed(self._store, "cursor", 12) + "AAA"
        self._open[name] = (total, records, batch)
        if len(self._open) > MOST:
            self._used.pop(self._open.popitem(last=False)[0], None)
        return self._batch(name, 0, base)

    def next(self, locator: str, base: str) -> dict[str, Any]:
        """`locator` is the last segment of a nextRecordsUrl."""
        name, _, start = locator.partition("-")
        if not self._alive(name) or not (start.isascii() and start.isdecimal() and len(start) < 10):
            raise SfError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._batch(name, int(start), base)

    def _alive(self, name: str) -> bool:
        life_s = behaviour(self._store)["cursor_life_s"]
        return name in self._open and clock.now() - self._used[name] <= life_s

    def _batch(self, name: str, start: int, base: str) -> dict[str, Any]:
        total, records, batch = self._open[name]
        self._used[name] = clock.now()
        end = start + batch
        answer: dict[str, Any] = {"totalSize": total, "done": end >= len(records)}
        if end < len(records):
            answer["nextRecordsUrl"] = f"{base}/query/{name}-{end}"
        return answer | {"records": records[start:end]}
