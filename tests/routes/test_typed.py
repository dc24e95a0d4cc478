"""What people type is made plain before anything keeps it: one line, no card number; passwords are neither plain nor common."""

import pytest

from console.models import User
from console.web.forms.typed import is_common, lower, plain, upper
from tests.routes.test_signup import sign_up
from tests.support.web import Browser


@pytest.mark.parametrize(
    "card",
    [
        "4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "4242.4242.4242.4242", "4242–4242–4242–4242", "378282246310005",
        "４２４２　４２４２　４２４２　４２４２", "4242\u00a04242\u00a04242\u00a04242", "4242\t4242\n4242 4242",
    ],
)  # fmt: skip
def test_a_card_number_is_masked_in_any_dress(card: str) -> None:
    last = "0005" if card.startswith("37") else "4242"
    assert plain(f"Room 5, card {card}, thanks") == f"Room 5, card **** {last}, thanks"
    assert (upper(card), lower(card)) == (f"****{last}", f"**** {last}")


@pytest.mark.parametrize("text", ["1-2-3 Shibuya", "8981100000000000001", "+81 3 1234 5678", "2026-11-22 10:15:00", "4242 4242 4242 4241"])
def test_other_numbers_stay(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    "typed", ["Aiko\r\nBcc: x@example.com", "Aiko\0Bcc: x@example.com", "Aiko\u2028Bcc: x@example.com", "Aiko\x85Bcc: x"]
)
def test_no_name_makes_a_second_line(typed: str) -> None:
    assert plain(typed).splitlines() == [plain(typed)]
    assert plain(typed).isprintable()


def test_a_name_of_two_lines_is_a_name_of_one(browser: Browser) -> None:
    assert sign_up(browser, first_name="Kenji\r\nBcc: x@example.com").status_code == 303
    assert User.get().first_name == "Kenji Bcc: x@example.com"


@pytest.mark.parametrize("password", ["password1", "PASSWORD1", "12345678", "qwertyuiop", "Iloveyou"])
def test_common_passwords_are_known_in_any_case(password: str) -> None:
    assert is_common(password)


def test_others_are_not_common() -> None:
    assert not is_common("correct horse battery staple")
