"""What would keep somebody out of a page: what axe-core finds, what does not fit a narrow screen or large text, what the keyboard loses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

Look = Literal["light", "dark"]
LOOKS: tuple[Look, ...] = ("light", "dark")
_AXE = (Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js").read_text()
_WIDE, _NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
# the page, and what it sums up; long tables of the staff may scroll in themselves
_FITS = """() => [document.scrollingElement, ...document.querySelectorAll(".table-scroll:has(> .totals)")]
    .every(part => part.scrollWidth <= part.clientWidth)"""
# the outline of an element, or of what it spreads over its card
_SEEN = """() => {
    const at = document.activeElement, box = at.getBoundingClientRect();
    const drawn = ["", "::after"].map(part => getComputedStyle(at, part));
    const ring = drawn.some(style => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none");
    return ring && box.width > 0 && box.height > 0 && box.right > 0 && box.bottom > 0;
}"""


def found(page: Page, *, first: Look = "light") -> list[str]:
    """What axe finds: by all its rules in the first look, and by those about colours in the other."""
    page.evaluate(_AXE)
    second: Look = "dark" if first == "light" else "light"
    return _told(page, first, {"resultTypes": ["violations"]}) + _told(page, second, {"runOnly": ["color-contrast"]})


def _told(page: Page, look: Look, options: dict[str, Any]) -> list[str]:
    page.emulate_media(color_scheme=look, reduced_motion="reduce")
    told = page.evaluate("options => axe.run(document, options)", options)
    assert told["passes"], "axe looked at nothing"
    return [f"{look}: {rule['id']}: {node['target']}" for rule in told["violations"] for node in rule["nodes"]]


def cramped(page: Page) -> list[str]:
    """Where it must be scrolled sideways: on 320 pixels, or with text of twice the size."""
    wrong = []
    page.set_viewport_size(_NARROW)  # type: ignore[arg-type]
    wrong += [] if page.evaluate(_FITS) else ["320 px"]
    page.set_viewport_size(_WIDE)  # type: ignore[arg-type]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    wrong += [] if page.evaluate(_FITS) else ["text of 200 %"]
    page.evaluate("document.documentElement.style.fontSize = ''")
    return wrong


def focus_is_seen(page: Page) -> bool:
    """Whether a person sees where the keyboard is."""
    return bool(page.evaluate(_SEEN))
