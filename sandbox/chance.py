"""What the sandbox makes up: ids, numbers, codes, tokens, dice. With a seed the same comes out again for the same calls."""

import random
import uuid
from collections.abc import Callable
from typing import TypeVar

from sandbox.store import Store

T = TypeVar("T")
HEX = "0123456789abcdef"


def dice(seed: int | None, words: str) -> random.Random:
    """Dice of their own for what `words` name; without a seed those of the system."""
    return random.SystemRandom() if seed is None else random.Random(f"{seed} {words}")


def thrown(store: Store, what: str) -> random.Random:
    """Dice for one thing of a kind.

    With a seed they hang on how many of that kind there were. The state counts that together with what is drawn: a block that is
    undone gives its number back, a killed process never draws twice, and what happens meanwhile to other kinds changes nothing.
    """
    return dice(store.seed, f"{what} {store.number(f'#drawn {what}')}" if store.seed is not None else what)


def letters(store: Store, what: str, length: int, alphabet: str) -> str:
    made = thrown(store, what)
    return "".join(made.choice(alphabet) for _ in range(length))


def hexed(store: Store, what: str, length: int) -> str:
    """So many hexadecimal digits."""
    return letters(store, what, length, HEX)


def below(store: Store, what: str, limit: int) -> int:
    return thrown(store, what).randrange(limit)


def uuid4(store: Store, what: str) -> uuid.UUID:
    return uuid.UUID(int=thrown(store, what).getrandbits(128), version=4)


def unused(draw: Callable[[], T], taken: Callable[[T], object]) -> T:
    """Draws until nobody has it: for what is too short to be unique by itself. To be called in the write block that keeps it."""
    while taken(made := draw()):
        pass
    return made
