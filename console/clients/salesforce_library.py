"""simple_salesforce without its Metadata API, which nobody here calls and which brings a SOAP library and an XML parser with it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simple_salesforce.api import Salesforce

_METADATA = "simple_salesforce.metadata"


def _load() -> None:
    """A stand-in is found in its place: a process is spared a quarter of a second and 6 MB."""
    if _METADATA not in sys.modules:
        sys.modules[_METADATA] = stand_in = ModuleType(_METADATA)
        stand_in.SfdcMetadataApi = None  # type: ignore[attr-defined]


def simple_salesforce(**settings: Any) -> Salesforce:
    """The library's client."""
    _load()
    from simple_salesforce.api import Salesforce

    return Salesforce(**settings)


def format_soql(query: str, *values: object) -> str:
    """The query with the values quoted into its `{}`."""
    _load()
    from simple_salesforce.format import format_soql as quoted

    return str(quoted(query, *values))
