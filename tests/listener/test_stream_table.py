"""The table of the stream's faults leaves none out, points at tests that exist, and stands in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.listener.stream_faults import ROWS, table
from tests.support.sandbox import Control, Refused

HERE = Path(__file__).parent
RPCS = ("Subscribe", "GetSchema", "GetTopic")
DOCS = HERE.parents[1] / "docs/proving.md"


@pytest.fixture
def met(control: Control) -> set[str]:
    """The faults that a listener may meet; the others are for who publishes."""
    return {fault for fault in control.operations()["pubsub"]["faults"] if any(_fires(control, rpc, fault) for rpc in RPCS)}


def _fires(control: Control, rpc: str, fault: str) -> bool:
    try:
        control.clear_faults(control.fault("pubsub", rpc, fault, count=1))
    except Refused:
        return False
    return True


def test_it_knows_every_fault_of_the_sandbox(met: set[str]) -> None:
    assert met == {fault for row in ROWS for fault in row.faults}


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
