"""The sandbox's page names every door and every fault."""

import re

import requests

from sandbox.faults import KNOWN
from tests.support.sandbox import ROOT, Running

PAGE = (ROOT / "docs" / "sandbox.md").read_text()


def test_it_names_every_fault() -> None:
    assert [name for name in KNOWN if f"`{name}`" not in PAGE] == []


def test_it_names_every_door(sandbox: Running) -> None:
    shown = requests.get(sandbox.info["pages"]["control"], timeout=5).text
    doors = set(re.findall(r"<code>(/control/\w+)</code>", shown))
    assert len(doors) >= 13
    assert [door for door in sorted(doors) if door not in PAGE] == []
