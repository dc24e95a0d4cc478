"""What the list of orders shows of a search: the tabs, the rows, and the addresses of its other pages."""

from __future__ import annotations

from urllib.parse import urlencode

from console.i18n import lazy as _
from console.services.order_history import Page, Wanted

TABS = {
    "all": _("All"),
    "open": _("Under way"),
    "action": _("Waiting for you"),
    "completed": _("Completed"),
    "ended": _("Ended"),
}


def found(wanted: Wanted, page: Page) -> dict[str, object]:
    state = wanted.state if wanted.state in TABS else "all"
    return {
        "rows": page.rows, "text": wanted.text, "state": state, "filtered": bool(wanted.text or state != "all"),
        "tabs": [(address(wanted.text, key), word, key == state) for key, word in TABS.items()],
        "older": address(wanted.text, state, page.older) if page.older else "",
        "newest": address(wanted.text, state) if wanted.before else "",
    }  # fmt: skip


def address(text: str, state: str, before: str = "") -> str:
    """Of the list with this search; what is usual is left out."""
    asked = {"q": text, "state": "" if state == "all" else state, "before": before}
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/orders?{query}" if query else "/orders"
