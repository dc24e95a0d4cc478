"""Stylesheets and scripts on the way to the browser."""

import gzip
from pathlib import Path

import pytest

from tests.support.web import Browser

STATIC = Path(__file__).resolve().parents[2] / "static"
PACKED = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("name", ["vendor/bootstrap.min.css", "console.css", "console.js", "icon.svg"])
def test_a_browser_gets_them_packed(browser: Browser, name: str) -> None:
    answer = browser.get(f"/static/{name}", headers=PACKED)
    assert (answer.status_code, answer.headers["Content-Encoding"], "Accept-Encoding" in answer.vary) == (200, "gzip", True)
    assert gzip.decompress(answer.data) == (STATIC / name).read_bytes()
    assert answer.content_length == len(answer.data)


def test_a_large_one_is_a_fraction_of_its_size(browser: Browser) -> None:
    packed = browser.get("/static/vendor/bootstrap.min.css", headers=PACKED).data
    assert len(packed) < (STATIC / "vendor/bootstrap.min.css").stat().st_size / 5


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br"])
def test_who_cannot_unpack_them_gets_them_plain(browser: Browser, accepted: str) -> None:
    answer = browser.get("/static/console.css", headers={"Accept-Encoding": accepted})
    assert (answer.data, "Content-Encoding" in answer.headers) == ((STATIC / "console.css").read_bytes(), False)
    assert "Accept-Encoding" in answer.vary


def test_a_browser_that_has_them_is_not_sent_them_again(browser: Browser) -> None:
    for headers in (PACKED, {}):
        tag = browser.get("/static/console.css", headers=headers).headers["ETag"]
        again = browser.get("/static/console.css", headers={**PACKED, "If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_one_is_plain(browser: Browser) -> None:
    answer = browser.get("/static/console.css", headers={**PACKED, "Range": "bytes=0-9"})
    assert (answer.status_code, answer.data) == (206, (STATIC / "console.css").read_bytes()[:10])


def test_pages_are_not_packed(browser: Browser) -> None:
    assert "Content-Encoding" not in browser.get("/login", headers=PACKED).headers
