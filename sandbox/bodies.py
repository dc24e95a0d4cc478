"""The body of an HTTP request: exactly as long as its head says, in one piece or in chunks, and never longer than any upstream takes."""

import json
from collections.abc import Iterator
from email.message import Message
from typing import Any, BinaryIO

from werkzeug.wrappers import Request

LARGEST = 64 * 1024 * 1024
PIECE = 1024 * 1024
MOST_DIGITS, MOST_HEX = 12, 8
# of a chunk's first line and of what follows the last one
LONGEST_LINE, MOST_TRAILERS = 4096, 100
ENDED = "The body ended before its length"


class BadBody(Exception):
    """The head and the body do not go together; the connection cannot go on."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def sent(headers: Message, stream: BinaryIO) -> bytes:
    """Raises BadBody."""
    lengths, coding = {text.strip() for text in headers.get_all("Content-Length", [])}, headers.get("Transfer-Encoding")
    if coding is None:
        return _exactly(stream, _length(lengths))
    if lengths:
        raise BadBody(400, "Both Content-Length and Transfer-Encoding")
    if coding.strip().lower() != "chunked":
        raise BadBody(501, "Unsupported transfer encoding")
    return b"".join(_chunks(stream))


def _length(given: set[str]) -> int:
    if not given:
        return 0
    text = given.pop()
    if given or not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise BadBody(400, "Bad Content-Length")
    return _allowed(int(text))


def _allowed(size: int) -> int:
    if size > LARGEST:
        raise BadBody(413, f"The body is longer than {LARGEST} bytes")
    return size


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """Piece by piece: what was only promised takes no memory."""
    pieces: list[bytes] = []
    left = size
    while left:
        piece = stream.read(min(left, PIECE))
        if not piece:
            raise BadBody(400, ENDED)
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    total = 0
    while size := _chunk_size(_line(stream)):
        total = _allowed(total + size)
        yield _exactly(stream, size)
        if _line(stream):
            raise BadBody(400, "A chunk is longer than its length")
    for _ in range(MOST_TRAILERS):
        if not _line(stream):
            return
    raise BadBody(431, "Too many trailers")


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise BadBody(400, ENDED)
    return line.rstrip(b"\r\n")


def _chunk_size(line: bytes) -> int:
    text = line.split(b";")[0].strip()
    if not 0 < len(text) <= MOST_HEX or text.strip(b"0123456789abcdefABCDEF"):
        raise BadBody(400, "Bad length of a chunk")
    return _allowed(int(text, 16))


def json_sent(request: Request) -> Any:
    """The JSON of a request, whatever type it says it is; None for what is none, or holds what is no text or no number."""
    try:
        found = json.loads(request.get_data(), parse_constant=_no_number)
        # half of a surrogate pair is JSON, but no text that anybody could be answered with
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return found


def _no_number(text: str) -> float:
    raise ValueError(text)
