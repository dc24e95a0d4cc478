"""The Japanese address form: full-width or not, with or without dashes, it comes out in one way."""

from __future__ import annotations

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional, Regexp

from console.i18n import lazy as _
from console.services.billing import Address
from console.web.forms.prefectures import PREFECTURES, prefecture
from console.web.forms.typed import NEEDED, PHONE, plain, up_to, upper

_CHOICES = [SelectChoice("", _("Choose…")), *(SelectChoice(name, f"{name} {japanese}") for name, japanese in PREFECTURES.items())]


_PARTS = ("first_name", "last_name", "phone", "postcode", "state", "city", "address1", "address2")
_SEVEN = Regexp(r"^[0-9]{3}-[0-9]{4}$", message=_("Seven digits, as 150-0002."))


def _postcode(text: str | None) -> str:
    digits = re.sub(r"[〒 -]", "", upper(text))
    return f"{digits[:3]}-{digits[3:]}" if re.fullmatch(r"[0-9]{7}", digits) else upper(text)


def _state(text: str | None) -> str:
    return prefecture(plain(text))


class AddressForm(FlaskForm):  # type: ignore[misc]
    last_name = StringField(_("Last name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "family-name"})
    first_name = StringField(_("First name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "given-name"})
    postcode = StringField(
        _("Postcode"), [NEEDED, _SEVEN], filters=[_postcode], render_kw={"autocomplete": "postal-code", "inputmode": "numeric"}
    )
    state = SelectField(
        _("Prefecture"),
        [DataRequired(_("Choose one of the list."))],
        choices=_CHOICES,
        filters=[_state],
        render_kw={"autocomplete": "address-level1"},
    )
    city = StringField(_("City, ward or town"), [NEEDED, up_to(100)], filters=[plain], render_kw={"autocomplete": "address-level2"})
    address1 = StringField(_("Street and number"), [NEEDED, up_to(150)], filters=[plain], render_kw={"autocomplete": "address-line1"})
    address2 = StringField(_("Building and room"), [up_to(150)], filters=[plain], render_kw={"autocomplete": "address-line2"})
    phone = TelField(_("Phone"), [Optional(), PHONE], filters=[upper], render_kw={"autocomplete": "tel"})
    next = HiddenField()

    @classmethod
    def of(cls, known: Address, way_on: str) -> AddressForm:
        return cls(obj=known, next=way_on)

    def address(self) -> Address:
        typed: dict[str, Any] = {name: self[name].data for name in _PARTS}
        return Address(**typed, country="JP")
