"""The mobile client over the wire, with the sandbox on the other side."""

import time
from uuid import uuid4

import pytest

from console.clients.gigs import Gigs, Operation, Profile
from console.errors import Ambiguous, Misconfigured, Rejected, Unavailable
from tests.clients.connected import gigs
from tests.support.sandbox import Control, Running


@pytest.fixture
def mobile(sandbox: Running) -> Gigs:
    return gigs(sandbox.info, total_s=5)


@pytest.fixture
def user(mobile: Gigs) -> str:
    return mobile.ensure_user(email=f"{uuid4().hex}@example.com", full_name="Aiko Tanaka", locale="ja-JP")


def allocated(mobile: Gigs, operation: Operation) -> Profile:
    """Waits as the worker does: for the SIM, then for its credentials."""
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        now = mobile.operation(operation.provider_ref)
        assert now
        if now.sim_ref and (profile := mobile.credentials(now.sim_ref)):
            return profile
        time.sleep(0.02)
    raise AssertionError("no credentials in 5 s")


def test_it_makes_a_user_once_per_address(mobile: Gigs) -> None:
    email = f"Mixed.{uuid4().hex}@example.com"
    first = mobile.ensure_user(email=email, full_name="Aiko Tanaka", locale="en")
    assert first == mobile.ensure_user(email=email.lower(), full_name="Other", locale="ja")


def test_it_makes_no_second_user_after_a_lost_answer(mobile: Gigs, control: Control) -> None:
    email = f"{uuid4().hex}@example.com"
    control.fault("mobile", "POST users", "timeout_after", count=1, delay_ms=200)
    with pytest.raises(Unavailable):
        mobile.ensure_user(email=email, full_name="Aiko Tanaka", locale="en")
    assert mobile.ensure_user(email=email, full_name="Aiko Tanaka", locale="en")


def test_it_activates_and_gives_the_credentials(mobile: Gigs, user: str) -> None:
    key = f"act-{uuid4().hex}"
    operation = mobile.activate(key, user_ref=user, plan_code="pln_jp05")
    assert (operation.user_ref, operation.plan_code, operation.op_key) == (user, "pln_jp05", key)
    profile = allocated(mobile, operation)
    assert profile.lpa == f"LPA:1${profile.smdp_address}${profile.matching_id}"
    assert profile.iccid.isdecimal()
    assert profile.lpa not in repr(profile)
    assert profile.matching_id not in repr(profile)
    (found,) = mobile.find(key, user_ref=user)
    assert (found.state, found.provider_ref, found.iccid) == ("done", operation.provider_ref, profile.iccid)
    assert mobile.profile_state(found.sim_ref) in {"installed", "enabled", "disabled", "deleted", "unknown"}


def test_it_gets_the_same_subscription_for_the_same_key(mobile: Gigs, user: str) -> None:
    key = f"act-{uuid4().hex}"
    refs = {mobile.activate(key, user_ref=user, plan_code="pln_jp05").provider_ref for _ in range(2)}
    assert len(refs) == 1


def test_it_works_without_the_header(sandbox: Running, user: str) -> None:
    mobile, key = gigs(sandbox.info, idempotency_header=False), f"act-{uuid4().hex}"
    for _ in range(12):
        mobile.activate(key, user_ref=user, plan_code="pln_jp05")
    assert len(mobile.find(key, user_ref=user)) == 12
    assert mobile.find("act-other", user_ref=user) == ()


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after", "error_before", "error_after", "html", "refuse"])
def test_it_takes_every_unclear_answer_for_ambiguous_when_it_writes_and_unavailable_when_it_reads(
    mobile: Gigs, user: str, control: Control, fault: str
) -> None:
    key = f"act-{uuid4().hex}"
    control.fault("mobile", "POST subscriptions", fault, count=1, delay_ms=200)
    with pytest.raises(Ambiguous):
        mobile.activate(key, user_ref=user, plan_code="pln_jp05")
    assert len(mobile.find(key, user_ref=user)) == int(fault in ("timeout_after", "error_after"))
    control.fault("mobile", "GET subscriptions", fault, count=1, delay_ms=200)
    with pytest.raises(Unavailable):
        mobile.find(key, user_ref=user)


def test_it_knows_what_is_not_there(mobile: Gigs) -> None:
    assert mobile.operation("sub_none") is None
    assert mobile.credentials("sim_none") is None
    assert mobile.profile_state("sim_none") == "unknown"


def test_it_says_what_was_refused(mobile: Gigs, user: str) -> None:
    with pytest.raises(Rejected):
        mobile.activate("act-1", user_ref=user, plan_code="pln_none")
    with pytest.raises(Rejected):
        mobile.activate("act-2", user_ref="usr_none", plan_code="pln_jp05")


def test_it_says_when_it_is_not_let_in(sandbox: Running, mobile: Gigs, user: str, control: Control) -> None:
    for bad in ({"api_key": "wrong"}, {"project": "elsewhere"}):
        with pytest.raises(Misconfigured):
            gigs(sandbox.info, **bad).find("act-1", user_ref=user)
    control.fault("mobile", "GET subscriptions", "misconfigured", count=1)
    with pytest.raises(Misconfigured):
        mobile.find("act-1", user_ref=user)
