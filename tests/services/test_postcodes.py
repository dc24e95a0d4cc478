"""Postcodes as the post office lists them: however they are typed, one town or several, and what was typed of the street."""

import pytest

from console.services import postcodes
from console.services.postcodes import Town
from console.services.prefectures import PREFECTURES


@pytest.mark.parametrize("typed", ["1500002", "150-0002", "〒150-0002", "１５０－０００２", "150 0002", "150ー0002", "150−0002"])
def test_it_reads_a_postcode_however_it_is_typed(typed: str) -> None:
    assert postcodes.normal(typed) == "150-0002"
    assert postcodes.towns(typed) == (Town("Tokyo", "渋谷区", "渋谷", "", "トウキョウト シブヤク シブヤ"),)


@pytest.mark.parametrize("typed", ["", "150", "15000021", "abcdefg", "150_0002", "' OR 1=1", "①500002x"])
def test_it_knows_what_is_none(typed: str) -> None:
    assert postcodes.normal(typed) == ""
    assert postcodes.towns(typed) == ()


def test_it_has_several_towns_for_some_even_of_two_prefectures() -> None:
    assert [(town.state, town.city) for town in postcodes.towns("498-0000")] == [("Aichi", "弥富市"), ("Mie", "桑名郡木曽岬町")]


def test_it_knows_large_offices() -> None:
    [office] = postcodes.towns("163-8001")
    assert (office.street, office.building) == ("西新宿2丁目8-1", "東京都庁")
    assert office.name == "東京都新宿区西新宿2丁目8-1 東京都庁"


@pytest.mark.parametrize(
    ("typed", "after"), [("", "渋谷"), ("2-21-1", "渋谷2-21-1"), ("渋谷2-21-1", "渋谷2-21-1"), ("Shibuya 2-21-1", "Shibuya 2-21-1")]
)
def test_it_writes_the_town_once_and_loses_nothing(typed: str, after: str) -> None:
    [town] = postcodes.towns("150-0002")
    assert town.begins(typed) == after


def test_every_prefecture_is_one_that_billing_takes() -> None:
    found = {postcodes.towns(code)[0].state for code in ("060-0042", "100-0001", "530-0001", "600-8216", "900-0015")}
    assert found == {"Hokkaido", "Tokyo", "Osaka", "Kyoto", "Okinawa"}
    assert found <= set(PREFECTURES)
