"""What the control doors can reach."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.salesforce.org import Org
from sandbox.store import Store
from sandbox.wire import Wire


@dataclass(frozen=True)
class Backstage:
    """`links` are the pages for people, by name; saved states lie in `saved`."""

    store: Store
    org: Org
    wire: Wire
    saved: Path
    mobile_project: str
    links: dict[str, str]
