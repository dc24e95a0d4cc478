"""Two-step sign-in: a code is good once, recovery codes are good once each, nothing readable is stored; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from console import clock
from console.errors import Refused
from console.models import AuditEntry, OutboxMessage, PendingLogin, RecoveryCode, User, UserSession
from console.models import database as bound
from console.services import logging_in, two_step
from console.services.two_step import CODES, WRONG
from console.vault import Vault
from console.wiring import Console
from tests.support.codes import code, enrolled
from tests.support.web import PASSWORD, make_person


@pytest.fixture
def aiko(console: Console) -> User:
    return make_person("aiko.tanaka@example.com")


def mails() -> list[str]:
    return [row.template for row in OutboxMessage.select().order_by(OutboxMessage.id)]


def refused(console: Console, user: User, given: str) -> str:
    with pytest.raises(Refused) as refusal:
        two_step.check(console.policy, User.get_by_id(user.id), given)
    return refusal.value.code


def test_it_is_off_until_a_right_code_came(console: Console, aiko: User) -> None:
    shown = two_step.begin(console.policy, aiko)
    with pytest.raises(Refused, match="wrong_code"):
        two_step.enrol(console.policy, aiko, shown.sealed, "000000" if code(shown.secret) != "000000" else "111111")
    assert not User.get_by_id(aiko.id).two_step
    codes = two_step.enrol(console.policy, aiko, shown.sealed, code(shown.secret))
    assert User.get_by_id(aiko.id).two_step
    assert (len(set(codes)), mails()) == (CODES, ["two_step_on"])


def test_it_stores_nothing_that_can_be_read(console: Console, aiko: User) -> None:
    secret, codes = enrolled(console.policy, aiko)
    held = str(list(User.select().tuples()) + list(RecoveryCode.select().tuples()))
    assert secret not in held
    assert not any(each in held or each.replace(" ", "") in held for each in codes)
    assert console.policy.vault.open(User.get().totp_secret) == secret


def test_the_secret_of_one_person_enrols_no_other(console: Console, aiko: User) -> None:
    other = make_person("sara@example.com")
    shown = two_step.begin(console.policy, other)
    for sealed in (shown.sealed, "", "nonsense", "日本"):
        with pytest.raises(Refused, match="enrolment_unknown"):
            two_step.enrol(console.policy, aiko, sealed, code(shown.secret))


def test_it_is_not_set_up_twice(console: Console, aiko: User) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    shown = two_step.begin(console.policy, aiko)
    with pytest.raises(Refused, match="two_step_on"):
        two_step.enrol(console.policy, aiko, shown.sealed, code(shown.secret))
    assert console.policy.vault.open(User.get().totp_secret) == secret


def test_a_code_is_good_once(console: Console, aiko: User) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    now = clock.now()
    two_step.check(console.policy, User.get(), code(secret, now))
    assert refused(console, aiko, code(secret, now)) == "wrong_code"
    assert refused(console, aiko, code(secret, now - timedelta(seconds=30))) == "wrong_code"


def test_of_two_at_the_same_moment_one_gets_in(console: Console, aiko: User) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    shown, people = code(secret), [User.get() for _ in range(4)]

    def one(person: User) -> str:
        try:
            two_step.check(console.policy, person, shown)
        except Refused as refusal:
            return refusal.code
        finally:
            bound.close()
        return "in"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, people)) == ["in"] + ["wrong_code"] * 3


@pytest.mark.parametrize(("seconds", "good"), [(-90, False), (-29, True), (29, True), (90, False)])
def test_a_clock_may_be_half_a_minute_wrong(console: Console, aiko: User, seconds: int, good: bool) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        given = code(secret, clock.now() + timedelta(seconds=seconds))
        if good:
            two_step.check(console.policy, User.get(), given)
        else:
            assert refused(console, aiko, given) == "wrong_code"


def test_it_takes_a_code_as_people_type_it(console: Console, aiko: User) -> None:
    secret, codes = enrolled(console.policy, aiko)
    wide = code(secret).translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    two_step.check(console.policy, User.get(), f" {wide[:3]} {wide[3:]} ")
    two_step.check(console.policy, User.get(), codes[0].lower().replace(" ", "-"))


@pytest.mark.parametrize("given", ["", "123", "1234567", "' OR 1=1 --", "<script>", "🙂🙂🙂🙂🙂🙂", "0" * 16, "\n\n"])
def test_nonsense_is_a_wrong_code(console: Console, aiko: User, given: str) -> None:
    enrolled(console.policy, aiko)
    assert refused(console, aiko, given) == "wrong_code"


def test_a_recovery_code_is_good_once_and_told_about(console: Console, aiko: User) -> None:
    _secret, codes = enrolled(console.policy, aiko)
    two_step.check(console.policy, aiko, codes[3])
    assert refused(console, aiko, codes[3]) == "wrong_code"
    assert (RecoveryCode.left(aiko.id), mails()) == (CODES - 1, ["two_step_on", "recovery_used"])


def test_a_recovery_code_is_its_owners_only(console: Console, aiko: User) -> None:
    sara = make_person("sara@example.com")
    _secret, codes = enrolled(console.policy, aiko)
    enrolled(console.policy, sara)
    assert refused(console, sara, codes[0]) == "wrong_code"


def test_guessing_ends_and_the_owner_has_another_way_in(console: Console, aiko: User) -> None:
    secret, codes = enrolled(console.policy, aiko)
    wrong = "000000" if code(secret) != "000000" else "111111"
    assert {refused(console, aiko, wrong) for _ in range(WRONG)} == {"wrong_code"}
    with pytest.raises(Refused, match="too_many_codes") as over:
        two_step.check(console.policy, User.get(), code(secret))
    assert 0 < over.value.detail["retry_after"] <= 3600  # type: ignore[operator]
    two_step.check(console.policy, aiko, codes[0])
    with time_machine.travel(clock.now() + timedelta(hours=1, seconds=1), tick=False):
        two_step.check(console.policy, User.get(), code(secret))


def test_new_recovery_codes_end_the_old_ones(console: Console, aiko: User) -> None:
    _secret, old = enrolled(console.policy, aiko)
    new = two_step.renew_codes(console.policy, aiko)
    assert refused(console, aiko, old[0]) == "wrong_code"
    two_step.check(console.policy, aiko, new[0])
    assert RecoveryCode.left(aiko.id) == CODES - 1


def test_it_goes_off_with_a_last_code_only(console: Console, aiko: User) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    with pytest.raises(Refused, match="wrong_code"):
        two_step.remove(console.policy, User.get(), "nonsense")
    two_step.remove(console.policy, User.get(), code(secret))
    gone = User.get()
    assert (gone.two_step, gone.totp_secret, RecoveryCode.left(aiko.id)) == (False, "", 0)
    for act in (two_step.renew_codes, lambda policy, user: two_step.remove(policy, user, code(secret))):
        with pytest.raises(Refused, match="two_step_off"):
            act(console.policy, gone)


def test_a_reset_by_hand_ends_every_login_and_is_audited(console: Console, aiko: User) -> None:
    enrolled(console.policy, aiko)
    logging_in.begin(aiko)
    logging_in.wait_for_code(aiko, remember=False)
    assert two_step.reset(console.policy, aiko, "cli")
    assert (UserSession.select().count(), PendingLogin.select().count(), User.get().two_step) == (0, 0, False)
    entry = AuditEntry.get()
    assert (entry.actor, entry.verb, entry.subject) == ("cli", "reset_two_step", f"user:{aiko.id}")
    assert mails()[-1] == "two_step_off"
    assert not two_step.reset(console.policy, User.get(), "cli")


def test_a_lost_key_lets_no_code_in_but_a_recovery_code(console: Console, aiko: User) -> None:
    secret, codes = enrolled(console.policy, aiko)
    elsewhere = Vault("x" * 40, ["A" * 43 + "="])
    User.update(totp_secret=elsewhere.seal(secret)).execute()
    assert refused(console, aiko, code(secret)) == "wrong_code"
    two_step.check(console.policy, User.get(), codes[0])


def test_one_call_asks_for_both(console: Console, aiko: User) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    tries = (("wrong", code(secret), "invalid_login"), (PASSWORD, None, "totp_required"), (PASSWORD, "1", "wrong_code"))
    for password, totp, refusal in tries:
        with pytest.raises(Refused, match=refusal):
            logging_in.check(console.policy, aiko.email, password, totp)
    assert logging_in.check(console.policy, aiko.email, PASSWORD, code(secret)) == aiko


def test_a_login_that_waits_is_good_for_five_tries_and_ten_minutes(console: Console, aiko: User) -> None:
    secret, _codes = enrolled(console.policy, aiko)
    waiting = logging_in.wait_for_code(aiko, remember=True)
    assert logging_in.whose(waiting, alive=True) is None
    for _ in range(5):
        with pytest.raises(Refused, match="wrong_code"):
            logging_in.with_code(console.policy, waiting, "nonsense")
    with pytest.raises(Refused, match="login_over"):
        logging_in.with_code(console.policy, waiting, code(secret))
    late = logging_in.wait_for_code(aiko, remember=True)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False), pytest.raises(Refused, match="login_over"):
        logging_in.with_code(console.policy, late, code(secret))
    assert logging_in.with_code(console.policy, late, code(secret)) == (aiko, True)
    with pytest.raises(Refused, match="login_over"):
        logging_in.pending(late)
