"""Query results that do not fit into one answer: where a client left off."""

import secrets
from collections import OrderedDict
from typing import Any

from sandbox.salesforce.errors import SfError

BATCH = 2000
# enough for every client of a test; the oldest are forgotten, as cursors are in a real org
MOST = 50


class Cursors:
    """Kept in memory only: a cursor is not state of the org, and a restart may forget it."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, tuple[int, list[dict[str, Any]]]] = OrderedDict()

    def first(self, total: int, records: list[dict[str, Any]], base: str) -> dict[str, Any]:
        if len(records) <= BATCH:
            return {"totalSize": total, "done": True, "records": records}
        name = "01g" + secrets.token_hex(6) + "AAA"
        self._open[name] = (total, records)
        if len(self._open) > MOST:
            self._open.popitem(last=False)
        return self._batch(name, 0, base)

    def next(self, locator: str, base: str) -> dict[str, Any]:
        """`locator` is the last segment of a nextRecordsUrl."""
        name, _, start = locator.partition("-")
        if name not in self._open or not start.isdecimal():
            raise SfError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._batch(name, int(start), base)

    def _batch(self, name: str, start: int, base: str) -> dict[str, Any]:
        total, records = self._open[name]
        end = start + BATCH
        answer: dict[str, Any] = {"totalSize": total, "done": end >= len(records)}
        if end < len(records):
            answer["nextRecordsUrl"] = f"{base}/query/{name}-{end}"
        return answer | {"records": records[start:end]}
