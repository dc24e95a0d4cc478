"""Identifiers as the mobile provider and the SIM world make them: ids, ICCIDs, activation codes, phone numbers."""

import secrets
import string

ID_LETTERS = string.ascii_letters + string.digits
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SMDP_HOST = "smdp.sandbox.example"
FILES = "https://files.sandbox.invalid/qr"


def fresh_id(prefix: str) -> str:
    return f"{prefix}_{letters(20, ID_LETTERS)}"


def letters(length: int, alphabet: str) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def fresh_iccid(provider: str) -> str:
    """19 digits of a Japanese issuer, 20 from the test provider, with a valid check digit."""
    body = "8942424242" + letters(9, string.digits) if provider == "test" else "898130" + letters(12, string.digits)
    return body + luhn(body)


def luhn(digits: str) -> str:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def fresh_code() -> str:
    """An activation code that no other SIM has: form, SM-DP+ host, matching id."""
    groups = "-".join(letters(size, CODE_LETTERS) for size in (2, 6, 6, 6))
    return f"LPA:1${SMDP_HOST}${groups}"


def fresh_phone_number() -> str:
    return f"+8170{letters(8, string.digits)}"
