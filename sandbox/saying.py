"""What the sandbox tells whoever started it, on standard error."""

import sys
import traceback
from contextlib import suppress
from typing import Any, TextIO


class Unbroken:
    """A stream that never fails: where nobody can be told, as when the log lies on the disk that is full, work goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Every write is out already, or lost."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def complain(text: str) -> None:
    """One line."""
    print(text, file=sys.stderr)


def complain_of_ourselves() -> None:
    """The exception that is being handled is none that anybody expected."""
    complain(traceback.format_exc())
