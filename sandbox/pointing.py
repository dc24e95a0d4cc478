"""How a thing in another upstream points back to a Salesforce order, and what each upstream holds that does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.ids import long_id
from sandbox.store import Doc, Store, View

# ("Order" or "OrderItem", its 18-character id)
Pointer = tuple[str, str]
LABEL, OPERATION = "sf-", "act-"
INDEX = "@points"


def to_order(text: Any) -> tuple[Pointer, ...]:
    found = long_id(text) if isinstance(text, str) else None
    return (("Order", found),) if found else ()


def to_item(mark: Any, prefix: str) -> tuple[Pointer, ...]:
    """A label or operation made of a prefix and the id of an order's line."""
    found = long_id(mark.removeprefix(prefix)) if isinstance(mark, str) and mark.startswith(prefix) else None
    return (("OrderItem", found),) if found else ()


@dataclass(frozen=True)
class Holdings:
    """Documents of `kind` carry the `pointers`; `told` words the whole thing that they belong to.

    `whole` finds that thing for a carrier, `carriers` go the other way; the first pointer that leads to an order counts.
    """

    kind: str
    pointers: Callable[[Doc], tuple[Pointer, ...]]
    told: Callable[[View, Doc], Doc]
    whole: Callable[[View, Doc], Doc] = lambda view, doc: doc
    carriers: Callable[[View, Doc], list[Doc]] = lambda view, doc: [doc]

    def watch(self, store: Store) -> None:
        """Keep the look-up; what points nowhere is found under None."""
        store.index(self.kind, INDEX, lambda doc: self.pointers(doc) or (None,))

    def at(self, view: View, *pointers: Pointer | None) -> list[Doc]:
        """The things that a pointer of theirs leads from."""
        found = (self.whole(view, doc) for pointer in pointers for doc in view.find(self.kind, INDEX, pointer))
        return list({doc["id"]: doc for doc in found}.values())

    def pointers_of(self, view: View, thing: Doc) -> list[Pointer]:
        return [pointer for doc in self.carriers(view, thing) for pointer in self.pointers(doc)]
