"""The sandbox is reached over its wire, never by import: a test that looked inside would take what it expects from what it checks."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tests", "bench", "deploy", "console")
TOP = ("config.py", "listener.py", "tasks.py")
# also in a program that a test hands to an interpreter as text
IMPORT = re.compile(
    r"""^[ \t]*(?:from[ ]+(sandbox\b[\w.]*)[ ]+import|import[ ]+(sandbox\b[\w.]*))|import_module\(["'](sandbox\b[\w.]*)""", re.MULTILINE
)
# generated from the .proto file of Pub/Sub: the language of the wire, no part of what the sandbox does
GENERATED = "sandbox.salesforce.protos"
# how ports are chosen at the same moment shows by hundreds of worlds only, and so many do not run on one machine
EXEMPT = {"tests/sandbox/test_ports_chosen.py": {"sandbox"}}


def imported(text: str) -> set[str]:
    """Modules of the sandbox's package that a file imports, the generated ones left out."""
    found = {next(filter(None, groups)) for groups in IMPORT.findall(text)}
    return {module for module in found if not f"{module}.".startswith(f"{GENERATED}.")}


def files() -> list[Path]:
    """All but this one, which has examples of what it looks for."""
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts]
    return [path for path in (*found, *(ROOT / name for name in TOP)) if path != Path(__file__).resolve()]


@pytest.mark.parametrize(("text", "found"), [
    ("from sandbox.faults import KNOWN", {"sandbox.faults"}), ("import sandbox", {"sandbox"}), ("    from sandbox import tls", {"sandbox"}),
    ('code = """\nimport sandbox.wire as w\n"""', {"sandbox.wire"}), ('importlib.import_module("sandbox.tls")', {"sandbox.tls"}),
    ("from sandbox.salesforce.protos import sandbox_pubsub_pb2 as pb", set()), ("from tests.support import sandbox", set()),
    ("from tests.support.sandbox import Running", set()), ("import sandboxes", set()),
])  # fmt: skip
def test_it_sees_every_way_of_importing(text: str, found: set[str]) -> None:
    assert imported(text) == found


def test_it_is_never_reached_by_import() -> None:
    seen = {path.relative_to(ROOT).as_posix(): imported(path.read_text()) for path in files()}
    assert len(seen) > 200
    assert {path: modules for path, modules in seen.items() if modules} == EXEMPT
