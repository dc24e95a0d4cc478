"""Every file of `salesforce/` is what the Metadata API's own description (its WSDL) allows: elements, how often, and their values."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import simple_salesforce

from tests.support import node

PROJECT = Path(__file__).parents[2] / "salesforce"
FILES = sorted((PROJECT / "force-app").rglob("*-meta.xml"))
# release 63 of the description comes with simple-salesforce
WSDL = Path(simple_salesforce.__file__).with_name("metadata.wsdl")
XSD, NS = "{http://www.w3.org/2001/XMLSchema}", "{http://soap.sforce.com/2006/04/metadata}"
PLAIN = {"xsd:boolean": r"true|false", "xsd:int": r"-?\d+", "xsd:double": r"-?\d+(\.\d+)?", "xsd:date": r"\d{4}-\d\d-\d\d"}


@dataclass(frozen=True)
class Allowed:
    type: str
    least: int
    most: float


@cache
def described() -> tuple[dict[str, Element], dict[str, set[str]]]:
    """Complex types by name, and enumerations by name."""
    root = ElementTree.parse(WSDL).getroot()
    types = {each.get("name", ""): each for each in root.iter(f"{XSD}complexType")}
    enums = {
        each.get("name", ""): {value.get("value", "") for value in each.iter(f"{XSD}enumeration")} for each in root.iter(f"{XSD}simpleType")
    }
    return types, enums


def children(name: str) -> dict[str, Allowed]:
    """What may stand in a type, its base's elements among it."""
    made = described()[0][name]
    base = made.find(f".//{XSD}extension")
    found = children(base.get("base", "").removeprefix("tns:")) if base is not None else {}
    for each in made.iter(f"{XSD}element"):
        most = each.get("maxOccurs", "1")
        found[each.get("name", "")] = Allowed(
            each.get("type", ""), int(each.get("minOccurs", "1")), float("inf") if most == "unbounded" else int(most)
        )
    return found


def faults(element: Element, kind: str, at: str) -> Iterator[str]:
    types, enums = described()
    name = kind.removeprefix("tns:")
    if name in types:
        yield from _structure(element, name, at)
    elif name in enums:
        if enums[name] and element.text not in enums[name]:
            yield f"{at}: {element.text!r} is no {name}"
    elif not re.fullmatch(PLAIN.get(kind, r"[\s\S]*"), element.text or ""):
        yield f"{at}: {element.text!r} is no {kind}"


def _structure(element: Element, name: str, at: str) -> Iterator[str]:
    allowed = children(name)
    counts = Counter(child.tag.removeprefix(NS) for child in element)
    for tag, rule in allowed.items():
        if not rule.least <= counts[tag] <= rule.most:
            yield f"{at}: {tag} stands here {counts[tag]} times"
    for child in element:
        tag = child.tag.removeprefix(NS)
        if tag in allowed:
            yield from faults(child, allowed[tag].type, f"{at}/{tag}")
        else:
            yield f"{at}: {name} has no {tag}"


def found_in(text: str) -> list[str]:
    root = ElementTree.fromstring(text)
    return list(faults(root, root.tag.removeprefix(NS), root.tag.removeprefix(NS)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_as_the_metadata_api_describes_it(path: Path) -> None:
    assert found_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("name", "old", "new", "words"), [
    ("Order_Provision_On_Approval.flow", "<triggerType>RecordAfterSave<", "<triggerType>RecordAfterLunch<", "is no FlowTriggerType"),
    ("Order_Provision_On_Approval.flow", "<locationX>", "<locationZ>1</locationZ><locationX>", "has no locationZ"),
    ("Portal_Idem_Key__c.field", "<unique>true<", "<unique>yes<", "is no xsd:boolean"),
    ("Portal_Integration.permissionset", "<allowRead>true</allowRead>", "", "allowRead stands here 0 times"),
    ("OrderStatus.standardValueSet", "</sorted>", "</sorted><sorted>false</sorted>", "sorted stands here 2 times"),
    ("Attempt_Count__c.field", "<scale>0<", "<scale>none<", "is no xsd:int"),
])  # fmt: skip
def test_it_finds_a_planted_fault(name: str, old: str, new: str, words: str) -> None:
    text = next(path for path in FILES if path.name == f"{name}-meta.xml").read_text(encoding="utf-8")
    spoilt = text.replace(old, new, 1)
    assert spoilt != text
    assert words in " ".join(found_in(spoilt))


def test_every_kind_of_file_is_looked_at() -> None:
    kinds = {path.name.split(".")[1].removesuffix("-meta") for path in FILES}
    assert kinds == {"field", "flow", "object", "permissionset", "standardValueSet"}


@pytest.mark.long
def test_it_is_converted_by_salesforces_own_library(tmp_path: Path) -> None:
    done = node.run("converter/convert.cjs", {"project": str(PROJECT / "force-app"), "to": str(tmp_path)})
    kinds = Counter(each.split(":")[0] for each in done["components"])
    # an event and its fields are one component
    fields = [path for path in FILES if ".field-meta" in path.name and not path.parts[-3].endswith("__e")]
    assert (kinds["CustomField"], kinds["CustomObject"]) == (len(fields), 1)
    assert (kinds["Flow"], kinds["PermissionSet"], kinds["StandardValueSet"]) == (1, 2, 1)
    manifest = (tmp_path / "package.xml").read_text(encoding="utf-8")
    assert "<members>Order_Provision_On_Approval</members>" in manifest
    assert {path.name for path in (tmp_path / "objects").iterdir()} >= {"Order.object", "OrderProvisionRequested__e.object"}
