"""The table of the stream's faults leaves none out, points at tests that exist, and stands in the docs."""

from __future__ import annotations

from pathlib import Path

from tests.listener.stream_faults import ROWS, table
from tests.support.sandbox import Control

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs/proving.md"


def test_it_knows_every_fault_of_the_sandbox(control: Control) -> None:
    assert set(control.operations()["pubsub"]["faults"]) == {fault for row in ROWS for fault in row.faults}


def test_it_points_at_tests() -> None:
    for row in ROWS:
        file, name = row.test.split("::")
        assert f"def {name}(" in (HERE / f"{file}.py").read_text(), row.test


def test_each_fault_stands_in_its_test() -> None:
    for row in ROWS:
        text = (HERE / f"{row.test.split('::')[0]}.py").read_text()
        assert [fault for fault in row.faults if f'"{fault}"' not in text] == [], row.test


def test_the_documentation_shows_it() -> None:
    assert table() in DOCS.read_text()
