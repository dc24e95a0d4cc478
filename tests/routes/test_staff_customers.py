"""The staff's customers: who is found by whom, whose a number is, and that every decision has its reason in the audit."""

from __future__ import annotations

import pytest
from flask import Flask

from console import clock
from console.models import AuditEntry, CustomerLink, Job, OutboxMessage, User
from tests.support.web import Browser, make_link, make_person

ACCOUNT = "001000000000001AAA"


@pytest.fixture
def holder(app: Flask) -> User:
    person = make_person("aiko.tanaka@example.com", sf_number="SF-1001")
    make_link(person, sf_account_id=ACCOUNT)
    return person


@pytest.fixture
def claimant(app: Flask) -> User:
    """Typed the same number with another e-mail."""
    person = make_person("ken@home.example", first_name="Ken", last_name="Mori", sf_number="SF-1001")
    make_link(person, sf_account_id=ACCOUNT, verified=False, case_number="00001234", whmcs_client_id=77)
    return person


def page_of(user: User) -> str:
    return f"/staff/customers/{user.id}"


def verified(user: User) -> bool:
    return bool(CustomerLink.of(user.id).verified)


def mails(user: User) -> list[str]:
    return [row.template for row in OutboxMessage.select().where(OutboxMessage.user == user.id).order_by(OutboxMessage.id)]


def audited() -> list[tuple[str, str, str]]:
    return [(row.verb, row.subject, row.reason) for row in AuditEntry.select().order_by(AuditEntry.id)]


def test_it_lists_who_waits_for_a_decision(at_work: Browser, holder: User, claimant: User) -> None:
    page = at_work.get("/staff/customers").text
    assert "Ken Mori" in page
    assert "00001234" in page
    assert holder.email not in page


@pytest.mark.parametrize("text", ["SF-1001", "ｓｆ－１００１", "77", "KEN@home.example", "Mori", "mori", "ken", "Ken Mori", "Mori Ken"])
def test_it_finds_by_number_client_mail_and_name(at_work: Browser, holder: User, claimant: User, text: str) -> None:
    assert page_of(claimant) in at_work.get("/staff/customers", query_string={"q": text}).text


@pytest.mark.parametrize("text", ["nobody", "%", "_", "'; DROP TABLE user --", "9" * 30, "<script>"])
def test_it_says_when_nobody_is_found(at_work: Browser, claimant: User, text: str) -> None:
    answer = at_work.get("/staff/customers", query_string={"q": text})
    assert answer.status_code == 200
    assert "Nobody found" in answer.text
    assert "<script>" not in answer.text.partition("<main")[2]


def test_a_viewer_sees_numbers_and_no_person(app: Flask, holder: User, claimant: User) -> None:
    viewer = Browser.of(app)
    viewer.log_in(make_person("viewer@example.com", role="viewer", first_name="Mika"))
    for page in ("/staff/customers", "/staff/customers?q=SF-1001", page_of(claimant), page_of(holder)):
        text = viewer.get(page).text
        assert "SF-1001" in text
        for personal in ("Ken", "ken@home.example", "Aiko", "aiko.tanaka"):
            assert personal not in text, page
        assert "verification" not in text
    assert "Nobody found" in viewer.get("/staff/customers?q=Mori").text
    assert "needs the support role" in viewer.get("/staff/customers?q=ken@home.example").text
    assert viewer.post(f"{page_of(claimant)}/verification", {"verify-reason": "x"}).status_code == 403


def test_it_verifies_a_link_with_a_reason(at_work: Browser, claimant: User, support: User) -> None:
    asked = f"{page_of(claimant)}/verification"
    assert at_work.post(asked, {"verify-reason": " "}).status_code == 422
    assert not verified(claimant)
    assert at_work.post(asked, {"verify-reason": "Called, knows the contract"}).headers["Location"] == page_of(claimant)
    assert verified(claimant)
    assert audited() == [("verify_link", f"user:{claimant.id}", "Called, knows the contract")]
    assert mails(claimant) == ["link_verified"]
    assert "Called, knows the contract" in at_work.get(page_of(claimant)).text
    assert at_work.post(asked, {"verify-reason": "Again"}).status_code == 409


