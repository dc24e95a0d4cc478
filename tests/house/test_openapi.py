"""The OpenAPI document is committed as it is served: `.venv/bin/python -m tests.house.test_openapi` writes it anew."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from flask import Flask

from config import Settings
from console.app import create_app
from tests.support import settings as settings_for

FILE = Path(__file__).resolve().parents[2] / "docs/openapi.json"


def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.api_doc  # type: ignore[attr-defined]
    return json.loads(json.dumps(found, sort_keys=True))  # type: ignore[no-any-return]


def test_it_is_committed_as_it_is_served(settings: Settings) -> None:
    assert json.loads(FILE.read_text()) == document(create_app(settings))


def test_it_describes_every_door(settings: Settings) -> None:
    app = create_app(settings)
    doors = {rule.rule.replace("<", "{").replace(">", "}") for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert doors - set(document(app)["paths"]) == {"/api/openapi.json"}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_for.without_upstreams(Path(folder), "sqlite:///:memory:"))
    FILE.write_text(json.dumps(document(app), indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    sys.exit(print(f"wrote {FILE}"))
