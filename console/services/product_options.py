"""Options of a product: what Portal_ConfigOptions_JSON__c says, which answers it accepts, what they cost and what is kept of them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.errors import Refused
from console.masking import masked

Value = str | int
LONGEST_TEXT = 200


class BadOptions(Exception):
    """The JSON is not what DATA-MODEL says; the text is for staff."""


@dataclass(frozen=True)
class Choice:
    """One answer of a choice; `price` in yen in the product's own cycle, `whmcs` its option and choice id or {}."""

    value: str
    label: Mapping[str, str]
    price: int
    whmcs: Mapping[str, int]


@dataclass(frozen=True)
class Option:
    """One question. `kind`: choice, quantity or text; `price` is per unit for a quantity, in all for a text."""

    key: str
    label: Mapping[str, str]
    kind: str
    required: bool
    choices: tuple[Choice, ...] = ()
    least: int = 0
    most: int = 0
    price: int = 0
    pattern: str = ""
    whmcs: Mapping[str, int] | None = None

    def choice(self, value: object) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)


def said(label: Mapping[str, str], language: str) -> str:
    """A label in that language, in English where it has none, in any where it has neither."""
    return label.get(language) or label.get("en") or next(iter(label.values()), "")


def parse(text: str) -> tuple[Option, ...]:
    """The options of a product; BadOptions for anything that is not understood to the last detail."""
    if not text.strip():
        return ()
    try:
        document = json.loads(text)
        if document["version"] != 1:
            raise BadOptions("unknown version")
        options = tuple(_option(each) for each in document["options"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, re.error) as error:
        raise BadOptions(f"{type(error).__name__}: {error}"[:200]) from error
    if len({option.key for option in options}) != len(options):
        raise BadOptions("a key is there twice")
    return options


def _option(raw: Mapping[str, Any]) -> Option:
    common: dict[str, Any] = {"key": _word(raw["key"]), "label": _label(raw["label"]), "required": raw.get("required", False) is True}
    match raw["type"]:
        case "choice":
            return Option(kind="choice", choices=_choices(raw["choices"]), **common)
        case "quantity":
            least, most = _whole(raw.get("min", 0)), _whole(raw["max"])
            return Option(kind="quantity", least=least, most=most, price=_whole(raw.get("price", 0)), whmcs=_ids(raw), **common)
        case "text":
            pattern = str(raw.get("pattern", ""))
            re.compile(pattern)
            return Option(kind="text", pattern=pattern, price=_whole(raw.get("price", 0)), whmcs=_ids(raw), **common)
    raise BadOptions(f"unknown type {raw['type']!r}"[:100])


def _choices(raw: Iterable[Mapping[str, Any]]) -> tuple[Choice, ...]:
    choices = tuple(Choice(_word(each["value"]), _label(each["label"]), _whole(each.get("price", 0)), _ids(each)) for each in raw)
    if not choices or len({choice.value for choice in choices}) != len(choices):
        raise BadOptions("no choices, or a value is there twice")
    return choices


def _word(raw: object) -> str:
    if not isinstance(raw, str) or not re.fullmatch(r"[\w.-]{1,60}", raw):
        raise BadOptions("keys and values are words of at most 60 characters")
    return raw


def _label(raw: Mapping[str, Any]) -> Mapping[str, str]:
    label = {str(language): str(text) for language, text in raw.items() if text}
    if not label:
        raise BadOptions("a label is empty")
    return label


def _whole(raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise BadOptions("numbers are whole and not negative")
    return raw


def _ids(raw: Mapping[str, Any]) -> Mapping[str, int]:
    return {str(name): _whole(number) for name, number in (raw.get("whmcs") or {}).items()}


def accept(option: Option, raw: object) -> Value:
    """The answer as it is kept. Refused: option_required, option_unknown, option_number, option_range or option_pattern."""
    text = unicodedata.normalize("NFKC", str(raw if raw is not None else "")).strip()
    if not text:
        return _unanswered(option)
    if option.kind == "choice":
        if option.choice(text) is None:
            raise Refused("option_unknown")
        return text
    return _number(option, text) if option.kind == "quantity" else _text(option, text)


def _unanswered(option: Option) -> Value:
    if option.required:
        raise Refused("option_required")
    return option.least if option.kind == "quantity" else ""


def _number(option: Option, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise Refused("option_number")
    if not option.least <= int(text) <= option.most:
        raise Refused("option_range", least=option.least, most=option.most)
    return int(text)


def _text(option: Option, text: str) -> str:
    if len(text) > LONGEST_TEXT or not text.isprintable() or (option.pattern and not re.search(option.pattern, text)):
        raise Refused("option_pattern")
    # Card data is never taken: what looks like a card number is not kept, unless the product asks for a number of just that form.
    safe = masked(text)
    return safe if not option.pattern or re.search(option.pattern, safe) else text


def accepted(options: Iterable[Option], given: Mapping[str, object]) -> dict[str, Value]:
    """All answers, unanswered ones left out; Refused as `accept` at the first that is wrong, with its `key`. Unknown keys are ignored."""
    answers: dict[str, Value] = {}
    for option in options:
        try:
            answer = accept(option, given.get(option.key))
        except Refused as refused:
            raise Refused(refused.code, **refused.detail, key=option.key) from None
        if answer not in ("", 0):
            answers[option.key] = answer
    return answers


def surcharge(options: Iterable[Option], answers: Mapping[str, Value]) -> int:
    """What the answers add to the price of one unit, in yen."""
    return sum(_price(option, answers[option.key]) for option in options if option.key in answers)


def _price(option: Option, answer: Value) -> int:
    choice = option.choice(answer)
    if choice:
        return choice.price
    return option.price * (int(answer) if option.kind == "quantity" else 1)


def snapshot(options: Iterable[Option], answers: Mapping[str, Value]) -> str:
    """What OrderItem.ConfigOptions_JSON__c keeps, "" when nothing was answered."""
    rows = [_kept(option, answers[option.key]) for option in options if option.key in answers]
    return json.dumps({"version": 1, "options": rows}, ensure_ascii=False, separators=(",", ":")) if rows else ""


def _kept(option: Option, answer: Value) -> dict[str, object]:
    choice = option.choice(answer)
    row: dict[str, object] = {"key": option.key, "label": said(option.label, "en"), "value": answer, "price": _price(option, answer)}
    if choice:
        row["text"] = said(choice.label, "en")
    ids = choice.whmcs if choice else option.whmcs
    return row | ({"whmcs": dict(ids)} if ids else {})


def shown(options: Iterable[Option], answers: Mapping[str, Value], language: str) -> list[tuple[str, str]]:
    """Question and answer in a person's language."""
    found = [(option, answers[option.key]) for option in options if option.key in answers]
    return [(said(option.label, language), _in_words(option, answer, language)) for option, answer in found]


def _in_words(option: Option, answer: Value, language: str) -> str:
    choice = option.choice(answer)
    return said(choice.label, language) if choice else str(answer)


def whmcs_options(kept: str) -> dict[int, int]:
    """From `snapshot`'s text: WHMCS option id → choice id, or → the number for a quantity. For AddOrder."""
    found: dict[int, int] = {}
    for row in json.loads(kept)["options"] if kept.strip() else ():
        ids = row.get("whmcs") or {}
        if "option_id" in ids:
            found[int(ids["option_id"])] = int(ids.get("choice_id", row["value"]))
    return found
