"""The custom fields of WHMCS's products by name: GetProducts asked once in ten minutes per product."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.clients.whmcs_answers import UPSTREAM, number, rows, text
from console.errors import Misconfigured, Rejected

_LIFE_S = 600.0


class ProductFields:
    """Field ids by product and name. Only fields that are shown on the order form are known to GetProducts."""

    def __init__(self, ask: Callable[[str], Mapping[str, Any]]) -> None:
        self._ask = ask
        self._known: dict[int, tuple[float, dict[str, int]]] = {}

    def by_id(self, product_id: int, named: Mapping[str, str]) -> dict[int, str]:
        """These values under their fields' ids; a value without a field on that product is a fault of the set-up."""
        values = {name: value for name, value in named.items() if value}
        if not values:
            return {}
        ids = self._fields(product_id, refresh=False)
        if not _cover(ids, values):
            ids = self._fields(product_id, refresh=True)
        if not _cover(ids, values):
            raise Misconfigured(UPSTREAM, "custom_field_missing", f"product {product_id} lacks one of {sorted(values)}")
        return {ids[_folded(name)]: value for name, value in values.items()}

    def learn(self, product_ids: Sequence[int]) -> None:
        """Asks for several products at once, those that are not known yet."""
        missing = sorted({each for each in product_ids if not self._fresh(each)})
        if missing:
            self._fetch(missing)

    def _fields(self, product_id: int, *, refresh: bool) -> dict[str, int]:
        if refresh or not self._fresh(product_id):
            self._fetch([product_id])
        if product_id not in self._known:
            raise Rejected(UPSTREAM, "product_unknown", f"product {product_id} does not exist")
        return self._known[product_id][1]

    def _fresh(self, product_id: int) -> bool:
        return product_id in self._known and self._known[product_id][0] > time.monotonic()

    def _fetch(self, product_ids: Sequence[int]) -> None:
        answer = self._ask(",".join(map(str, product_ids)))
        until = time.monotonic() + _LIFE_S
        for row in rows(answer.get("products"), "product"):
            fields = rows(row.get("customfields"), "customfield")
            self._known[number(row, "pid")] = (until, {_folded(text(field, "name")): number(field, "id") for field in fields})


def _cover(ids: Mapping[str, int], values: Mapping[str, str]) -> bool:
    return all(_folded(name) in ids for name in values)


def _folded(name: str) -> str:
    return name.strip().casefold()
