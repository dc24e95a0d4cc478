"""What came for a person, as the sandbox's inbox tells it."""

from typing import Any

import requests


def received(mail: dict[str, Any], to: str) -> list[dict[str, Any]]:
    """The mails to an address, in the order in which they came."""
    return requests.get(f"{mail['inbox_url']}/messages.json", params={"to": to}, timeout=10).json()
