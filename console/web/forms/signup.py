"""The forms of signing up: the wish, the confirmation, and a customer number put right."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, Regexp

from console.i18n import LANGUAGES, language
from console.i18n import lazy as _
from console.web.forms import credentials
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, PHONE, plain, up_to, upper

NUMBER = Regexp(r"^[A-Z0-9-]{1,20}$", message=_("Letters, digits and dashes only, at most 20, as on your contract."))
_WHERE = _("It is on your contract and on every letter from us.")
NUMBER_LOOK = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class AgainForm(Form):
    email = credentials.address(_("E-mail"))


class NumberForm(Form):
    sf_number = StringField(_("Customer number"), [NEEDED, NUMBER], filters=[upper], render_kw=NUMBER_LOOK)


class SignupForm(Form):
    sf_number = StringField(_("Customer number"), [NEEDED, NUMBER], description=_WHERE, filters=[upper], render_kw=NUMBER_LOOK)
    first_name = StringField(_("First name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "given-name"})
    last_name = StringField(_("Last name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "family-name"})
    email = credentials.address(_("E-mail"))
    password = credentials.new_password(_("Password"))
    phone = TelField(_("Phone"), [Optional(), PHONE], filters=[upper], render_kw={"autocomplete": "tel"})
    language = SelectField(default=language, choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()])
    terms = BooleanField(_("I accept the terms of use"), [NEEDED])
