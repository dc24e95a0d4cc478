"""Every call of the console meets every fault: a quarter of the cells in the plain run, all in the long one, a quarter on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.wiring import Console
from tests.proving import fault_matrix, fault_stories, faults
from tests.proving.faults import Cell
from tests.support.sandbox import Control, Running

ROOT = Path(__file__).resolve().parents[2]
_TELLING = faults.telling()
BY_HAND = {(upstream, name) for upstream in faults.HTTP for name in fault_stories.BY_HAND}
CELLS = [pytest.param(cell, id=cell.name, marks=() if cell.name in _TELLING else pytest.mark.long) for cell in faults.cells()]


@pytest.mark.parametrize("cell", CELLS)
def test_it_ends_as_the_table_says(cell: Cell, console: Console, sandbox: Running, control: Control, tmp_path: Path) -> None:
    assert fault_matrix.play(fault_matrix.quick(sandbox, tmp_path, console), sandbox, cell) == (cell.end, [])


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.parametrize("cell", [cell for cell in faults.cells() if cell.name in _TELLING], ids=lambda cell: cell.name)
def test_it_ends_so_on_postgres_too(cell: Cell, console: Console, sandbox: Running, control: Control, tmp_path: Path) -> None:
    assert fault_matrix.play(fault_matrix.quick(sandbox, tmp_path, console), sandbox, cell) == (cell.end, [])


def test_it_knows_every_call_of_an_order(console: Console, sandbox: Running, control: Control) -> None:
    story = fault_stories.Provisioned(console, sandbox)
    control.clear_calls()
    story.prepare()
    story.end()
    made = {(call["upstream"], call["operation"]) for call in control.calls() if call["upstream"] != "pubsub"}
    assert made - {(call.upstream, call.operation) for call in faults.CALLS} == set()


def test_it_knows_every_fault_of_the_sandbox(control: Control) -> None:
    known = {(upstream, name) for upstream, reach in control.operations().items() if upstream != "pubsub" for name in reach["faults"]}
    assert known == {(upstream, fault.name) for fault in faults.FAULTS for upstream in fault.upstreams} - BY_HAND


@pytest.mark.parametrize("upstream", ["salesforce", "whmcs", "mobile", "mail"])
def test_the_documentation_shows_the_table(upstream: str) -> None:
    assert faults.table(upstream) in (ROOT / "docs/proving.md").read_text()


def test_it_takes_a_quarter_for_the_plain_run() -> None:
    everything = list(faults.cells())
    assert len(everything) / 5 < len(_TELLING) < len(everything) / 3
    assert {cell.call for cell in everything} == {cell.call for cell in everything if cell.name in _TELLING}
    assert {cell.fault.words for cell in everything} == {cell.fault.words for cell in everything if cell.name in _TELLING}
