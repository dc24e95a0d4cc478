"""Ids of Salesforce in their two lengths."""

import pytest

from console.clients.salesforce_ids import canonical_id

KNOWN = [
    "801D0000000G0ySIAS", "001D000000K0fXOIAZ", "01sD0000000G2NjIAK", "01uD0000001c5toIAA", "0014H00002LbR7QQAV", "00558000000yFyDAAU",
    "00190000001pPvHAAU",
]  # fmt: skip


@pytest.mark.parametrize("known", KNOWN)
def test_it_completes_and_checks_real_ids(known: str) -> None:
    assert canonical_id(known[:15]) == known
    assert canonical_id(known) == known


@pytest.mark.parametrize(
    "wrong", ["", "801D0000000G0ySIAX", "801d0000000G0ySIAS", "801D0000000G0y", "801D0000000G0yS/", "８" * 15, "801D0000000G0yS\n"]
)
def test_it_refuses_what_is_no_id(wrong: str) -> None:
    assert canonical_id(wrong) is None
