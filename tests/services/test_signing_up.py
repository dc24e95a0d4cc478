"""Signing up, between two requests that come at the same moment; on both databases."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from console import clock
from console.errors import Refused
from console.models import EmailToken, Job, OutboxMessage, User
from console.models import database as bound
from console.services import signing_up, welcoming
from console.services.signing_up import Wish
from console.wiring import Console
from tests.support.web import make_link, make_person

WISH = Wish("kenji.sato@example.com", "correct horse battery", "SF-1003", "Kenji", "Sato")


def at_once(times: int, act: Any) -> list[str]:
    """What each of so many simultaneous tries came to: "done" or the refusal's code."""

    def one(_n: int) -> str:
        try:
            act()
        except Refused as refused:
            return refused.code
        finally:
            bound.close()
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(one, range(times)))


def token(console: Console) -> str:
    row = EmailToken.select().order_by(EmailToken.id.desc()).get()
    return console.policy.vault.token(row.purpose, row.id, row.nonce)


def test_a_double_click_leaves_one_person_and_one_link_that_works(console: Console) -> None:
    at_once(4, lambda: signing_up.sign_up(console.policy, WISH))
    assert User.select().count() == 1
    assert [row.values["token_id"] for row in OutboxMessage.select()] == [EmailToken.get().id]
    assert signing_up.confirm(console.policy, token(console), WISH.password).user.confirmed


def test_a_link_is_good_for_one_confirmation(console: Console) -> None:
    signing_up.sign_up(console.policy, WISH)
    link = token(console)
    outcomes = at_once(4, lambda: signing_up.confirm(console.policy, link, WISH.password))
    assert outcomes == ["done"] + ["token_used"] * 3
    assert Job.select().count() == 1


def test_tries_are_counted_when_they_come_together(console: Console) -> None:
    signing_up.sign_up(console.policy, WISH)
    link = token(console)
    outcomes = at_once(8, lambda: signing_up.confirm(console.policy, link, "wrong"))
    assert outcomes == ["too_many_tries"] * 3 + ["wrong_password"] * 5


def test_a_token_of_another_installation_is_worth_nothing(console: Console) -> None:
    signing_up.sign_up(console.policy, WISH)
    number = token(console).partition(".")[0]
    with pytest.raises(Refused, match="token_unknown"):
        signing_up.confirm(console.policy, f"{number}.{'A' * 43}", WISH.password)


def test_a_number_that_came_too_late_changes_nothing(console: Console) -> None:
    person = make_person("kenji.sato@example.com", sf_number="SF-9999")
    Job.make("signup", str(person.id), user=person.id, state="running")
    with pytest.raises(Refused, match="not_waiting"):
        signing_up.correct_number(console.policy, person, "SF-1003")
    assert User.get_by_id(person.id).sf_number == "SF-9999"


@pytest.mark.parametrize(
    ("state", "shown"),
    [("queued", "working"), ("running", "working"), ("retry_wait", "working"), ("needs_customer", "number"), ("needs_attention", "stuck")],
)
def test_the_customer_sees_how_far_the_account_is(console: Console, state: str, shown: str) -> None:
    person = make_person("kenji.sato@example.com")
    Job.make("signup", str(person.id), user=person.id, state=state, next_run_at=clock.after(60))
    assert welcoming.progress(person) == shown
    make_link(person)
    assert welcoming.progress(person) == "ready"
