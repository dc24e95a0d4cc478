"""Options of a product: what is understood, what is accepted, what it costs and what is kept."""

import json

import pytest

from console.errors import Refused
from console.services.product_options import BadOptions, accept, accepted, parse, shown, snapshot, surcharge, whmcs_options

ACCESS = {
    "key": "access_mode", "label": {"en": "Connection", "ja": "接続方式"}, "type": "choice", "required": True,
    "choices": [
        {"value": "pppoe", "label": {"en": "PPPoE"}, "price": 0},
        {"value": "ipoe", "label": {"en": "IPoE"}, "price": 330, "whmcs": {"option_id": 5, "choice_id": 17}},
    ],
}  # fmt: skip
STATIC = {
    "key": "static_addresses", "label": {"en": "Static addresses"}, "type": "quantity", "min": 0, "max": 8, "price": 1100,
    "whmcs": {"option_id": 6},
}  # fmt: skip
EID = {"key": "eid", "label": {"en": "EID of the phone"}, "type": "text", "required": False, "pattern": "^[0-9]{32}$"}
NOTE = {"key": "note", "label": {"en": "Note"}, "type": "text"}


def document(*options: object) -> str:
    return json.dumps({"version": 1, "options": options})


OPTIONS = parse(document(ACCESS, STATIC, EID, NOTE))


def test_it_has_none_where_nothing_is_written() -> None:
    assert parse("") == ()


@pytest.mark.parametrize(
    "text",
    [
        *("{", "[]", "null", '"x"', "[" * 100_000, '{"version": 2, "options": []}', '{"version": 1}'),
        *('{"version": 1, "options": [{}]}', '{"version": 1, "options": 7}'),
        *(document(ACCESS, ACCESS), document(ACCESS | {"type": "slider"}), document(ACCESS | {"choices": []})),
        *(document(ACCESS | {"label": {}}), document(STATIC | {"price": 0.5}), document(STATIC | {"max": -1})),
        *(document(EID | {"pattern": "("}), document(STATIC | {"whmcs": {"option_id": "6"}})),
    ],
)
def test_it_says_that_bad_options_are_bad(text: str) -> None:
    with pytest.raises(BadOptions):
        parse(text)


def test_it_prices_and_keeps_the_answers() -> None:
    answers = accepted(OPTIONS, {"access_mode": "ipoe", "static_addresses": "２", "unheard_of": "x"})

    assert answers == {"access_mode": "ipoe", "static_addresses": 2}
    assert surcharge(OPTIONS, answers) == 330 + 2 * 1100
    assert whmcs_options(snapshot(OPTIONS, answers)) == {5: 17, 6: 2}
    assert shown(OPTIONS, answers, "ja") == [("接続方式", "IPoE"), ("Static addresses", "2")]


def test_it_keeps_nothing_when_nothing_was_answered() -> None:
    assert snapshot(OPTIONS, {}) == ""
    assert whmcs_options("") == {}


@pytest.mark.parametrize(
    ("given", "key", "code"),
    [
        ({}, "access_mode", "option_required"),
        ({"access_mode": "dialup"}, "access_mode", "option_unknown"),
        ({"access_mode": "ipoe", "static_addresses": "9"}, "static_addresses", "option_range"),
        ({"access_mode": "ipoe", "static_addresses": "-1"}, "static_addresses", "option_number"),
        ({"access_mode": "ipoe", "static_addresses": "two"}, "static_addresses", "option_number"),
        ({"access_mode": "ipoe", "eid": "123"}, "eid", "option_pattern"),
        ({"access_mode": "ipoe", "note": "x" * 201}, "note", "option_pattern"),
    ],
)
def test_it_refuses_a_wrong_answer_by_its_key(given: dict[str, str], key: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        accepted(OPTIONS, given)

    assert (refused.value.code, refused.value.detail["key"]) == (code, key)


def test_it_keeps_no_card_number() -> None:
    note = next(option for option in OPTIONS if option.key == "note")

    assert accept(note, "card 4111 1111 1111 1111 thanks") == "card **** 1111 thanks"
    assert accept(note, "order 4111 1111 1111 1112") == "order 4111 1111 1111 1112"
