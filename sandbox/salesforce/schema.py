"""What the org knows: standard objects joined with the project's custom fields, events, permission sets and Flows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.salesforce import flow, ids, metadata
from sandbox.salesforce.metadata import Field, PermissionSet
from sandbox.salesforce.standard_fields import OBJECTS, SYSTEM

OWNED = "OwnerId reference:User"
__all__ = ["Child", "Field", "PermissionSet", "SObject", "Schema", "load"]


@dataclass(frozen=True)
class Child:
    """A child relationship: Order has `OrderItems`, found in object OrderItem by field OrderId."""

    object: str
    field: str


@dataclass(frozen=True)
class SObject:
    name: str
    prefix: str
    label: str
    fields: Mapping[str, Field]
    children: Mapping[str, Child]
    plural: str = ""
    numbers: str = ""  # the pattern of a custom object's names that number themselves

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """By name, in any case, as Salesforce takes it."""
        return self.fields.get(name) or next((each for key, each in self.fields.items() if key.lower() == name.lower()), None)

    def parent(self, relationship: str) -> Field | None:
        """The reference field behind `Product2` in PricebookEntry.Product2.Name."""
        wanted = relationship.lower()
        return next((each for each in self.fields.values() if each.relationship and each.relationship.lower() == wanted), None)

    def child(self, relationship: str) -> tuple[str, Child] | None:
        return next(((name, child) for name, child in self.children.items() if name.lower() == relationship.lower()), None)


@dataclass(frozen=True)
class Schema:
    objects: Mapping[str, SObject]
    events: Mapping[str, tuple[Field, ...]]  # OrderProvisionRequested__e → its fields, in file order
    permission_sets: Mapping[str, PermissionSet]  # by API name: Portal_Integration, Portal_Order_Reviewer
    flows: tuple[flow.Flow, ...]
    status_codes: Mapping[str, str]  # Order.Status value → Draft | Activated

    def object(self, name: str) -> SObject | None:
        return self.objects.get(name) or next((each for key, each in self.objects.items() if key.lower() == name.lower()), None)

    def flows_on(self, name: str) -> Iterator[flow.Flow]:
        return (each for each in self.flows if each.object == name)


def load(project_dir: Path) -> Schema:
    """Reads `force-app/main/default` below the SFDX project folder."""
    root = project_dir / "force-app" / "main" / "default"
    statuses = list(metadata.read(root / "standardValueSets" / "OrderStatus.standardValueSet-meta.xml").all("standardValue"))
    return Schema(
        objects=_objects(root / "objects", statuses),
        events={folder.name: metadata.fields(folder) for folder in sorted((root / "objects").glob("*__e"))},
        permission_sets={each.name: each for each in map(metadata.permission_set, sorted((root / "permissionsets").glob("*.xml")))},
        flows=tuple(map(flow.read, sorted((root / "flows").glob("*.xml")))),
        status_codes={each.text("fullName"): each.text("groupingString") for each in statuses},
    )


def _objects(folder: Path, statuses: list[metadata.Node]) -> dict[str, SObject]:
    """The standard ones, with the project's fields, and those that the project adds."""
    added = {each.name: each for each in map(metadata.custom_object, sorted(folder.glob("*__c")))}
    tables = {name: _table(lines, metadata.fields(folder / name)) for name, (_, _, lines) in OBJECTS.items()}
    tables |= {name: _table(OWNED, each.fields) for name, each in added.items()}
    tables["Order"]["Status"] = _chosen(tables["Order"]["Status"], statuses)
    children = _children(tables)
    standard = {name: (prefix, label, f"{label}s", "") for name, (prefix, label, _) in OBJECTS.items()}
    custom = {name: (ids.declare(name), each.label, each.plural, each.numbers) for name, each in added.items()}
    return {
        name: SObject(name, prefix, label, tables[name], children[name], plural, numbers)
        for name, (prefix, label, plural, numbers) in (standard | custom).items()
    }


def _chosen(field: Field, values: list[metadata.Node]) -> Field:
    names = tuple(each.text("fullName") for each in values)
    default = next((each.text("fullName") for each in values if each.flag("default")), None)
    return replace(field, values=names, restricted=True, default=default)


def _table(lines: str, own: tuple[Field, ...]) -> dict[str, Field]:
    standard = [_standard(line) for line in (SYSTEM + lines).splitlines() if line.strip()]
    return {field.name: field for field in [*standard, *own]}


def _standard(line: str) -> Field:
    spec, _, default = (part.strip() for part in line.partition(" = "))
    name, kind, *rest = spec.split()
    marks = set(rest[0]) if rest else set()
    base, _, detail = kind.partition(":")
    common: dict[str, Any] = {
        "name": name,
        "type": base,
        "label": name,
        "required": "!" in marks,
        "unique": "u" in marks,
        "default": _default(base, default),
        "calculated": "~" in marks,
        "createable": not marks & set("r~"),
        "updateable": not marks & set("r~c"),
    }
    return Field(**common, **_shape(name, base, detail))


def _shape(name: str, base: str, detail: str) -> dict[str, Any]:
    if base == "reference":
        target, _, child = detail.partition("/")
        return {"length": 18, "reference_to": target, "relationship": name.removesuffix("Id"), "child_relationship": child}
    if base in ("double", "currency"):
        return {"precision": 18, "scale": 2}
    if base == "picklist":
        return {"length": 255, "values": tuple(filter(None, detail.split("|")))}
    return {"length": 18 if base == "id" else int(detail or 0)}


def _default(kind: str, text: str) -> object:
    if kind == "boolean":
        return text == "true"
    return text or None


def _children(tables: Mapping[str, Mapping[str, Field]]) -> dict[str, dict[str, Child]]:
    found: dict[str, dict[str, Child]] = {name: {} for name in tables}
    for name, fields in tables.items():
        for field in fields.values():
            if field.child_relationship and field.reference_to in found:
                found[field.reference_to][field.child_relationship] = Child(name, field.name)
    return found
