"""What is done beside everything else, in a thread whose troubles are not lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from tests.proving import busy

END_S = 60


class Doing(threading.Thread):
    """Does it at once. What goes wrong with it is raised by `check` and `end`, in the thread that asked for it."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._act = act
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._act()
        except Exception as error:  # for the thread that asked for this
            self._error = error

    def check(self) -> None:
        if self._error:
            raise self._error

    def end(self) -> None:
        self.join(END_S * busy.factor())
        self.check()
        assert not self.is_alive(), f"still at it after {END_S} s or more"


def repeating(act: Callable[[], object], every_s: float, stopping: threading.Event) -> Doing:
    """Does it again and again until told to stop; `act` keeps expected troubles to itself."""

    def again() -> None:
        while not stopping.wait(every_s):
            act()

    return Doing(again)


def check(doing: Iterable[Doing]) -> None:
    """Raises the first trouble that there is."""
    for one in doing:
        one.check()
