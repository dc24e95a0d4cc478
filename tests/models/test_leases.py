"""One holder at a time, a position that only the newest may move, a mail that exists once."""

from __future__ import annotations

from contextlib import suppress

import pytest
from peewee import Database

from console import clock, models
from console.models import Heartbeat, Lease, OutboxMessage, StreamCursor, Throttle
from tests.support.jobs import customer


@pytest.fixture(autouse=True)
def _rows(database: Database) -> None:
    """Every test here works on an empty database."""


def test_it_has_one_holder() -> None:
    assert (Lease.take("sweeper", "a", 60), Lease.take("sweeper", "b", 60)) == (1, None)


def test_it_is_kept_by_its_holder_under_the_same_fence() -> None:
    assert (Lease.take("sweeper", "a", 60), Lease.take("sweeper", "a", 60)) == (1, 1)


def test_it_goes_to_the_next_under_a_higher_fence() -> None:
    Lease.take("sweeper", "a", -1)
    assert Lease.take("sweeper", "b", 60) == 2


def test_it_is_given_back_by_its_holder_only() -> None:
    Lease.take("sweeper", "a", 60)
    Lease.give_back("sweeper", "b")
    assert Lease.take("sweeper", "b", 60) is None
    Lease.give_back("sweeper", "a")
    assert Lease.take("sweeper", "b", 60) == 2


def test_it_moves_the_position_for_the_newest_listener_only() -> None:
    assert StreamCursor.move("c", b"1", 2)
    assert StreamCursor.move("c", b"2", 3)
    assert not StreamCursor.move("c", b"0", 2)
    assert bytes(StreamCursor.of("c").replay_id) == b"2"


def test_it_beats_in_one_row() -> None:
    Heartbeat.beat("worker", "w", n=1)
    Heartbeat.beat("worker", "w", n=2)
    assert (Heartbeat.select().count(), Heartbeat.get().detail) == (1, {"n": 2})


def test_it_leaves_a_mail_once() -> None:
    aiko = customer()
    assert OutboxMessage.mail("welcome", aiko.id, "1", domain="console.example")
    assert not OutboxMessage.mail("welcome", aiko.id, "1", domain="console.example")
    assert OutboxMessage.get().message_id.endswith("@console.example>")


def test_it_sends_a_status_again_that_was_wanted_meanwhile() -> None:
    OutboxMessage.want_status("801")
    claimed = OutboxMessage.claim(OutboxMessage.get().id, 60)
    assert claimed
    OutboxMessage.want_status("801")
    assert not claimed.sent_now()
    assert OutboxMessage.get().state == "due"


def test_it_is_sent_by_one() -> None:
    OutboxMessage.want_status("801")
    message_id = OutboxMessage.get().id
    assert OutboxMessage.claim(message_id, 60)
    assert OutboxMessage.claim(message_id, 60) is None


def test_it_is_never_free_and_unsent_between_two_commits(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    OutboxMessage.want_status("801")
    message = OutboxMessage.claim(OutboxMessage.get().id, 60)
    execute, seen = database.execute_sql, []

    def watched(*statement: object, **more: object) -> object:
        done = execute(*statement, **more)
        if not database.in_transaction():
            seen.extend(execute("SELECT state, lease_until FROM outbox_message").fetchall())
        return done

    monkeypatch.setattr(database, "execute_sql", watched)
    assert message
    assert message.sent_now()
    assert ("due", None) not in seen


def test_it_counts_in_windows() -> None:
    assert [Throttle.hit("k", 60), Throttle.hit("k", 60)] == [1, 2]
    Throttle.update(ends_at=clock.after(-1)).execute()
    assert (Throttle.state("k"), Throttle.hit("k", 60)) == ((0, None), 1)


def test_it_rings_after_the_commit_and_not_after_a_roll_back() -> None:
    rung: list[str] = []

    class Broken(Exception): ...

    with models.transaction():
        models.after_commit(lambda: rung.append("kept"))
        assert rung == []
    with suppress(Broken), models.transaction():
        models.after_commit(lambda: rung.append("lost"))
        raise Broken
    assert rung == ["kept"]
