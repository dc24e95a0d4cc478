"""Chromium as people use it, driven by Playwright; the script of the CDN is answered from the vendored file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 15_000


def path() -> str | None:
    """Where Chromium is, if it is here."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """One browser for many people."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


def person(browser: Browser, url: str, *, scripts: bool = True) -> BrowserContext:
    """A browser of somebody's own: no cookies yet."""
    context = browser.new_context(base_url=url, java_script_enabled=scripts, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    if scripts:
        context.clock.install()  # it runs as any clock does, until a test puts it forward
    context.route("https://cdn.jsdelivr.net/**", _vendored)
    return context


def _vendored(route: Route) -> None:
    route.fulfill(
        path=ROOT / "static" / "vendor" / "htmx.min.js", content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
    )


def log_in(page: Page, email: str, password: str) -> None:
    """Through the form."""
    page.goto("/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.click("form[action^='/login'] button")
