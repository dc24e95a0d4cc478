"""Identifiers as the mobile provider and the SIM world make them: ids, ICCIDs, activation codes, phone numbers."""

import string

from sandbox.chance import letters
from sandbox.store import Store

ID_LETTERS = string.ascii_letters + string.digits
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SMDP_HOST = "smdp.sandbox.example"
FILES = "https://files.sandbox.invalid/qr"


def fresh_id(store: Store, prefix: str) -> str:
    return f"{prefix}_{letters(store, prefix, 20, ID_LETTERS)}"


def fresh_iccid(store: Store, provider: str) -> str:
    """19 digits of a Japanese issuer, 20 from the test provider, with a valid check digit."""
    issuer, length = ("8942424242", 9) if provider == "test" else ("898130", 12)
    body = issuer + letters(store, "iccid", length, string.digits)
    return body + luhn(body)


def luhn(digits: str) -> str:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def fresh_code(store: Store) -> str:
    """An activation code that no other SIM has: form, SM-DP+ host, matching id."""
    drawn = letters(store, "activation code", 20, CODE_LETTERS)
    groups = "-".join((drawn[:2], drawn[2:8], drawn[8:14], drawn[14:]))
    return f"LPA:1${SMDP_HOST}${groups}"


def fresh_phone_number(store: Store) -> str:
    return f"+8170{letters(store, 'phone number', 8, string.digits)}"
