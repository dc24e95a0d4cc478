"""Answers that take equally long whomever they are about: the clock is not to tell who has an account."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

EVEN_S = 0.15  # no answer comes earlier: a password's hash, the rows, a mail and a ring for a known address are done well before


@contextmanager
def evenly() -> Iterator[None]:
    """Whatever the block does for one address and not for another, it ends no earlier than EVEN_S after it began."""
    started = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(0.0, EVEN_S - (time.monotonic() - started)))
