"""Configurable options of a service: what was chosen, and how it is shown."""

from typing import Any

from sandbox.whmcs.answers import Answer
from sandbox.whmcs.products import Option, Product


def chosen_options(product: Product, sent: dict[str, Any], before: dict[str, int] | None = None) -> dict[str, int]:
    """Option id → choice id or quantity; what was not sent, or is not on offer, stays as it was or as WHMCS presets it."""
    held = before or {str(option.option_id): preset(option) for option in product.options}
    for option in product.options:
        value = amount_sent(sent.get(str(option.option_id)))
        if value is not None and offered(option, value):
            held[str(option.option_id)] = value
    return held


def preset(option: Option) -> int:
    return 0 if option.quantity else next(iter(option.choices))


def amount_sent(value: Any) -> int | None:
    """`17`, or `{"optionid": o, "qty": q}` as UpdateClientProduct takes it for quantities."""
    if isinstance(value, dict):
        value = value.get("qty")
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 7 else None


def offered(option: Option, value: int) -> bool:
    return 0 <= value <= option.most if option.quantity else value in option.choices


def option_rows(product: Product, held: dict[str, int]) -> list[Answer]:
    return [shown(option, held.get(str(option.option_id), preset(option))) for option in product.options]


def shown(option: Option, value: int) -> Answer:
    text = str(value) if option.quantity else option.choices[value]
    return {"id": option.option_id, "option": option.name, "type": option.kind, "value": text}
