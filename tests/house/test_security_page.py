"""Each test that `docs/security.md` names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text()


def test_it_names_files_that_exist() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert named
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_it_names_tests_that_exist() -> None:
    written = {name for file in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)}
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert named <= written


def test_every_row_is_shown_by_a_test() -> None:
    rows = re.findall(r"^\| (?!what|---)(.+) \| (.+) \|$", PAGE, re.M)
    assert rows
    assert all("test" in shown for _what, shown in rows)
