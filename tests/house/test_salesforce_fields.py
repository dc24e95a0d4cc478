"""Every Salesforce object and field that the code names exists: the custom ones in `salesforce/`, the others in what an org describes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from console.clients import salesforce_fields
from console.clients.salesforce_fields import FIELDS
from tests.support.sandbox import Running
from tests.support.sf_rest import SfRest

ROOT = Path(__file__).resolve().parents[2]
OBJECTS = ROOT / "salesforce/force-app/main/default/objects"
CUSTOM = re.compile(r"\b\w+__[ce]\b")
SOQL = {name: text for name, text in vars(salesforce_fields).items() if isinstance(text, str) and text.startswith("SELECT ")}
WORDS = {"SELECT", "FROM", "WHERE", "AND", "ORDER", "BY", "LIMIT", "IN", "true", "OrderItems"}


def project_fields(sobject: str) -> set[str]:
    """The names that the project's files give, read without the sandbox."""
    found = {ElementTree.parse(path).getroot() for path in (OBJECTS / sobject / "fields").glob("*.field-meta.xml")}
    return {root.findtext("{http://soap.sforce.com/2006/04/metadata}fullName", "") for root in found}


@pytest.fixture(scope="module")
def sf(sandbox: Running) -> SfRest:
    return SfRest(sandbox.info["salesforce"]).login()


def named_in_code() -> Iterator[tuple[str, str]]:
    """(module, name) of each custom name that the console writes in a string, explanations left out."""
    for path in (ROOT / "console").rglob("*.py"):
        tree = ast.parse(path.read_text())
        explanations = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explanations:
                yield from ((path.name, name) for name in CUSTOM.findall(node.value) if not name.startswith("__"))


@pytest.mark.parametrize("sobject", FIELDS)
def test_it_names_only_fields_that_exist_and_that_its_user_sees(sobject: str, sf: SfRest) -> None:
    custom = {name for name in FIELDS[sobject] if CUSTOM.fullmatch(name)}
    assert custom <= project_fields(sobject)
    if not sobject.endswith("__e"):
        described = sf.get(f"sobjects/{sobject}/describe").json()["fields"]
        assert set(FIELDS[sobject]) - custom <= {field["name"] for field in described if not field["custom"]}
        assert custom <= {field["name"] for field in described if field["custom"]}


def test_it_names_only_events_that_exist() -> None:
    assert {sobject for sobject in FIELDS if sobject.endswith("__e")} == {path.name for path in OBJECTS.glob("*__e")}


def test_it_lists_every_custom_name_that_the_code_writes() -> None:
    listed = set(FIELDS) | {name for fields in FIELDS.values() for name in fields}
    found = list(named_in_code())
    assert len(found) > 50, "it looks in the right place"
    assert [f"{module}: {name}" for module, name in found if name not in listed] == []


@pytest.mark.parametrize("query", SOQL)
def test_it_asks_only_for_fields_that_are_listed(query: str) -> None:
    text = SOQL[query].replace("{}", "").replace("'Activating'", "")
    inner = re.search(r"\((SELECT .+)\)", text)
    outer = text.replace(inner[0], "") if inner else text
    assert strangers(outer, outer.split(" FROM ")[1].split()[0]) == []
    assert not inner or strangers(inner[1], "OrderItem") == []


def strangers(text: str, sobject: str) -> list[str]:
    """What is neither a listed field of the object, or of the parent named before it, nor a word of the language."""
    unknown = []
    for path in re.findall(r"[\w.]+", text):
        *parents, name = path.split(".")
        if name not in FIELDS[parents[-1] if parents else sobject] and name not in WORDS | {sobject}:
            unknown.append(path)
    return unknown
