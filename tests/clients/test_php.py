"""PHP's serialize() against another's decoder."""

import base64

import phpserialize
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.clients.php import bracketed, packed, serialized

# making the table of characters on a first run takes longer than the health check likes
unhurried = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
SCALARS = st.integers(-(2**63), 2**63 - 1) | st.text()


def test_it_writes_the_documented_examples() -> None:
    assert packed({1: "SF-0001234", 2: "日本"}) == "YToyOntpOjE7czoxMDoiU0YtMDAwMTIzNCI7aToyO3M6Njoi5pel5pysIjt9"
    assert serialized({5: {"optionid": 9, "qty": 2}, 6: 17}) == b'a:2:{i:5;a:2:{s:8:"optionid";i:9;s:3:"qty";i:2;}i:6;i:17;}'
    assert packed({}) == ""


@unhurried
@given(st.dictionaries(st.integers(1, 2**31), SCALARS))
def test_it_writes_what_php_reads(values: dict[int, int | str]) -> None:
    assert phpserialize.loads(serialized(values), decode_strings=True) == values


@unhurried
@given(st.dictionaries(st.integers(1, 99), SCALARS, min_size=1))
def test_it_packs_in_base64(values: dict[int, int | str]) -> None:
    assert base64.b64decode(packed(values)) == phpserialize.dumps(values)


@pytest.mark.parametrize("value", [1.5, None, True, [1]])
def test_it_refuses_what_has_no_place_in_a_form(value: object) -> None:
    with pytest.raises(TypeError):
        serialized({1: value})


def test_it_numbers_lists_from_nought() -> None:
    assert bracketed("pid", [3, 7]) == {"pid[0]": "3", "pid[1]": "7"}
