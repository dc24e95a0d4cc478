"""Query results that do not fit into one answer: where a client left off."""

import secrets
from collections import OrderedDict
from typing import Any

from sandbox.salesforce.errors import SfError

SMALLEST, BATCH = 200, 2000
# enough for every client of a test; the oldest are forgotten, as cursors are in a real org
MOST = 50


class Cursors:
    """Kept in memory only: a cursor is not state of the org, and a restart may forget it."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[int, list[dict[str, Any]], int]] = OrderedDict()

    def first(self, total: int, records: list[dict[str, Any]], base: str, size: int | None = None) -> dict[str, Any]:
        """`size` is what the client asked for; the org keeps it within its bounds."""
        batch = BATCH if size is None else min(max(size, SMALLEST), BATCH)
        if len(records) <= batch:
            return {"totalSize": total, "done": True, "records": records}
        name = "01g" + secrets.token_hex(6) + "AAA"
        self._open[name] = (total, records, batch)
        if len(self._open) > MOST:
            self._open.popitem(last=False)
        return self._batch(name, 0, base)

    def next(self, locator: str, base: str) -> dict[str, Any]:
        """`locator` is the last segment of a nextRecordsUrl."""
        name, _, start = locator.partition("-")
        if name not in self._open or not (start.isascii() and start.isdecimal() and len(start) < 10):
            raise SfError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._batch(name, int(start), base)

    def _batch(self, name: str, start: int, base: str) -> dict[str, Any]:
        total, records, batch = self._open[name]
        end = start + batch
        answer: dict[str, Any] = {"totalSize": total, "done": end >= len(records)}
        if end < len(records):
            answer["nextRecordsUrl"] = f"{base}/query/{name}-{end}"
        return answer | {"records": records[start:end]}