def test_it_moves_the_number_only_when_the_consequence_was_confirmed(at_work: Browser, holder: User, claimant: User) -> None:
    asked, link = f"{page_of(claimant)}/verification", CustomerLink.of(holder.id)
    assert "Another customer loses the number" in at_work.get(page_of(claimant)).text
    for sent in ({}, {"verify-holder": link.id}, {"verify-sure": "y"}):
        assert at_work.post(asked, {"verify-reason": "Moved house", **sent}).status_code == 422
    assert (verified(holder), verified(claimant)) == (True, False)
    assert at_work.post(asked, {"verify-reason": "Moved", "verify-holder": link.id, "verify-sure": "y"}).status_code == 303
    assert (verified(holder), verified(claimant)) == (False, True)
    assert CustomerLink.of(holder.id).case_number == "00001234"
    assert audited() == [("verify_link", f"user:{claimant.id}", "Moved"), ("move_link", f"user:{holder.id}", "Moved")]
    assert (mails(holder), mails(claimant)) == (["link_moved"], ["link_verified"])


def test_it_does_not_take_the_number_from_somebody_who_was_not_shown(at_work: Browser, holder: User, claimant: User) -> None:
    sent = {"verify-reason": "Moved", "verify-holder": 999_999, "verify-sure": "y"}
    answer = at_work.post(f"{page_of(claimant)}/verification", sent)
    assert answer.status_code == 409
    assert "Another customer has this number now" in answer.text
    assert (verified(holder), verified(claimant)) == (True, False)


def test_it_refuses_a_link_and_the_customer_is_asked_again(app: Flask, at_work: Browser, claimant: User) -> None:
    job, _made = Job.make("signup", str(claimant.id), user=claimant.id, state="succeeded")
    asked = f"{page_of(claimant)}/rejection"
    assert at_work.post(asked, {"reject-reason": ""}).status_code == 422
    assert at_work.post(asked, {"reject-reason": "Not the contract holder"}).status_code == 303
    assert mails(claimant) == ["link_rejected"]
    assert audited() == [("reject_link", f"user:{claimant.id}", "Not the contract holder")]
    theirs = Browser.of(app)
    theirs.log_in(claimant)
    assert "could not confirm your customer number" in theirs.get("/").text
    assert theirs.get("/account/address").status_code == 409
    assert theirs.post("/account/number", {"sf_number": "SF-1001"}).status_code == 409
    assert theirs.post("/account/number", {"sf_number": "SF-1002"}).status_code == 303
    assert (Job.get_by_id(job.id).state, User.get_by_id(claimant.id).sf_number) == ("queued", "SF-1002")
    assert "finishing your account" in theirs.get("/").text


def test_it_corrects_the_number_of_who_waits_for_one(at_work: Browser) -> None:
    lost = make_person("lost@example.com", sf_number="SF-9999")
    waits = {"state": "needs_customer", "error_code": "customer_number", "next_run_at": clock.after(300)}
    job, _made = Job.make("signup", str(lost.id), user=lost.id, **waits)
    asked = f"{page_of(lost)}/number"
    assert at_work.post(asked, {"renumber-reason": "On the phone", "renumber-sf_number": "no; number"}).status_code == 422
    assert at_work.post(asked, {"renumber-reason": "On the phone", "renumber-sf_number": "ｓｆ-1003"}).status_code == 303
    assert (User.get_by_id(lost.id).sf_number, Job.get_by_id(job.id).state) == ("SF-1003", "queued")
    assert audited() == [("correct_number", f"user:{lost.id}", "On the phone")]


@pytest.mark.parametrize("path", ["", "/verification", "/rejection", "/number"])
def test_only_customers_are_there(at_work: Browser, support: User, path: str) -> None:
    ask = at_work.post if path else at_work.get
    assert ask(f"/staff/customers/999999{path}").status_code == 404
    assert ask(f"{page_of(support)}{path}").status_code == 404
