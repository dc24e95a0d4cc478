"""A card number typed where it does not belong reaches nobody: by no field of any form, by no JSON body."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import EmailField, StringField, TelField, TextAreaField
from wtforms.fields import Field

from console.models import TABLES, User
from console.services import billing
from console.web import forms
from tests.routes.shop import shopper
from tests.support.api import Program
from tests.support.sandbox import Running

CARD = "4242 4242 4242 4242"
TYPED = (StringField, TextAreaField, EmailField, TelField)


def kinds() -> Iterator[type[FlaskForm]]:
    """Every form of the portal."""
    for module in pkgutil.iter_modules(forms.__path__, f"{forms.__name__}."):
        found = vars(importlib.import_module(module.name)).values()
        yield from (kind for kind in found if isinstance(kind, type) and issubclass(kind, FlaskForm) and kind.__module__ == module.name)


def free_text(kind: type[FlaskForm]) -> Iterator[Field]:
    """Its fields with a card number typed into them; what is hidden or a password is not kept as it is."""
    names = [name for name in dir(kind) if getattr(getattr(kind, name), "field_class", None) in TYPED]
    form = kind(formdata=MultiDict((name, f"Room 5 {CARD}") for name in names), meta={"csrf": False})
    yield from (form[name] for name in names)


def has_card(text: object) -> bool:
    return "4242424242424242" in re.sub(r"\D", "", str(text))


def test_no_field_of_any_form_hands_it_on(app: Flask) -> None:
    with app.test_request_context():
        fields = [(kind.__name__, field) for kind in kinds() for field in free_text(kind)]
        assert {"SignupForm", "SupportForm", "ProfileForm"} <= {name for name, _field in fields}
        assert [(name, field.name) for name, field in fields if has_card(field.data)] == []


@pytest.mark.parametrize("field", ["firstName", "lastName"])
def test_no_sign_up_in_json_keeps_it(app: Flask, field: str) -> None:
    body = {
        "email": "kenji@example.com", "password": "correct horse battery", "sfNumber": "SF-1003", "firstName": "Kenji",
        "lastName": "Sato", "acceptTerms": True, field: f"Kenji {CARD}",
    }  # fmt: skip
    assert Program.of(app).post("/auth/signup", body).status_code == 202
    assert User.select().count() == 1
    assert not any(has_card(value) for table in TABLES for row in table.select().tuples() for value in row)


def test_no_address_in_json_sends_it(app: Flask, sandbox: Running) -> None:
    aiko = shopper(app, sandbox)
    sent = dict.fromkeys(("firstName", "lastName", "city", "address1", "address2"), f"Room 5 {CARD}")
    answer = Program.beside(aiko.browser).send("PATCH", "/me/billing", sent)
    assert answer.status_code == 200
    kept = billing.details(app.extensions["console"].upstreams, aiko.link).address
    assert kept.address2 == "Room 5 **** 4242"
    assert not any(has_card(value) for value in (*vars(kept).values(), answer.text))
