"""WHMCS's ways to write lists, numbers and refusals."""

from decimal import Decimal
from typing import Any

import pytest
import requests

from console.clients.whmcs_answers import checked, money, number_or_none, numbers, rows, text
from console.errors import AlreadyDone, Ambiguous, Misconfigured, Rejected, Unavailable, UpstreamError

ROW = {"id": "1"}


@pytest.mark.parametrize("empty", ["", [], {}, None, {"product": []}, {"product": ""}])
def test_it_reads_every_empty_list(empty: Any) -> None:
    assert rows(empty, "product") == []


@pytest.mark.parametrize("one", [[ROW], ROW, {"product": [ROW]}, {"product": ROW}, {"product": {"0": ROW}}, {"3": ROW}])
def test_it_reads_every_list_of_one(one: Any) -> None:
    assert rows(one, "product") == [ROW]


def test_it_keeps_the_order_of_numbered_rows() -> None:
    assert rows({"product": {"10": {"id": 10}, "9": {"id": 9}}}, "product") == [{"id": 9}, {"id": 10}]


def test_it_reads_numbers_in_any_clothes() -> None:
    row = {"a": "1100.00", "b": "¥1,100 JPY", "c": "1,2", "d": 7, "e": "0", "f": "", "g": "-1.00"}
    assert (money(row, "a"), money(row, "b"), money(row, "g")) == (Decimal(1100), Decimal(1100), Decimal(-1))
    assert (numbers(row, "c"), numbers(row, "d"), numbers(row, "f")) == ((1, 2), (7,), ())
    assert [number_or_none(row, name) for name in "defz"] == [7, None, None, None]
    with pytest.raises(Unavailable):
        money({"a": "free"}, "a")


def test_it_undoes_entities() -> None:
    assert text({"name": "O&#039;Hara &amp; Co"}, "missing", "name") == "O'Hara & Co"


def answer(status: int, body: str, kind: str = "application/json") -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, body.encode()
    response.headers["Content-Type"] = kind
    return response


def refused(message: str) -> str:
    return f'{{"result": "error", "message": "{message}"}}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, refused("Client ID Not Found"), Rejected, "client_not_found"),
        (200, refused("client id not FOUND"), Rejected, "client_not_found"),
        (200, refused("You did not enter your  address line 1"), Rejected, "field_missing"),
        (200, refused("Something new about a@b.example"), Rejected, "whmcs_error"),
        (400, refused("Invalid IP 203.0.113.9"), Misconfigured, "ip_not_allowed"),
        (403, refused("Invalid Permissions: API action 'x' is not allowed"), Misconfigured, "action_not_allowed"),
        (403, refused("Something new"), Misconfigured, "http_403"),
        (302, "", Misconfigured, "http_302"),
        (500, "<html>", Ambiguous, "http_500"),
        (200, "<html>", Ambiguous, "malformed"),
        (200, "[]", Ambiguous, "malformed"),
        (200, '{"orderid": 1}', Ambiguous, "malformed"),
    ],
)
def test_it_reads_a_refusal(status: int, body: str, kind: type[UpstreamError], code: str) -> None:
    with pytest.raises(kind) as raised:
        checked(answer(status, body), mutates=True)
    assert raised.value.code == code
    assert "@" not in raised.value.text


def test_it_takes_a_missing_page_for_a_wrong_address() -> None:
    with pytest.raises(Misconfigured):
        checked(answer(404, "<html>", "text/html"), mutates=False)


@pytest.mark.parametrize("body", ['{"result": "success", "a": 1}', '{"status": "success", "a": 1}'])
def test_it_accepts_both_words_for_success(body: str) -> None:
    assert checked(answer(200, body), mutates=True)["a"] == 1


def test_a_refusal_is_never_taken_for_done() -> None:
    with pytest.raises(Rejected) as raised:
        checked(answer(200, refused("Order ID not found or Status not Pending")), mutates=True)
    assert not isinstance(raised.value, AlreadyDone)
    assert raised.value.code == "order_not_pending"
