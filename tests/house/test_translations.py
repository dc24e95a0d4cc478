"""Every text that a person may see has its Japanese, with the same values in it, and what is read at run time is what was written."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "console/translations"
JAPANESE = TRANSLATIONS / "ja/LC_MESSAGES/messages.po"
KEYWORDS = {"_": None, "gettext": None, "lazy": None, "ngettext": (1, 2)}
VALUE = re.compile(r"%\(\w+\)[sd]")
NAMES = {"eSIM", "SKU", "VPN"}  # the same in both


@pytest.fixture(scope="module")
def wanted() -> set[str]:
    """Every text of code and templates, the singular where there are two."""
    with (TRANSLATIONS / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(ROOT, method_map=methods, options_map=options, keywords=KEYWORDS, directory_filter=_ours)
    return {text[0] if isinstance(text, tuple) else text for _file, _line, text, *_rest in found}


def _ours(folder: str) -> bool:
    return Path(folder) == ROOT or Path(folder).relative_to(ROOT).parts[0] in {"console", "templates"}


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    with JAPANESE.open("rb") as file:
        return read_po(file, locale="ja")


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def singular(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def said(message: Message) -> str:
    return "".join(message.string) if isinstance(message.string, (tuple, list)) else str(message.string)


def test_no_text_goes_by_a_name_that_is_not_gathered() -> None:
    imported = re.compile(r"^from console\.i18n import .*?\b(?:gettext|lazy|ngettext) as (\w+)", re.MULTILINE)
    names = {name for file in (ROOT / "console").rglob("*.py") for name in imported.findall(file.read_text())}
    assert names - set(KEYWORDS) == set()


def test_it_misses_nothing_and_keeps_nothing_dead(wanted: set[str], japanese: Catalog) -> None:
    known = {singular(message) for message in messages(japanese)}
    assert sorted(wanted - known) == [], "run ./run translations"
    assert sorted(known - wanted) == []


def test_everything_is_said_in_japanese(japanese: Catalog) -> None:
    silent = [singular(message) for message in messages(japanese) if not said(message).strip() or message.fuzzy]
    assert silent == []
    assert {singular(one) for one in messages(japanese) if said(one).isascii()} <= NAMES


def test_the_values_are_the_same(japanese: Catalog) -> None:
    wrong = [singular(one) for one in messages(japanese) if set(VALUE.findall(said(one))) != set(VALUE.findall(_whole(one)))]
    assert wrong == []


def _whole(message: Message) -> str:
    return "".join(message.id) if isinstance(message.id, (tuple, list)) else str(message.id)


def test_what_is_read_is_what_is_written(japanese: Catalog) -> None:
    made = io.BytesIO()
    write_mo(made, japanese)
    assert JAPANESE.with_suffix(".mo").read_bytes() == made.getvalue(), "run ./run translations"
