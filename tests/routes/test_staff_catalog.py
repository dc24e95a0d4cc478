"""The staff's page of the catalogue: its age, what is to be mended, and the refresh for ops."""

from dataclasses import replace

import pytest
from flask import Flask

from console.models import CatalogueSnapshot
from tests.support import goods
from tests.support.sandbox import Control, Running
from tests.support.web import Browser, make_person


@pytest.fixture
def ops(app: Flask) -> Browser:
    browser = Browser.of(app)
    browser.log_in(make_person("ops@example.com", role="ops"))
    return browser


def test_it_lists_what_is_to_be_mended_in_words(at_work: Browser) -> None:
    goods.keep(goods.VPN, replace(goods.ESIM, options_json="{", labels_json="x"))
    page = at_work.get("/staff/catalog").text

    for words in ("2 products", "not yet checked", "Its options cannot be read", "Stops orders", "Mend it", "ESIM"):
        assert words in page
    assert 'action="/staff/catalog/refresh"' not in page


def test_it_says_that_nothing_was_read_yet(at_work: Browser) -> None:
    assert "No catalogue yet" in at_work.get("/staff/catalog").text


def test_ops_refresh_and_check_it(ops: Browser, sandbox: Running) -> None:
    before = ops.get("/staff/catalog").text
    answer = ops.post("/staff/catalog/refresh")
    page = ops.get("/staff/catalog").text

    assert 'action="/staff/catalog/refresh"' in before
    assert (answer.status_code, answer.location) == (303, "/staff/catalog")
    assert "Nothing to mend" in page
    assert "just now" in page


def test_it_says_what_could_not_be_asked(ops: Browser, control: Control) -> None:
    control.fault("whmcs", "GetProducts", "error_before", count=1)
    ops.post("/staff/catalog/refresh")

    assert "was not checked: WHMCS." in ops.get("/staff/catalog").text


def test_it_keeps_what_it_has_when_salesforce_does_not_answer(ops: Browser, control: Control) -> None:
    goods.keep()
    control.fault("salesforce", "query", "error_before", count=3)
    answer = ops.post("/staff/catalog/refresh")

    assert (answer.status_code, "Our order system does not answer" in answer.text) == (503, True)
    assert CatalogueSnapshot.select().count() == 1


def test_support_may_not_refresh(at_work: Browser) -> None:
    assert at_work.post("/staff/catalog/refresh").status_code == 403
