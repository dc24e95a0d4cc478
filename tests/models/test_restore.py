"""The moment of a restore is one, is cheap to ask for, and is known within seconds."""

from __future__ import annotations

import time

import pytest
from peewee import Database

from console import clock
from console.models import RestoreMark


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    """Every test here works on an empty database."""


def test_it_is_none_without_a_restore() -> None:
    assert RestoreMark.moment() is None


def test_it_is_the_newest() -> None:
    first = RestoreMark.mark()
    assert abs((clock.now() - first).total_seconds()) < 5
    second = RestoreMark.mark()
    assert RestoreMark.select().count() == 1
    assert abs((RestoreMark.moment() - second).total_seconds()) < 0.001


def test_it_is_read_every_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert RestoreMark.moment() is None
    RestoreMark.insert(id=1, at=clock.now()).execute()  # as another process would
    now = 104.9
    assert RestoreMark.moment() is None
    now = 105.0
    assert RestoreMark.moment() is not None
    monkeypatch.undo()
