"""What the sandbox remembers: documents read from memory, every change in SQLite before the caller gets its answer."""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sandbox.documents import Follower, Row, Rows, View, copied, interned
from sandbox.indexes import Doc, Indexes, Values

__all__ = ["Doc", "Store", "View"]

NUMBERS = "#numbers"
SCHEMA = "CREATE TABLE IF NOT EXISTS docs (kind TEXT, key TEXT, seq INTEGER, doc TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"
UPSERT = "INSERT INTO docs VALUES (?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET doc = excluded.doc, seq = excluded.seq"


class Store:
    """JSON documents by kind and key. Reads wait for a write block of another thread, so they only ever see committed state.

    `put`, `drop` and `number` may be called without `write()`: they then commit on their own. An inner `write()` that raises is
    rolled back alone if the outer block catches the exception. bytes are not JSON: keep them as hex or base64.
    """

    def __init__(self, path: Path, seed: int | None = None) -> None:
        self.seed = seed
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        # the page cache of the system outlives a killed process; only a power cut could lose a commit
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(SCHEMA)
        self._rows: Rows = {}
        self._indexes = Indexes()
        self._view = View(self._rows, self._indexes)
        self._followers: defaultdict[str, list[Follower]] = defaultdict(list)
        self._depth = 0
        self._dirty: dict[tuple[str, str], None] = {}
        self._undo: list[tuple[str, str, Row | None]] = []
        self._after: list[Callable[[], None]] = []
        self._load()

    def _load(self) -> None:
        self._seq = 0
        for kind, key, seq, doc in self._db.execute("SELECT kind, key, seq, doc FROM docs ORDER BY seq"):
            self._place(kind, key, Row(seq, json.loads(doc, object_hook=interned)))
            self._seq = max(self._seq, seq)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    # -- writing

    @contextmanager
    def write(self) -> Iterator[None]:
        """One change of the world: committed at the outermost exit, undone in memory too when an exception leaves the block."""
        due: list[Callable[[], None]] = []
        with self._lock:
            mark, calls = len(self._undo), len(self._after)
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._flush()
                    due = self._after
                    self._settle()
            except BaseException:
                self._rewind(mark)
                del self._after[calls:]
                raise
            finally:
                self._depth -= 1
        for call in due:
            call()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Run `call` when the outermost write block has committed and the lock is free; at once outside a block."""
        with self._lock:
            if self._depth:
                self._after.append(call)
                return
        call()

    def put(self, kind: str, key: str, doc: Doc) -> None:
        with self.write():
            old = self._rows.get(kind, {}).get(key)
            seq = old.seq if old else self._next_seq()
            self._change(kind, key, Row(seq, copied(doc)))

    def drop(self, kind: str, key: str) -> None:
        with self.write():
            if key in self._rows.get(kind, {}):
                self._change(kind, key, None)

    def number(self, name: str, start: int = 1, stride: int = 1) -> int:
        """The next number of a counter that survives a restart; a block that is undone gives its numbers back."""
        with self.write():
            old = self.get(NUMBERS, name)
            value = int(old["value"]) + stride if old else start
            self.put(NUMBERS, name, {"value": value})
            return value

    # -- reading

    def get(self, kind: str, key: str) -> Doc | None:
        with self._lock:
            row = self._rows.get(kind, {}).get(key)
            return copied(row.doc) if row else None

    def all(self, kind: str) -> list[Doc]:
        return self.scan(kind, lambda doc: True)

    def scan(self, kind: str, wanted: Callable[[Doc], bool]) -> list[Doc]:
        """Like `all`, copying only what `wanted` says yes to; `wanted` must not change the document."""
        with self._lock:
            return [copied(row.doc) for row in self._rows.get(kind, {}).values() if wanted(row.doc)]

    def keys(self, kind: str) -> list[str]:
        with self._lock:
            return list(self._rows.get(kind, {}))

    def find(self, kind: str, field: str, value: object) -> list[Doc]:
        """Documents whose `field` equals `value`, in insertion order."""
        with self._lock:
            return [copied(doc) for doc in self._view.find(kind, field, value)]

    @contextmanager
    def reading(self) -> Iterator[View]:
        """Everything at one moment, without copies; nobody writes meanwhile."""
        with self._lock:
            yield self._view

    def index(self, kind: str, field: str, values: Values | None = None) -> None:
        """Keep a look-up by a top-level field, or by the `values` of a document; harmless when it exists already."""
        with self._lock:
            made = self._indexes.add(kind, field, values)
            for key, row in self._rows.get(kind, {}).items() if made else ():
                made.enter(key, row.doc)

    def follow(self, kind: str, follower: Follower) -> None:
        """`start` is called now, `change` at every commit, in the order of commits."""
        with self._lock:
            self._followers[kind].append(follower)
            self._begin(kind, follower)

    # -- the whole state

    def save(self, path: Path) -> None:
        """Everything as it is now, into a file of its own; a reader sees the whole file or none."""
        draft = path.with_suffix(".new")
        with self._lock:
            draft.unlink(missing_ok=True)
            try:
                with closing(sqlite3.connect(draft)) as copy:
                    self._db.backup(copy)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    def restore(self, path: Path) -> None:
        """Everything as it was saved; followers begin anew. Not inside a write block."""
        with self._lock:
            self._db.execute("ATTACH ? AS saved", (str(path),))
            try:
                self._db.executescript("BEGIN IMMEDIATE; DELETE FROM docs; INSERT INTO docs SELECT * FROM saved.docs; COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._db.execute("DETACH saved")
            self._rows.clear()
            self._indexes.clear()
            self._load()
            for kind, followers in self._followers.items():
                for follower in followers:
                    self._begin(kind, follower)

    # -- the inside

    def _begin(self, kind: str, follower: Follower) -> None:
        # what a block in progress has put is told when it commits
        follower.start([(key, row.doc) for key, row in self._rows.get(kind, {}).items() if (kind, key) not in self._dirty])

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def _change(self, kind: str, key: str, row: Row | None) -> None:
        self._undo.append((kind, key, self._place(kind, key, row)))
        self._dirty[kind, key] = None

    def _place(self, kind: str, key: str, row: Row | None) -> Row | None:
        rows = self._rows.setdefault(kind, {})
        old = rows.get(key)
        for index in self._indexes.of(kind):
            if old:
                index.leave(key, old.doc)
            if row:
                index.enter(key, row.doc)
        if row:
            rows[key] = row
        elif old:
            del rows[key]
        return old

    def _rewind(self, mark: int) -> None:
        while len(self._undo) > mark:
            kind, key, row = self._undo.pop()
            if self._place(kind, key, row) is None and row:
                # a dropped document comes back where it was, not at the end
                self._rows[kind] = dict(sorted(self._rows[kind].items(), key=lambda item: item[1].seq))
        if self._depth == 1:
            self._settle()

    def _settle(self) -> None:
        self._dirty, self._undo, self._after = {}, [], []

    def _flush(self) -> None:
        if not self._dirty:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for kind, key in self._dirty:
                row = self._rows.get(kind, {}).get(key)
                if row:
                    self._db.execute(UPSERT, (kind, key, row.seq, json.dumps(row.doc)))
                else:
                    self._db.execute("DELETE FROM docs WHERE kind = ? AND key = ?", (kind, key))
            self._db.execute("COMMIT")
        except BaseException:
            # some errors have ended the transaction already
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._tell()

    def _tell(self) -> None:
        for kind, followers in self._followers.items():
            keys = [key for at, key in self._dirty if at == kind]
            for follower in followers if keys else ():
                follower.change([(key, self._view.get(kind, key)) for key in keys])
