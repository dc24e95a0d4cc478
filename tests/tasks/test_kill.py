"""kill -9 of worker and listener at the boundaries of tests/proving/boundaries.py, on both back ends; the truth is the sandbox's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proving import backends, boundaries, crash_matrix
from tests.proving.boundaries import Boundary
from tests.proving.crash_matrix import Row
from tests.support.absent import absent
from tests.support.postgres import Missing

LANES = 3
BATCH = 20
_QUICK = boundaries.quick()


def _weight(backend: str, boundary: Boundary) -> Any:
    return () if backend == "sqlite" and boundary in _QUICK else pytest.mark.long


CELLS = [
    pytest.param(backend, boundary, id=f"{backend} {boundary.name}", marks=_weight(backend, boundary))
    for backend in backends.NAMES
    for boundary in boundaries.every()
]


class Played:
    """What became of the chosen boundaries; a batch of a back end is played together, several at a time, when its first is asked for."""

    def __init__(self, chosen: list[tuple[str, Boundary]], folder: Path) -> None:
        self._chosen, self._folder = chosen, folder
        self._rows: dict[tuple[str, Boundary], Row] = {}

    def row(self, backend: str, boundary: Boundary) -> Row:
        if (backend, boundary) not in self._rows:
            waiting = [one for name, one in self._chosen if name == backend]
            batch = waiting[waiting.index(boundary) :][:BATCH]
            self._rows |= {(backend, row.boundary): row for row in crash_matrix.run(batch, backend, LANES, self._folder)}
        return self._rows[backend, boundary]

    @property
    def broken(self) -> bool:
        return any(row.broken for row in self._rows.values())


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    specs = [item.callspec.params for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    folder = Path(tempfile.mkdtemp(prefix="crash-matrix-"))
    found = Played([(params["backend"], params["boundary"]) for params in specs if "boundary" in params], folder)
    yield found
    if not found.broken:  # else the logs are wanted
        shutil.rmtree(folder)


@pytest.mark.parametrize(("backend", "boundary"), CELLS)
def test_it_makes_one_of_each_whoever_is_killed(backend: str, boundary: Boundary, played: Played) -> None:
    try:
        assert played.row(backend, boundary).broken == ""
    except Missing as missing:
        absent(str(missing))


def test_it_has_a_quick_boundary_for_every_effect() -> None:
    assert {(one.story, one.step) for one in _QUICK if one.step} == boundaries.effects()
