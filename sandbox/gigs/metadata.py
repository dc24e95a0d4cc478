"""The string pairs that a client hangs on objects: what may be in them, and how a change merges."""

import re
from typing import Any

from sandbox.gigs.calls import Call
from sandbox.gigs.refusals import unacceptable

MAX_PAIRS, MAX_KEY, MAX_VALUE = 10, 40, 255
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf]")
RESERVED = "gigs.com"


def merged(held: dict[str, str], call: Call) -> dict[str, str]:
    """A value sets, null deletes, absent changes nothing; `metadata: null` itself is refused."""
    if "metadata" not in call.body:
        return held
    sent = call.body["metadata"]
    if not isinstance(sent, dict):
        raise unacceptable("metadata must be an object", "metadata")
    for key, value in sent.items():
        check(key, value)
    result = {key: value for key, value in {**held, **sent}.items() if value is not None}
    if len(result) > MAX_PAIRS:
        raise unacceptable(f"metadata holds at most {MAX_PAIRS} keys", "metadata")
    return result


def check(key: str, value: Any) -> None:
    if not 1 <= len(key) <= MAX_KEY or key.startswith(RESERVED) or EMOJI.search(key):
        raise unacceptable("metadata key is not allowed", f"metadata.{key}")
    if value is not None and (not isinstance(value, str) or len(value) > MAX_VALUE or EMOJI.search(value)):
        raise unacceptable(f"metadata value must be a string of at most {MAX_VALUE} characters", f"metadata.{key}")
