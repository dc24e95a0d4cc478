"""Name and address as billing keeps them: the Japanese form with its postcode, and a plain one for anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from babel import Locale
from flask import request
from wtforms import HiddenField, SelectField, StringField, TelField, ValidationError
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from console.i18n import either, gettext, language
from console.i18n import lazy as _
from console.services.billing import Address
from console.services.postcodes import Town, normal
from console.services.prefectures import PREFECTURES, prefecture
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, PHONE, plain, up_to, upper

JAPAN = "JP"
_PREFECTURES = [
    SelectChoice("", _("Choose…")),
    *(SelectChoice(name, either(en=f"{name} {japanese}", ja=japanese)) for name, japanese in PREFECTURES.items()),
]
# its fields are not the same everywhere: a change shows the others, a button does it where there are no scripts
_ANEW = {"hx-post": "/account/address/form", "hx-trigger": "change", "hx-target": "#address-fields", "hx-swap": "outerHTML"}
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})  # of CLDR's list


@cache
def _countries(spoken: str) -> list[SelectChoice]:
    names = Locale.parse(spoken).territories
    known = {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES}
    return [SelectChoice(code, known[code]) for code in sorted(known, key=lambda code: (code != JAPAN, known[code]))]


def _postcode(text: str | None) -> str:
    return normal(plain(text)) or upper(text)


def _state(text: str | None) -> str:
    return prefecture(plain(text))


def _country(text: str | None) -> str:
    return plain(text).upper() or JAPAN


class AddressForm(Form):
    """What both have; `address_form` makes the one that the country needs."""

    last_name = StringField(_("Last name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "family-name"})
    first_name = StringField(_("First name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "given-name"})
    phone = TelField(_("Phone"), [Optional(), PHONE], filters=[upper], render_kw={"autocomplete": "tel"})
    country = SelectField(_("Country"), filters=[_country], default=JAPAN, render_kw={"autocomplete": "country", **_ANEW})
    city = StringField(_("City, ward or town"), [NEEDED, up_to(100)], filters=[plain], render_kw={"autocomplete": "address-level2"})
    address1 = StringField(_("Street and number"), [NEEDED, up_to(150)], filters=[plain], render_kw={"autocomplete": "address-line1"})
    address2 = StringField(_("Building and room"), [up_to(150)], filters=[plain], render_kw={"autocomplete": "address-line2"})
    next = HiddenField()

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.country.choices = _countries(language())
        self.country.flags.required = True  # there always is one

    @property
    def japanese(self) -> bool:
        return isinstance(self, JapaneseForm)

    @property
    def typed(self) -> dict[str, str]:
        """By the names of billing's address; of a form that is valid."""
        return {name: self[name].data or "" for name in Address.__dataclass_fields__}

    def move_to(self, town: Town) -> None:
        """Fill in what the postcode told; street and building stay as they were typed."""
        found = {"state": town.state, "city": town.city, "address1": town.begins(self.address1.data or "")}
        if town.building and not self.address2.data:
            found["address2"] = town.building
        for name, value in found.items():
            self[name].data = value
        self.point_at("address1")

    def point_at(self, name: str, problem: str = "") -> None:
        """The field where the person goes on."""
        field = self[name]
        field.render_kw = {**(field.render_kw or {}), "autofocus": True}
        field.errors = [problem] if problem else []


class JapaneseForm(AddressForm):
    postcode = StringField(_("Postcode"), [NEEDED], filters=[_postcode], render_kw={"autocomplete": "postal-code", "inputmode": "numeric"})
    state = SelectField(
        _("Prefecture"), [DataRequired(_("Choose one of the list."))], choices=_PREFECTURES, filters=[_state],
        render_kw={"autocomplete": "address-level1"},
    )  # fmt: skip
    town = SelectField(_("Which of these is it?"), choices=[], validate_choice=False, render_kw={"autocomplete": "off"})

    def validate_postcode(self, field: Field) -> None:
        if not normal(field.data):
            raise ValidationError(gettext("Seven digits, as 150-0002."))

    def offer(self, towns: Sequence[Town]) -> None:
        """Let the person choose, by the place in the list."""
        self.town.flags.required = True
        self.town.choices = [SelectChoice(str(place), f"{town.name} ({town.kana})") for place, town in enumerate(towns)]
        self.point_at("town")

    def taken(self, towns: Sequence[Town]) -> Town | None:
        """The one that was chosen of these."""
        return next((town for place, town in enumerate(towns) if str(place) == self.town.data), None)


class ForeignForm(AddressForm):
    postcode = StringField(_("Postcode"), [up_to(20)], filters=[plain], render_kw={"autocomplete": "postal-code"})
    state = StringField(_("State or region"), [up_to(100)], filters=[plain], render_kw={"autocomplete": "address-level1"})


def form_of(country: str | None) -> type[AddressForm]:
    """The form that this country needs, Japan's where none is named."""
    return JapaneseForm if _country(country) == JAPAN else ForeignForm


def address_form(known: Address | None = None, way_on: str = "") -> AddressForm:
    """Filled with what was sent, else with what is known."""
    made = form_of(request.form.get("country") or (known.country if known else None))
    return made(data={**asdict(known), "next": way_on}) if known else made()
