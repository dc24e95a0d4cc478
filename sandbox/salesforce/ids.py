"""Salesforce record ids: 15 case-sensitive characters, and the 18 that the API answers with."""

import hashlib
import re
from functools import lru_cache

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIXES = {
    "Account": "001", "Contact": "003", "User": "005", "Organization": "00D", "Case": "500", "Order": "801", "OrderItem": "802",
    "Product2": "01t", "Pricebook2": "01s", "PricebookEntry": "01u",
}  # fmt: skip
SHAPE = re.compile(r"[0-9A-Za-z]{15}([0-9A-Za-z]{3})?")
INSTANCE = "SB0000"


def checksum(short: str) -> str:
    """The three characters that make an id survive systems which fold case."""
    chunks = (short[at : at + 5] for at in (0, 5, 10))
    return "".join(ALPHABET[sum(1 << bit for bit, char in enumerate(chunk) if "A" <= char <= "Z")] for chunk in chunks)


@lru_cache(65_536)
def long_id(value: str) -> str | None:
    """The 18 characters of a given id of 15 or 18; None when it is not an id at all."""
    if not SHAPE.fullmatch(value):
        return None
    return value[:15] + checksum(value[:15])


def new_id(kind: str, number: int) -> str:
    """The id of the number-th record of a kind; the body is base 62 like the real ones."""
    body = ""
    while number:
        number, digit = divmod(number, 62)
        body = DIGITS[digit] + body
    short = PREFIXES[kind] + INSTANCE + body.rjust(6, "0")
    return short + checksum(short)


def declare(kind: str) -> str:
    """Makes a custom object known; answers its prefix, which follows from its name, so that every start finds it again."""
    first, second = hashlib.sha256(kind.encode()).digest()[:2]
    prefix = f"a{DIGITS[first % 62]}{DIGITS[second % 62]}"
    if PREFIXES.setdefault(kind, prefix) != prefix or [*PREFIXES.values()].count(prefix) > 1:
        raise ValueError(f"{kind} would have the ids of another object: rename it")
    return prefix


def kind_of(long: str) -> str | None:
    return next((kind for kind, prefix in PREFIXES.items() if long.startswith(prefix)), None)
