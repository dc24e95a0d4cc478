"""What comes from the CDN and what lies here are the same bytes."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from config import Settings
from console.app import create_app

ROOT = Path(__file__).resolve().parents[2]
CDN = "https://cdn.jsdelivr.net/npm/htmx.org@"
SCRIPT = re.compile(rf'<script[^>]*src="{re.escape(CDN)}[\d.]+/dist/htmx\.min\.js"[^>]*>', re.S)
FROM_OUTSIDE = re.compile(rf'(?:src|href)="((?!{re.escape(CDN)})https?://[^"]+)"')


@pytest.fixture
def page(settings: Settings) -> str:
    return create_app(settings).test_client().get("/login").text


def test_it_vendors_the_very_htmx_of_the_cdn(page: str) -> None:
    vendored = base64.b64encode(hashlib.sha384((ROOT / "static/vendor/htmx.min.js").read_bytes()).digest()).decode()
    assert [f'integrity="sha384-{vendored}"' in tag for tag in SCRIPT.findall(page)] == [True]


def test_it_loads_htmx_so_that_the_hash_is_checked(page: str) -> None:
    assert ['crossorigin="anonymous"' in tag for tag in SCRIPT.findall(page)] == [True]


def test_it_takes_nothing_else_from_outside(page: str) -> None:
    assert FROM_OUTSIDE.findall(page) == []
    assert [path.name for path in (ROOT / "templates").rglob("*.html") if FROM_OUTSIDE.search(path.read_text())] == []
