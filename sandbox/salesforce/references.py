"""References between the calls of one request: @{order.id}, @{rows[0].Id}, filled with what the earlier calls answered."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.salesforce.errors import SfError

REFERENCE = re.compile(r"@\{([^}]+)\}")
STEP = re.compile(r"(\w+)|\[(\d{1,6})\]")


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """The value with every reference in it replaced. Raises PROCESSING_HALTED for one that leads nowhere."""
    if isinstance(value, dict):
        return {key: filled(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, known) for each in value]
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: str(_resolved(found[1], known)), value)
    return value


def named(value: Any) -> set[str]:
    """The calls that a value refers to."""
    if isinstance(value, dict):
        return set().union(*(named(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(named(each) for each in value))
    return {re.split(r"\W", found)[0] for found in REFERENCE.findall(value)} if isinstance(value, str) else set()


def _resolved(path: str, known: Mapping[str, Any]) -> Any:
    held: Any = known
    for name, number in STEP.findall(path):
        held = _step(held, name, number)
        if held is None:
            break
    if held is None or held is known:
        source = re.split(r"\W", path)[0]
        raise SfError("PROCESSING_HALTED", f"Invalid reference specified. No value for {path} found in {source}")
    return held


def _step(held: Any, name: str, number: str) -> Any:
    if name:
        return held.get(name) if isinstance(held, Mapping) else None
    return held[int(number)] if isinstance(held, list) and int(number) < len(held) else None
