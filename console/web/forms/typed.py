"""What people type, made plain: full-width forms, stray spaces, control characters, card numbers that nobody should type here."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from wtforms import ValidationError
from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, Regexp

from console.i18n import gettext as _
from console.i18n import lazy

_CARD = re.compile(r"(?<!\d)(?:\d[ .–-]?){12,18}\d(?!\d)")
NEEDED = InputRequired(lazy("This is needed."))
PHONE = Regexp(r"^\+?[0-9][0-9() .-]{5,30}$", message=lazy("Digits, with + in front for a number abroad."))
_COMMON = Path(__file__).with_name("common_passwords.txt")


def plain(text: str | None) -> str:
    """One line in the usual width: NFKC, no control characters, single spaces, a card number masked."""
    normal = unicodedata.normalize("NFKC", text or "")
    seen = "".join(" " if unicodedata.category(char).startswith("C") or char.isspace() else char for char in normal)
    return _CARD.sub(_masked, " ".join(seen.split()))


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group())
    return "****" if _luhn(digits) else found.group()


def _luhn(digits: str) -> bool:
    doubled = [int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def upper(text: str | None) -> str:
    """For numbers with letters: plain, upper case, the many dashes as one."""
    return re.sub(r"[‐‑‒–—―−ーｰ]", "-", plain(text)).upper().replace(" ", "")


def lower(text: str | None) -> str:
    return plain(text).lower()


def up_to(most: int) -> Length:
    return Length(max=most, message=lazy("At most %(max)d characters."))


@cache
def _common() -> frozenset[str]:
    return frozenset(line for line in _COMMON.read_text().splitlines() if line and not line.startswith("#"))


def is_common(password: str) -> bool:
    """Whether it is one of the 3,000 most used passwords, in either case."""
    return password.lower() in _common()


def uncommon(_form: BaseForm, field: Field) -> None:
    """A WTForms validator: `is_common` passwords are refused."""
    if is_common(str(field.data)):
        raise ValidationError(_("This is one of the most used passwords. Choose another one."))
