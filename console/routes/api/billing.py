"""What billing knows of the customer, in JSON: the payment method in short, name and address."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask import Response
from pydantic import Field
from werkzeug.datastructures import MultiDict

from console.errors import UpstreamError
from console.models import CustomerLink
from console.routes.account import own_link
from console.routes.api.doors import Body, Shape, answer, bad_fields, noun
from console.services import billing, billing_changes, profiles
from console.services.billing import Address, Details
from console.web.auth import customer, me
from console.web.forms.address import form_of
from console.web.problems import FieldError
from console.web.wired import bell, policy, upstreams

blueprint = noun("api_billing")


class Summary(Shape):
    """`stale`: billing does not answer, this was so at `checkedAt`."""

    has_payment_method: bool
    checked_at: datetime
    stale: bool


class Billing(Shape):
    """`sync` is pending while billing has not taken a change yet."""

    first_name: str
    last_name: str
    phone: str
    postcode: str
    state: str
    city: str
    address1: str
    address2: str
    country: str
    sync: Literal["synced", "pending"]


class Change(Body):
    """What is left out stays as it is."""

    first_name: str | None = Field(None, max_length=200)
    last_name: str | None = Field(None, max_length=200)
    phone: str | None = Field(None, max_length=60)
    postcode: str | None = Field(None, max_length=60)
    state: str | None = Field(None, max_length=200)
    city: str | None = Field(None, max_length=200)
    address1: str | None = Field(None, max_length=300)
    address2: str | None = Field(None, max_length=300)
    country: str | None = Field(None, max_length=2)


@blueprint.get("/billing/payment-methods/summary", responses={200: Summary})
@customer
def summary() -> Response:
    """Whether there is a way to pay, as of the last seconds."""
    found = billing.payment_summary(upstreams(), own_link())
    return answer(Summary(has_payment_method=found.has, checked_at=found.checked_at, stale=found.stale))


@blueprint.get("/me/billing", responses={200: Billing})
@customer
def show() -> Response:
    return answer(_shape(billing.details(upstreams(), own_link())))


@blueprint.patch("/me/billing", responses={200: Billing})
@customer
def change(body: Change) -> Response:
    """Kept at once; `sync` tells whether billing has it already."""
    link, given = own_link(), body.model_dump(exclude_none=True)
    known = _known(link, given)
    wanted = {**known.__dict__, **given}
    form = form_of(wanted["country"])(formdata=MultiDict[str, Any](wanted), meta={"csrf": False})
    if not form.validate():
        return bad_fields([FieldError(_outside(name), "invalid", str(errors[0])) for name, errors in form.errors.items()])
    changed = {name: value for name, value in form.typed.items() if value != getattr(known, name)}
    if changed and billing_changes.change(upstreams(), policy(), link, changed) == "pending":
        bell().jobs(billing_changes.open_jobs(link))
    return answer(_shape(Details(Address(**{**known.__dict__, **changed}), billing_changes.sync(link))))


def _known(link: CustomerLink, given: dict[str, str]) -> Address:
    """Who they are so far. While billing is away a whole address is taken all the same, a part of one has nothing to be a part of."""
    try:
        return billing.details(upstreams(), link).address
    except UpstreamError:
        if not {"postcode", "state", "city", "address1", "country"} <= given.keys():
            raise
        return profiles.unaddressed(me())


def _outside(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _shape(details: Details) -> Billing:
    return Billing(**details.address.__dict__, sync=details.sync)
