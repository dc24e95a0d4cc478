"""Which browser on which system asks, in two plain words: enough for people to know their own devices again."""

from __future__ import annotations

from flask import request

from console.services.logging_in import Device

# by a part of the User-Agent; the first match wins, since most of them also name what they resemble
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Chromium", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def here() -> Device:
    """The device of this request."""
    told = request.user_agent.string
    return Device(_first(_BROWSERS, told), _first(_SYSTEMS, told))


def _first(words: tuple[tuple[str, str], ...], told: str) -> str:
    return next((word for part, word in words if part in told), "")
