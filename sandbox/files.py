"""Files of the folder: a reader sees the whole file or none, also after a kill or on a full disk."""

from pathlib import Path

PRIVATE = 0o600


class Unreadable(Exception):
    """A file of the folder does not hold what it should."""


def kept(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Raises OSError, and then the file is as it was."""
    draft = path.with_name(path.name + ".new")
    try:
        draft.touch(mode)
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
