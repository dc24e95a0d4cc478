"""The one clock of the sandbox: the real time plus what was added to it.

Whatever ages upstream looks here: sessions, single sign-on tokens, replayed answers, retained events, dates of records and lists.
What is held against a clock of the client stays real: the expiry in a client's JWT, the signature of a webhook, the journal of calls.
"""

import time
from datetime import UTC, datetime

from sandbox.store import Store

KIND, KEY = "#clock", "now"


class Clock:
    """One per process, as there is one real time."""

    ahead_s = 0.0


_clock = Clock()


def now() -> float:
    """Seconds since 1970."""
    return time.time() + _clock.ahead_s


def moment() -> datetime:
    return datetime.fromtimestamp(now(), UTC)


def ahead_s() -> float:
    """How far the clock is ahead of the real time."""
    return _clock.ahead_s


def advance(store: Store, seconds: float) -> None:
    """Negative seconds take an earlier advance back. A restart keeps what was added."""
    with store.write():
        store.put(KIND, KEY, {"ahead_s": _kept(store) + seconds})
    recall(store)


def recall(store: Store) -> None:
    """Sets the clock to what the store remembers: at the start, and when a saved state was put back."""
    _clock.ahead_s = _kept(store)


def _kept(store: Store) -> float:
    return float((store.get(KIND, KEY) or {"ahead_s": 0.0})["ahead_s"])
