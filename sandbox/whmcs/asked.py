"""One request to the API, read the way PHP code reads it: texts, truthy flags, arrays by index."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.store import Store
from sandbox.whmcs.answers import Refused

FALSY = ("", "0")  # the text "false" is true in PHP


@dataclass(frozen=True)
class Asked:
    """The parameters of a call, with the store it works on and the address WHMCS believes to have."""

    store: Store
    form: dict[str, Any]
    url: str = ""

    def text(self, name: str, default: str = "") -> str:
        value = self.form.get(name, default)
        return value.strip() if isinstance(value, str) else default

    def has(self, name: str) -> bool:
        return name in self.form

    def flag(self, name: str) -> bool:
        value = self.form.get(name, "")
        return value not in FALSY if isinstance(value, str) else bool(value)

    def whole(self, name: str, default: int = 0) -> int:
        """PHP's (int): what is no number is 0."""
        text = self.text(name, str(default))
        return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else 0

    def array(self, name: str) -> dict[str, Any]:
        """An array by index; since 8.6 a scalar in its place is refused."""
        value = self.form.get(name, {})
        if isinstance(value, dict):
            return value
        raise Refused(f"Expecting parameter '{name}' to be an array")

    def window(self) -> tuple[int, int]:
        return self.whole("limitstart"), self.whole("limitnum", 25) or 25


def decimal(text: object) -> Decimal | None:
    """A finite amount, or None for what is not one."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
