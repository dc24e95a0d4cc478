"""The language of the person that is being served: gettext over our own catalogues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.support import LazyProxy, NullTranslations, Translations

LANGUAGES = {"en": "English", "ja": "日本語"}
_FOLDER = Path(__file__).parent / "translations"
_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_language: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(str(_FOLDER), [language])


def language() -> str:
    """The language in use, a key of LANGUAGES."""
    return _language.get()


@contextmanager
def use(wanted: str | None) -> Iterator[None]:
    """Everything inside speaks this language, English where we do not have it."""
    token = _language.set(wanted if wanted in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(token)


def gettext(text: str, /, **values: object) -> str:
    """The text in the language in use, `%(name)s` filled in."""
    found = _catalogue(language()).gettext(text)
    return found % values if values else found


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """The singular or plural text in the language in use; `%(num)s` is the number."""
    return _catalogue(language()).ngettext(one, many, n) % {"num": n, **values}


def either(**by_language: str) -> LazyProxy:
    """The text of the language in use, chosen when it is shown."""
    return LazyProxy(lambda: by_language[language()], enable_cache=False)


def full_name(first: str, last: str) -> str:
    """`Aiko Tanaka`; `田中 愛子` where it is written in Japanese, whoever reads it."""
    written_in_japanese = _JAPANESE.search(first + last)
    return f"{last} {first}".strip() if written_in_japanese else f"{first} {last}".strip()


def lazy(text: str, /, **values: object) -> LazyProxy:
    """The text, translated when it is shown: for form labels and tables made at import."""
    return LazyProxy(gettext, text, enable_cache=False, **values)
