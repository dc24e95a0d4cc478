"""SQLite and PostgreSQL as the rows need them: a connection that broke is let go of, and the next use opens another."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from peewee import Database, DatabaseError, InterfaceError, OperationalError, PostgresqlDatabase, SqliteDatabase

from console import log

_log = log.logger(__name__)
# SQLite's primary codes after which a new connection may do better: READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB
_REOPEN = frozenset({8, 10, 11, 14, 26})


class _Healing(Database):  # type: ignore[misc]
    """Peewee keeps a thread's connection for ever, a dead one too. Whatever is sent goes through the four methods here."""

    def _gone(self, error: Exception | None) -> bool:
        """Whether the thread's connection is of no use any more."""
        raise NotImplementedError

    def _execute_cursor(self, sql: str, params: Any, **options: Any) -> Any:
        self._refresh()
        with self._watched():
            return super()._execute_cursor(sql, params, **options)

    def begin(self, *args: Any, **options: Any) -> None:
        self._refresh()
        fresh = self.is_closed()
        try:
            self._begin(*args, **options)
        except OperationalError:
            if fresh or not self.is_closed():
                raise
            self._begin(*args, **options)  # the connection had ended: nothing is lost by beginning on another

    def _begin(self, *args: Any, **options: Any) -> None:
        with self._watched():
            super().begin(*args, **options)

    def commit(self) -> None:
        with self._watched():
            super().commit()

    def rollback(self) -> None:
        """Of a connection that is gone there is nothing to undo: the transaction went with it."""
        if self.is_closed():
            return
        try:
            super().rollback()
        except DatabaseError as error:
            if not self._broken() and not self._gone(error):
                raise
            self._let_go(error)

    def _refresh(self) -> None:
        """Before something new is begun: let go of a connection that broke in the last transaction, or ended while nobody used it."""
        if not self.is_closed() and not self.in_transaction() and (self._broken() or self._gone(None)):
            self._let_go(None)

    def _broken(self) -> bool:
        return getattr(self._state, "broken", None) is self._state.conn

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """A connection that breaks is let go of, inside a transaction after its end; callers see one kind of error."""
        try:
            yield
        except DatabaseError as error:
            if self.is_closed() or not self._gone(error):
                raise
            if self.in_transaction():
                self._state.broken = self._state.conn  # for its end: what is left of the transaction must fail, not begin anew
            else:
                self._let_go(error)
            if isinstance(error, OperationalError):
                raise
            raise OperationalError("the connection to the database was lost") from error
        except InterfaceError:
            if not self.is_closed() and not self.in_transaction():
                self._let_go(None)
            raise

    def _let_go(self, error: Exception | None) -> None:
        _log.warning("database_connection_lost", error_class=type(error).__name__ if error else "")
        connection = self._state.conn
        self._state.reset()
        self._state.broken = None
        try:
            connection.close()
        except Exception as failed:  # a dead connection may refuse even that, in any driver's words
            _log.info("database_connection_not_closed", error_class=type(failed).__name__)


class Postgres(_Healing, PostgresqlDatabase):  # type: ignore[misc]
    """Ends of connections are noticed before use where that is possible: an idle connection has nothing to say but good-bye."""

    def _gone(self, error: Exception | None) -> bool:
        connection = self._state.conn
        return bool(connection.closed) or (error is None and _readable(connection.fileno()))


class Sqlite(_Healing, SqliteDatabase):  # type: ignore[misc]
    """A file that could not be written when it was opened stays so for that connection, whatever becomes of the file."""

    def _connect(self) -> Any:
        if not self.connect_params.get("uri"):  # an address of that form names a file that is only read
            make_private(Path(self.database))
        return super()._connect()

    def _gone(self, error: Exception | None) -> bool:
        told = getattr(error, "orig", None)  # the driver's own error
        return (getattr(told, "sqlite_errorcode", 0) & 0xFF) in _REOPEN

    def rollback(self) -> None:
        # a full disk has rolled back already; to do it again would put another error in the place of the first
        if not self.is_closed() and self._state.conn.in_transaction:
            super().rollback()


def make_private(file: Path) -> None:
    """An empty file for its owner alone, unless there is one: SQLite makes `-wal` and `-shm` beside it as private as it is.

    A file that exists is not even opened: closing it would free the locks that this process has on it."""
    with suppress(OSError):  # what stands in the way, SQLite says itself
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _readable(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
