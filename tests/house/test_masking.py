"""Card numbers are known in any dress, and nothing else is taken for one; however long the text is, it is read quickly."""

import time

import pytest

from console import log
from console.masking import masked

CARDS = {
    "Visa": "4242424242424242", "Visa of 13 digits": "4222222222222", "Mastercard": "5555555555554444", "Amex": "378282246310005",
    "Diners": "30569309025904", "JCB": "3530111333300000", "UnionPay of 19 digits": "6205500000000000004",
}  # fmt: skip


@pytest.mark.parametrize("kind", CARDS)
@pytest.mark.parametrize("between", ["", " ", "-", ".", "\u3000", "\u00a0", "–", "−", "ー", "\u200b", "\n", " - "])
def test_it_leaves_the_last_four_digits(kind: str, between: str) -> None:
    card = CARDS[kind]
    typed = between.join(card[start : start + 4] for start in range(0, len(card), 4))
    for text in (typed, typed.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})):
        assert masked(f"My card {text}, thanks") == f"My card **** {card[-4:]}, thanks"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1-2-3 4242 4242 4242 4242 5", "1-2-3 **** 4242 5"),
        ("4242424242424242 and 378282246310005", "**** 4242 and **** 0005"),
        ("4242424242424242 5555555555554444", "**** 4242 **** 4444"),
        ("12/29 4242-4242-4242-4242 123", "12/29 **** 4242 123"),
    ],
)
def test_it_finds_a_card_among_other_numbers(text: str, kept: str) -> None:
    assert masked(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "", "no digits", "4242 4242 4242 4241", "424242424242", "42424242424242424242424", "090-1234-5678", "8981100000000000017",
        "2026-11-22 10:15:00", "4242424242424242x4242"[17:], "0000000000000000", "1-2-3 Shibuya, 150-0002",
    ],
)  # fmt: skip
def test_it_leaves_everything_else(text: str) -> None:
    assert masked(text) == text


def test_what_was_masked_stays_as_it_is() -> None:
    once = masked("My card 4242 4242 4242 4242")
    assert masked(once) == once


@pytest.mark.parametrize("text", ["1 " * 16_000, "1" * 32_000, "4242424242424242 " * 1900, "1" + " " * 32_000 + "1", "1 \n" * 10_000])
def test_a_long_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    masked(text)
    assert time.process_time() - began < 1


def test_the_log_has_no_card_in_any_dress() -> None:
    for text in ("4242 4242 4242 4242", "４２４２　４２４２　４２４２　４２４２", "4242.4242.4242.4242", "4242–4242–4242–4242"):
        assert "4242 4242" not in (kept := log.redact(f"paid by {text}"))
        assert kept in {"paid by [redacted]", "paid by **** 4242"}
