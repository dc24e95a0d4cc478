"""Switches of the mobile provider for what its documentation leaves open: both answers of each, over the wire."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.provider import Gigs


@pytest.fixture
def switched(gigs: Gigs) -> Iterator[Gigs]:
    """All switches are as at the start when the test ends."""
    yield gigs
    requests.delete(f"{gigs.root}/sandbox/behaviour", timeout=10)


@pytest.mark.parametrize("status", [422, 409, 400])
def test_it_refuses_what_exists_already_with_the_status_chosen(switched: Gigs, status: int) -> None:
    switched.behave(conflict_status=status)
    email = f"twice{status}@example.com"
    switched.user(email)
    answer = switched.call("POST", "users", {"email": email})
    assert (answer.status_code, answer.json()["code"]) == (status, "userAlreadyExists")
    assert switched.call("POST", "subscriptions", {"plan": "pln_none", "user": "usr_none"}).status_code == 422


def test_it_has_nulls_or_nothing_before_there_is_a_code(switched: Gigs) -> None:
    switched.behave(credentials_delay_ms=60_000)
    path = f"sims/{switched.activate(switched.user('early@example.com'))['sim']['id']}/credentials"
    assert switched.get(path)["activationCode"] is None
    switched.behave(credentials_before="not_found")
    assert switched.call("GET", path).status_code == 404


@pytest.mark.parametrize(("choice", "has_one"), [("none", False), ("auto", True)])
def test_it_gives_a_sim_unasked_or_not(switched: Gigs, choice: str, has_one: bool) -> None:
    switched.behave(sim_left_out=choice)
    made = switched.post("subscriptions", {"plan": "pln_jp20v", "user": switched.user(f"{choice}@example.com")})
    assert (made["sim"] is not None) is has_one


@pytest.mark.parametrize(("choice", "status"), [("unknown", "unknown"), ("reported", "installed")])
def test_the_provider_of_tests_tells_of_profiles_or_not(switched: Gigs, choice: str, status: str) -> None:
    switched.behave(test_profile=choice)
    line = switched.living(f"{choice}@example.com", plan="pln_jp05")
    assert switched.profile(line["sim"]["id"]) in (status, "enabled" if status == "installed" else "")


def test_it_shows_countries_in_two_ways(switched: Gigs) -> None:
    def countries() -> Any:
        return switched.get("plans/pln_jp05")["coverage"]["countries"]

    assert countries() == ["JP"]
    switched.behave(coverage_countries="object")
    assert countries() == {"0": "JP"}


def test_it_sells_the_same_top_up_once_or_often(switched: Gigs) -> None:
    wanted = {"subscription": switched.living("more@example.com")["id"], "addon": "add_jp1"}
    assert [switched.call("POST", "subscriptionAddons", wanted).status_code for _ in range(2)] == [201, 201]
    switched.behave(same_addon_twice=False)
    assert switched.call("POST", "subscriptionAddons", wanted).status_code == 422


def test_it_tops_up_a_line_that_is_pending_or_refuses(switched: Gigs) -> None:
    wanted = {"subscription": switched.activate(switched.user("soon@example.com"))["id"], "addon": "add_jp1"}
    assert switched.call("POST", "subscriptionAddons", wanted).status_code == 422
    switched.behave(topup_while_pending=True)
    assert switched.call("POST", "subscriptionAddons", wanted).status_code == 201
