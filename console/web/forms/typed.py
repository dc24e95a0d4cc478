"""What people type, made plain: full-width forms, stray spaces, control characters, card numbers that nobody should type here."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from wtforms import ValidationError
from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.validators import InputRequired, Length, Regexp, StopValidation

from console.i18n import gettext as _
from console.i18n import lazy
from console.masking import masked


class Needed(InputRequired):  # type: ignore[misc]
    """Something must be left when spaces and what cannot be seen are taken away."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and not field.data:
            field.errors = []
            raise StopValidation(self.message)


NEEDED = Needed(lazy("This is needed."))
PHONE = Regexp(r"^\+?[0-9][0-9() .-]{5,30}$", message=lazy("Digits, with + in front for a number abroad."))
_COMMON = Path(__file__).with_name("common_passwords.txt")


def plain(text: str | None) -> str:
    """One line in the usual width: NFKC, no control characters, single spaces, a card number masked."""
    normal = unicodedata.normalize("NFKC", text or "")
    seen = "".join(" " if unicodedata.category(char).startswith("C") or char.isspace() else char for char in normal)
    return masked(" ".join(seen.split()))


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
