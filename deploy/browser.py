"""A person's browser without scripts: follows links, fills in and presses the forms that a page really has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests

TIMEOUT_S = 30
_UNSENT = {"submit", "button", "reset", "image", "file"}


class NotThere(Exception):
    """The page has not what a person would look for; says what, where, and what the page says instead."""


@dataclass
class Form:
    """A form as the page holds it: what would be sent if nothing were typed."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    boxes: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects the forms, the links and the visible text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._select = self._textarea = ""
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in {"script", "style", "svg"}:
            self._hidden += 1
        elif self._open is not None:
            self._field(self._open, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "button" or kind in _UNSENT:
            form.buttons += [(name, given.get("value", ""))] if name else []
        elif tag == "input" and name and kind in {"checkbox", "radio"} and "checked" not in given:
            form.boxes.add(name)
        elif tag == "input" and name:
            form.fields[name] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.fields):
            form.fields[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea, form.fields[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag in {"script", "style", "svg"}:
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._textarea and self._open is not None:
            self._open.fields[self._textarea] += data
        elif not self._hidden and data.strip():
            self.words.append(data.strip())


@dataclass(frozen=True)
class Page:
    """What the person sees now."""

    url: str
    status: int
    source: str
    forms: tuple[Form, ...]
    links: tuple[str, ...]
    text: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def form(self, ending: str) -> Form:
        """The form whose address ends so."""
        for form in self.forms:
            if urlsplit(urljoin(self.url, form.action or self.url)).path.endswith(ending):
                return form
        raise NotThere(f"{self.path} ({self.status}) has no form to …{ending}: {self.text[:300]}")


class Browser:
    """One person's session; cookies kept, redirects followed."""

    def __init__(self, start: str) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._start = start

    def open(self, address: str) -> Page:
        """Follow a link or type an address."""
        return self._seen(self._session.get(urljoin(self._start, address), timeout=TIMEOUT_S))

    def submit(self, page: Page, form: Form, typed: Mapping[str, str] | None = None, press: str = "") -> Page:
        """Type into fields that the form has, and press a button: the one of that value, or the first."""
        known, given = {*form.fields, *form.boxes}, dict(typed or {})
        if unknown := sorted(given.keys() - known):
            raise NotThere(f"the form to {form.action} on {page.path} has no {', '.join(unknown)}, but {', '.join(sorted(known))}")
        sent = form.fields | dict([button for button in form.buttons if press in {"", button[1]}][:1]) | given
        target = urljoin(page.url, form.action or page.url)
        headers = {"Referer": page.url}
        if form.method == "get":
            return self._seen(self._session.get(target, params=sent, headers=headers, timeout=TIMEOUT_S))
        return self._seen(self._session.post(target, data=sent, headers=headers, timeout=TIMEOUT_S))

    @staticmethod
    def _seen(answer: requests.Response) -> Page:
        reader = _Reader()
        reader.feed(answer.text)
        page = Page(answer.url, answer.status_code, answer.text, tuple(reader.forms), tuple(reader.links), " ".join(reader.words))
        if not answer.ok:
            raise NotThere(f"{answer.request.method} {page.path} answered {page.status}: {page.text[:400]}")
        return page
