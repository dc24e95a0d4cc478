"""How field, event and permission-set files of an SFDX project are written, read into plain dataclasses."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree  # noqa: S405 - reads our own project files, nothing that came over a wire

_NS = "{http://soap.sforce.com/2006/04/metadata}"
_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Picklist": "picklist",
    "Checkbox": "boolean",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Lookup": "reference",
    "MasterDetail": "reference",
}
# how the names of a custom object's records look when it does not say
NUMBERS = "{0000}"


@dataclass(frozen=True)
class Field:
    """One column. `type` is the REST describe's word (string, picklist, double …); `name` is spelt as in the org."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    default: object = None
    reference_to: str = ""
    relationship: str = ""
    child_relationship: str = ""
    createable: bool = True
    updateable: bool = True
    calculated: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")


@dataclass(frozen=True)
class CustomObject:
    """An object that the project adds; `numbers` is the pattern of names that number themselves, as V-{0000}."""

    name: str
    label: str
    plural: str
    numbers: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class PermissionSet:
    """What a permission set grants: object → letters of C(reate) R(ead) E(dit) D(elete); 'Object.Field' sets; user permissions."""

    name: str
    label: str
    objects: dict[str, str]
    readable: frozenset[str]
    editable: frozenset[str]
    user_permissions: frozenset[str]


class Node:
    """An element of a metadata file, read by tag name."""

    def __init__(self, element: ElementTree.Element) -> None:
        self._element = element

    def text(self, path: str, default: str = "") -> str:
        found = self._element.find("/".join(_NS + part for part in path.split("/")))
        return (found.text or "") if found is not None else default

    def flag(self, path: str) -> bool:
        return self.text(path) == "true"

    def number(self, path: str) -> int:
        return int(self.text(path, "0"))

    def all(self, path: str) -> Iterator["Node"]:
        return (Node(element) for element in self._element.findall("/".join(_NS + part for part in path.split("/"))))


def read(path: Path) -> Node:
    return Node(ElementTree.parse(path).getroot())  # noqa: S314


def fields(folder: Path) -> tuple[Field, ...]:
    """Those of an object's folder: a file each, and any that its own file holds."""
    own = [each for path in folder.glob("*.object-meta.xml") for each in read(path).all("fields")]
    nodes = [*own, *map(read, sorted((folder / "fields").glob("*.xml")))]
    return tuple(field(node, folder.name) for node in nodes)


def custom_object(folder: Path) -> CustomObject:
    node = read(folder / f"{folder.name}.object-meta.xml")
    numbered = node.text("nameField/type") == "AutoNumber"
    named = Field(
        "Name", "string", node.text("nameField/label", "Name"), 80, required=not numbered, createable=not numbered, updateable=not numbered
    )
    pattern = node.text("nameField/displayFormat", NUMBERS) if numbered else ""
    label = node.text("label")
    return CustomObject(folder.name, label, node.text("pluralLabel", f"{label}s"), pattern, (named, *fields(folder)))


def field(node: Node, where: str) -> Field:
    kind, name = node.text("type"), node.text("fullName")
    if kind not in _TYPES:
        raise ValueError(f"{where}.{name}: field type {kind!r} is not known here")
    return Field(
        name=name,
        type=_TYPES[kind],
        label=node.text("label"),
        length=node.number("length") or {"Email": 80, "Url": 255}.get(kind, 0),
        precision=node.number("precision"),
        scale=node.number("scale"),
        required=node.flag("required") or kind == "MasterDetail",
        unique=node.flag("unique"),
        external_id=node.flag("externalId"),
        case_sensitive=node.flag("caseSensitive"),
        values=tuple(_values(node)),
        restricted=node.flag("valueSet/restricted"),
        default=_default(node, kind),
        reference_to=node.text("referenceTo"),
        relationship=name.removesuffix("__c") + "__r" if _TYPES[kind] == "reference" else "",
        child_relationship=_child(node),
    )


def _values(node: Node) -> Iterator[str]:
    return (value.text("fullName") for value in node.all("valueSet/valueSetDefinition/value"))


def _default(node: Node, kind: str) -> object:
    if kind == "Checkbox":
        return node.flag("defaultValue")
    chosen = [value.text("fullName") for value in node.all("valueSet/valueSetDefinition/value") if value.flag("default")]
    return chosen[0] if chosen else None


def _child(node: Node) -> str:
    name = node.text("relationshipName")
    return name + "__r" if name else ""


def permission_set(path: Path) -> PermissionSet:
    node = read(path)
    fields = list(node.all("fieldPermissions"))
    return PermissionSet(
        name=path.name.split(".")[0],
        label=node.text("label"),
        objects={grant.text("object"): _letters(grant) for grant in node.all("objectPermissions")},
        readable=frozenset(grant.text("field") for grant in fields if grant.flag("readable")),
        editable=frozenset(grant.text("field") for grant in fields if grant.flag("editable")),
        user_permissions=frozenset(grant.text("name") for grant in node.all("userPermissions") if grant.flag("enabled")),
    )


def _letters(grant: Node) -> str:
    words = (("C", "allowCreate"), ("R", "allowRead"), ("E", "allowEdit"), ("D", "allowDelete"))
    return "".join(letter for letter, word in words if grant.flag(word))
