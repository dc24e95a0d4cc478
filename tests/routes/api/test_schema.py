"""Every door of the OpenAPI document, asked with whatever its schema allows and forbids: it answers as it says, and never falls over."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method, use_after_free

from tests.routes.shop import shopper
from tests.support.api import Program
from tests.support.sandbox import Running

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/openapi.json"
# positive data: what fits a shape may still be refused by a rule, as a text that is no customer number; the others have tests of ours
LEFT_OUT = [ignored_auth, positive_data_acceptance, unsupported_method, use_after_free]
SCHEMA = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text().replace('"security":', '"x-security":')))  # it is logged in already
FEW = settings(max_examples=6, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def program(app: Flask, sandbox: Running, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Of a customer who can order; asked more often here than a person may."""
    monkeypatch.setattr("console.web.limits.limiter.enabled", False)
    return Program.beside(shopper(app, sandbox).browser)


def operations() -> list[Any]:
    """Every one; what ends the login comes last."""
    return sorted((found.ok() for found in SCHEMA.get_all_operations()), key=lambda one: one.label.endswith("/logout"))


def modes(operation: Any) -> list[GenerationMode]:
    """What it forbids too, where it takes anything."""
    takes = [*operation.body, *operation.query, *operation.path_parameters]
    return list(GenerationMode) if takes else [GenerationMode.POSITIVE]


def test_every_door_keeps_its_word(app: Flask, program: Program) -> None:
    def ask(case: schemathesis.Case) -> None:
        token = program.get("/auth/csrf").json["csrfToken"]
        cookie = program.client.get_cookie("session")
        case.call_and_validate(
            app=app, headers={"X-CSRFToken": token}, cookies={"session": cookie.value if cookie else ""}, excluded_checks=LEFT_OUT
        )

    for operation in operations():
        for mode in modes(operation):
            FEW(given(case=operation.as_strategy(generation_mode=mode))(ask))()
