"""A customer's eSIM: its code for its owner only, audited, and hidden once it was used."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet

from console.errors import Refused
from console.models import AuditEntry, EsimSecret, Subscription, User
from console.services import esim
from console.services.esim import Code
from console.vault import KeyLost, Vault
from tests.support import customers, phone
from tests.support.sandbox import Control, Running


@pytest.fixture
def aiko(database: Any) -> User:
    return User.create(email="aiko.tanaka@example.com", password_hash="none")


@pytest.fixture
def line(console: Any, sandbox: Running, aiko: User) -> Subscription:
    return phone.activated(console.upstreams, console.policy, aiko)


def reveal(console: Any, row: Subscription, user: User) -> esim.View:
    return esim.reveal(console.upstreams, console.policy, row, user)


def test_it_tells_the_parts_of_a_code() -> None:
    code = Code("LPA:1$smdp.example.test$7Q2K-XX19$1.3.6$1")

    assert (code.smdp_address, code.matching_id, code.needs_confirmation) == ("smdp.example.test", "7Q2K-XX19", True)
    assert Code("LPA:1$smdp.example.test$7Q2K").needs_confirmation is False
    assert "7Q2K" not in repr(code)


def test_it_encodes_the_whole_code_in_the_links() -> None:
    code = Code("LPA:1$smdp.example.test$7Q2K-XX19")
    encoded = "carddata=LPA%3A1%24smdp.example.test%247Q2K-XX19"

    assert code.iphone_url == f"https://esimsetup.apple.com/esim_qrcode_provisioning?{encoded}"
    assert code.android_url == f"https://esimsetup.android.com/esim_qrcode_provisioning?{encoded}"


def test_it_shows_nothing_before_the_owner_asks(console: Any, line: Subscription) -> None:
    assert esim.look(console.upstreams, line) == esim.View("unknown", None)


def test_it_reveals_the_code_and_notes_who_asked(console: Any, line: Subscription, aiko: User) -> None:
    view = reveal(console, line, aiko)

    assert view.code == Code(phone.code_at_provider(console.upstreams, line))
    (entry,) = AuditEntry.select()
    assert (entry.actor, entry.verb, entry.subject) == (f"user:{aiko.id}", "reveal_esim", f"subscription:{line.id}")


def test_it_reads_a_missing_code_from_the_provider_and_keeps_it(console: Any, sandbox: Running, aiko: User) -> None:
    row = phone.activated(console.upstreams, console.policy, aiko, keep_code=False)
    first, again = reveal(console, row, aiko), reveal(console, row, aiko)

    assert first == again
    (kept,) = EsimSecret.select()
    assert first.code
    assert first.code.lpa not in kept.sealed
    assert console.policy.vault.open(kept.sealed) == first.code.lpa


@pytest.mark.parametrize(
    ("steps", "state"), [(["install"], "installed"), (["install", "on"], "installed"), (["install", "delete"], "deleted")]
)
def test_it_hides_a_code_that_was_used(
    console: Any, sandbox: Running, line: Subscription, aiko: User, steps: list[str], state: str
) -> None:
    for step in steps:
        phone.use(sandbox, line, step)

    assert esim.look(console.upstreams, line).state == state
    with pytest.raises(Refused, match="esim_used"):
        reveal(console, line, aiko)
    assert not AuditEntry.select().exists()


def test_it_shows_no_code_before_the_order_is_complete(console: Any, sandbox: Running, aiko: User) -> None:
    row = phone.activated(console.upstreams, console.policy, aiko, active=False)

    assert esim.look(console.upstreams, row).state == "preparing"
    with pytest.raises(Refused, match="esim_preparing"):
        reveal(console, row, aiko)


def test_it_reveals_while_the_provider_does_not_answer(console: Any, line: Subscription, aiko: User, control: Control) -> None:
    control.fault("mobile", "*", "error_before", count=5)

    assert reveal(console, line, aiko).code


def test_it_is_the_owners_only(console: Any, line: Subscription, sandbox: Running, aiko: User) -> None:
    sara, _link = customers.finished(console.upstreams, sandbox)

    assert esim.mine(sara, line.id) is None
    assert esim.mine(aiko, line.id) == line
    assert esim.all_of(sara) == []


@pytest.fixture
def rekeyed(console: Any) -> Any:
    """The same installation after somebody lost the encryption key."""
    vault = Vault("a secret key of thirty-two letters", [Fernet.generate_key().decode()])
    return replace(console, policy=replace(console.policy, vault=vault))


def test_a_vault_says_in_its_own_words_that_no_key_fits(console: Any, rekeyed: Any) -> None:
    sealed = console.policy.vault.seal("LPA:1$smdp.example.test$7Q2K")
    for unreadable in (sealed, sealed[:-4] + "AAAA", "", "nonsense"):
        with pytest.raises(KeyLost):
            rekeyed.policy.vault.open(unreadable)


def test_a_lost_key_is_mended_from_the_provider(console: Any, rekeyed: Any, line: Subscription, aiko: User) -> None:
    view = reveal(rekeyed, line, aiko)
    assert view.code == Code(phone.code_at_provider(console.upstreams, line))
    (kept,) = EsimSecret.select()
    assert rekeyed.policy.vault.open(kept.sealed) == view.code.lpa
    assert reveal(rekeyed, line, aiko) == view
    assert AuditEntry.select().count() == 2


def test_a_lost_key_while_the_provider_is_away_says_so(rekeyed: Any, line: Subscription, aiko: User, control: Control) -> None:
    control.fault("mobile", "*", "error_before", count=9)
    with pytest.raises(Refused, match="esim_unreadable"):
        reveal(rekeyed, line, aiko)
    control.clear_faults()
    assert reveal(rekeyed, line, aiko).code
    assert AuditEntry.select().count() == 1, "what was not shown is not noted"


def test_a_rotated_key_still_opens(console: Any, settings: Any, line: Subscription, aiko: User, control: Control) -> None:
    control.fault("mobile", "*", "error_before", count=9)
    old = settings.encryption_keys.get_secret_value()
    vault = Vault("a secret key of thirty-two letters", [Fernet.generate_key().decode(), old])
    assert reveal(replace(console, policy=replace(console.policy, vault=vault)), line, aiko).code
