"""Signing up and logging in, in JSON."""

from uuid import UUID

import pytest
from flask import Flask

from console import clock
from console.models import OutboxMessage, User, UserSession
from tests.support.api import Program
from tests.support.web import PASSWORD, make_person

KENJI = {
    "email": "kenji.sato@example.com", "password": "correct horse battery", "sfNumber": "ｓｆ-1003", "firstName": "Kenji",
    "lastName": "Sato", "language": "ja", "acceptTerms": True,
}  # fmt: skip


@pytest.fixture
def program(app: Flask) -> Program:
    return Program.of(app)


def test_it_signs_up_as_the_page_does(program: Program) -> None:
    answer = program.post("/auth/signup", KENJI)
    assert (answer.status_code, answer.json) == (202, {"status": "confirm_email"})
    kenji = User.get(User.email == KENJI["email"])
    assert (kenji.sf_number, kenji.language, kenji.confirmed) == ("SF-1003", "ja", False)
    assert [message.template for message in OutboxMessage.select()] == ["confirm"]


def test_whoever_has_an_account_already_is_answered_alike(program: Program, customer: User) -> None:
    known, unknown = (program.post("/auth/signup", {**KENJI, "email": email}) for email in (customer.email, "nobody@example.com"))
    assert (known.status_code, known.json) == (unknown.status_code, unknown.json)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"email": "no address"}, "email", "invalid"), ({"password": "short"}, "password", "too_short"),
        ({"password": "password1"}, "password", "invalid"), ({"sfNumber": "' OR 1=1"}, "sfNumber", "invalid"),
        ({"firstName": "x" * 81}, "firstName", "invalid"), ({"acceptTerms": False}, "acceptTerms", "invalid"),
        ({"language": "de"}, "language", "invalid"), ({"lastName": None}, "lastName", "invalid"),
        ({"phone": "call me"}, "phone", "invalid"),
    ],
)  # fmt: skip
def test_it_names_a_bad_field_and_keeps_nothing(program: Program, change: dict[str, object], field: str, code: str) -> None:
    answer = program.post("/auth/signup", {**KENJI, **change})
    assert answer.status_code == 422
    assert [(error["field"], error["code"]) for error in answer.json["errors"]] == [(field, code)]
    assert User.select().count() == 0


def test_it_never_repeats_what_was_sent(program: Program) -> None:
    answer = program.post("/auth/signup", {**KENJI, "password": ["secret-word"], "email": {"secret-word": 1}})
    assert answer.status_code == 422
    assert "secret-word" not in answer.text


def test_it_logs_in_and_out(program: Program, customer: User) -> None:
    answer = program.log_in(customer)
    assert (answer.status_code, answer.json) == (200, {"role": "customer", "account": "ready", "link": "verified"})
    assert program.get("/orders").status_code == 200
    assert program.post("/auth/logout").status_code == 204
    assert program.get("/orders").status_code == 401
    assert UserSession.select().count() == 0


def test_staff_may_log_in_too(program: Program, support: User) -> None:
    assert program.log_in(support).json["role"] == "support"
    assert program.get("/orders").status_code == 403


def test_a_wrong_password_and_an_unknown_person_are_told_apart_by_nothing(program: Program, customer: User) -> None:
    bodies = [{"email": email, "password": "wrong password"} for email in (customer.email, "nobody@example.com")]
    wrong, unknown = (program.post("/auth/login", body) for body in bodies)
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json, "reference": ""} == {**unknown.json, "reference": ""}
    assert wrong.json["code"] == "invalid_login"


def test_the_token_changes_at_login(program: Program, customer: User) -> None:
    before = program.get("/auth/csrf").json["csrfToken"]
    program.log_in(customer)
    stale = program.client.post("/api/checkout", json={}, headers={"X-CSRFToken": before})
    assert (stale.status_code, stale.json["code"]) == (400, "csrf")
    assert program.post("/checkout").status_code == 201


@pytest.mark.parametrize("sent", ["", "null", "[]", '"text"', "{", '{"email": }', "\xff"])
def test_what_is_no_object_is_malformed(program: Program, sent: str) -> None:
    program.token = program.get("/auth/csrf").json["csrfToken"]
    headers = {"X-CSRFToken": program.token, "Content-Type": "application/json"}
    answer = program.client.post("/api/auth/login", data=sent, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")
    assert answer.mimetype == "application/problem+json"
    UUID(answer.json["reference"])


def test_a_body_nested_without_end_is_malformed(program: Program) -> None:
    headers = {"X-CSRFToken": program.get("/auth/csrf").json["csrfToken"], "Content-Type": "application/json"}
    assert program.client.post("/api/auth/login", data="[" * 60_000, headers=headers).status_code == 400
    assert program.client.post("/api/auth/login", json={"email": "a\0b", "password": PASSWORD}, headers=headers).status_code == 400
    assert program.client.post("/api/auth/login", data="x" * 70_000, headers=headers).status_code == 413


def test_too_many_wrong_passwords_are_slowed_down(program: Program, customer: User) -> None:
    for _ in range(10):
        program.post("/auth/login", {"email": customer.email, "password": "wrong password"})
    answer = program.post("/auth/login", {"email": customer.email, "password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_way_to_billing_needs_a_fresh_login(program: Program, customer: User) -> None:
    program.log_in(customer)
    UserSession.update(authenticated_at=clock.after(-3600)).execute()
    answer = program.post("/auth/sso-link", {"target": "payment_methods"})
    assert (answer.status_code, answer.json["code"]) == (403, "recent_login_required")


def test_an_account_that_is_not_finished_is_pending(program: Program) -> None:
    person = make_person("mei.suzuki@example.com")
    assert program.log_in(person).json == {"role": "customer", "account": "pending", "link": "unverified"}
    assert (answer := program.get("/me/billing")).status_code == 409
    assert answer.json["code"] == "account_not_ready"


@pytest.mark.parametrize("sent", [{}, {**KENJI, "password": "short", "email": 1, "firstName": "x" * 161}])
def test_what_is_wrong_with_a_field_is_said_in_the_persons_language(program: Program, sent: dict[str, object]) -> None:
    program.token = program.get("/auth/csrf").json["csrfToken"]
    headers = {"X-CSRFToken": program.token, "Accept-Language": "ja"}
    answer = program.client.post("/api/auth/signup", json=sent, headers=headers)
    assert answer.status_code == 422
    assert [error["message"] for error in answer.json["errors"] if error["message"].isascii()] == []


def test_why_nobody_was_logged_in_is_said(program: Program, customer: User) -> None:
    answer = program.post("/auth/login", {"email": customer.email, "password": "wrong password"})
    assert answer.json["title"] == "Nobody was logged in"
    assert answer.json["detail"].startswith("E-mail and password do not fit together.")


def test_only_who_is_late_is_told_to_come_back(program: Program, customer: User) -> None:
    assert "Retry-After" not in program.post("/auth/signup", KENJI).headers
    assert "Retry-After" not in program.post("/auth/login", {"email": customer.email, "password": "wrong password"}).headers
    assert "Retry-After" not in program.log_in(customer).headers


def test_a_page_that_is_asked_for_in_json_refuses_in_json(program: Program) -> None:
    answer = program.client.get("/orders/801000000000001AAA", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype, answer.json["code"]) == (401, "application/problem+json", "login_required")
    assert program.client.get("/orders/801000000000001AAA").status_code == 303
