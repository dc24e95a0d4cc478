"""Card numbers: how one looks in what people type, and the text without it."""

from __future__ import annotations

import re
from itertools import accumulate

LEAST, MOST = 13, 19
# What people put between the digits: spaces of any width, dashes, dots, and what cannot be seen.
_BETWEEN = r"[\s.·・‐-―−ーｰ－\-\u00ad\u200b-\u200d\u2060\ufeff]{0,3}"
_DIGITS = re.compile(rf"\d(?:{_BETWEEN}\d){{{LEAST - 1},}}")
# No card begins so: a phone number, an ICCID.
_NO_CARD = ("0", "89")
_DOUBLED = {str(digit): digit * 2 - 9 * (digit > 4) for digit in range(10)}


def masked(text: str) -> str:
    """The text with every card number as `**** 1234`: 13 to 19 digits of any width whose check digit is right."""
    return _DIGITS.sub(lambda found: _without_cards(found.group()), text)


def _without_cards(run: str) -> str:
    """A run of digits may begin or end with another number: a card is some of its whole groups, as many of them as can be."""
    groups = list(re.finditer(r"\d+", run))
    digits = "".join(str(int(digit)) for group in groups for digit in group.group())
    begins = list(accumulate((len(group.group()) for group in groups), initial=0))  # where each group begins among the digits
    told, shown_to, first = "", 0, 0
    while first < len(groups):
        last = _card(digits, begins, first)
        if last:
            told += f"{run[shown_to : groups[first].start()]}**** {digits[begins[last] - 4 : begins[last]]}"
            shown_to = groups[last - 1].end()
        first = last or first + 1
    return told + run[shown_to:]


def _card(digits: str, begins: list[int], first: int) -> int:
    """The group after the card that begins with this one, 0 for none."""
    start = begins[first]
    for last in range(min(len(begins) - 1, first + MOST), first, -1):
        if LEAST <= begins[last] - start <= MOST and _is_card(digits[start : begins[last]]):
            return last
    return 0


def _is_card(digits: str) -> bool:
    return not digits.startswith(_NO_CARD) and _luhn(digits)


def _luhn(digits: str) -> bool:
    return (sum(map(int, digits[-1::-2])) + sum(_DOUBLED[digit] for digit in digits[-2::-2])) % 10 == 0
