"""A record-triggered Flow: when it fires, which fields it sets on the record, which event it creates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.salesforce import metadata

_REF = r"\{!\$Record\.(\w+)\}"
_IF_BLANK = re.compile(rf"\s*IF\(\s*ISBLANK\(\s*{_REF}\s*\)\s*,\s*{_REF}\s*,\s*{_REF}\s*\)\s*\Z")


@dataclass(frozen=True)
class Filter:
    field: str
    operator: str
    value: str

    def holds(self, record: Mapping[str, Any]) -> bool:
        equal = record.get(self.field) == self.value
        return equal if self.operator == "EqualTo" else not equal


@dataclass(frozen=True)
class Value:
    """A literal, a field of the record, or one field standing in for another that is blank."""

    literal: str | None = None
    field: str = ""
    if_blank: str = ""

    def of(self, record: Mapping[str, Any]) -> Any:
        if self.literal is not None:
            return self.literal
        own = record.get(self.field)
        return record.get(self.if_blank) if self.if_blank and own in (None, "") else own

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(filter(None, (self.field, self.if_blank)))


@dataclass(frozen=True)
class Creation:
    object: str
    assignments: tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class Flow:
    name: str
    active: bool
    object: str
    on: str  # Create, Update or CreateAndUpdate
    only_on_change: bool
    filters: tuple[Filter, ...]
    updates: tuple[tuple[str, Value], ...]
    creations: tuple[Creation, ...]

    def fires(self, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
        """`before` is None for a record that was just created."""
        if not self.active or ("Create" if before is None else "Update") not in self.on or not self._meets(after):
            return False
        return before is None or not (self.only_on_change and self._meets(before))

    def _meets(self, record: Mapping[str, Any]) -> bool:
        return all(each.holds(record) for each in self.filters)

    def changes(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {field: value.of(record) for field, value in self.updates}

    def events(self, record: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """(event object, fields) for each event to publish after the commit."""
        return [(made.object, {field: value.of(record) for field, value in made.assignments}) for made in self.creations]

    @property
    def record_fields(self) -> frozenset[str]:
        values = [value for _, value in self.updates] + [value for made in self.creations for _, value in made.assignments]
        named = {each.field for each in self.filters} | {field for field, _ in self.updates}
        return frozenset(named.union(*(value.fields for value in values)))


def read(path: Path) -> Flow:
    node = metadata.read(path)
    formulas = {formula.text("name"): _formula(formula.text("expression")) for formula in node.all("formulas")}
    start = next(node.all("start"))
    _insist(path, start.text("triggerType") == "RecordAfterSave", "runs after save")
    _insist(path, start.text("filterLogic") == "and", "joins its filters with and")
    return Flow(
        name=path.name.split(".")[0],
        active=node.text("status") == "Active",
        object=start.text("object"),
        on=start.text("recordTriggerType"),
        only_on_change=start.flag("doesRequireRecordChangedToMeetCriteria"),
        filters=tuple(_filter(path, each) for each in start.all("filters")),
        updates=tuple(pair for update in node.all("recordUpdates") for pair in _assignments(update, formulas)),
        creations=tuple(_creation(each, formulas) for each in node.all("recordCreates")),
    )


def _filter(path: Path, node: metadata.Node) -> Filter:
    _insist(path, node.text("operator") in ("EqualTo", "NotEqualTo"), "filters with EqualTo or NotEqualTo")
    return Filter(node.text("field"), node.text("operator"), node.text("value/stringValue"))


def _creation(node: metadata.Node, formulas: Mapping[str, Value]) -> Creation:
    return Creation(node.text("object"), tuple(_assignments(node, formulas)))


def _assignments(node: metadata.Node, formulas: Mapping[str, Value]) -> list[tuple[str, Value]]:
    return [(each.text("field"), _value(each, formulas)) for each in node.all("inputAssignments")]


def _value(node: metadata.Node, formulas: Mapping[str, Value]) -> Value:
    reference = node.text("value/elementReference")
    if not reference:
        return Value(literal=node.text("value/stringValue"))
    return Value(field=reference.removeprefix("$Record.")) if reference.startswith("$Record.") else formulas[reference]


def _formula(expression: str) -> Value:
    found = _IF_BLANK.match(expression)
    if found is None or found[1] != found[3]:
        raise ValueError(f"formula not understood here: {expression}")
    return Value(field=found[3], if_blank=found[2])


def _insist(path: Path, held: bool, rule: str) -> None:
    if not held:
        raise ValueError(f"{path.name}: only a Flow that {rule} is understood here")
