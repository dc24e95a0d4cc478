"""What makes a function an action of the API: `@action`, in any file of this folder, and the table of all of them."""

import importlib
import pkgutil
from collections.abc import Callable

import sandbox.whmcs
from sandbox.whmcs.answers import Answer
from sandbox.whmcs.asked import Asked

Action = Callable[[Asked], Answer]
# by the spelling of WHMCS: the function get_clients_details carries out GetClientsDetails
ACTIONS: dict[str, Action] = {}
_SPELLINGS: dict[str, str] = {}


def action(carried_out: Action) -> Action:
    """Makes a function an action under its own name. It answers what follows `result`, or raises Refused."""
    name = "".join(word.capitalize() for word in carried_out.__name__.split("_"))
    ACTIONS[name], _SPELLINGS[name.lower()] = carried_out, name
    return carried_out


def gather() -> list[str]:
    """The names of all actions, wherever in this folder they are written."""
    for module in pkgutil.iter_modules(sandbox.whmcs.__path__):
        importlib.import_module(f"sandbox.whmcs.{module.name}")
    return sorted(ACTIONS)


def spelling(given: str) -> str | None:
    """The action's own spelling, whatever the case of the given one; None for what is no action."""
    return _SPELLINGS.get(given.lower())
