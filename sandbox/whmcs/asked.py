"""One request to the API, read the way PHP code reads it: texts, truthy flags, arrays by index."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.store import Store
from sandbox.whmcs.answers import Refused

FALSY = ("", "0")  # the text "false" is true in PHP
MOST = Decimal(10) ** 12


@dataclass(frozen=True)
class Asked:
    """The parameters of a call, with the store it works on, the switches, and the addresses of both sides."""

    store: Store
    form: dict[str, Any]
    url: str = ""
    caller: str = ""
    quirks: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        value = self.form.get(name, default)
        return value.strip() if isinstance(value, str) else default

    def has(self, name: str) -> bool:
        return name in self.form

    def flag(self, name: str) -> bool:
        value = self.form.get(name, "")
        if self.quirks.get("strict_flags") and str(value).lower() in ("true", "false"):
            raise Refused(f"The flag '{name}' is the text '{value}', which PHP takes for true. Send 1 or 0")
        return value not in FALSY if isinstance(value, str) else bool(value)

    def whole(self, name: str, default: int = 0) -> int:
        """PHP's (int): what is no number is 0."""
        return whole(self.text(name, str(default)))

    def array(self, name: str) -> dict[str, Any]:
        """An array by index; since 8.6 a scalar in its place is refused."""
        value = self.form.get(name, {})
        if isinstance(value, dict):
            return value
        raise Refused(f"Expecting parameter '{name}' to be an array")

    def amount(self, name: str) -> Decimal | None:
        """None when nothing was sent, or no amount."""
        return decimal(self.text(name)) if self.text(name) else None

    def day(self, name: str) -> str:
        """YYYY-MM-DD; "" for anything else."""
        text = self.text(name)
        try:
            return datetime.strptime(text, "%Y-%m-%d").strftime("%Y-%m-%d")
        except ValueError:
            return ""

    def window(self) -> tuple[int, int]:
        return self.whole("limitstart"), self.whole("limitnum", 25) or 25


def whole(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 16 else 0


def decimal(text: object) -> Decimal | None:
    """A finite amount, or None for what is not one."""
    try:
        value = Decimal(str(text))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < MOST else None
