"""The forms of signing up: the wish, the confirmation, and a customer number put right."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, StringField, TelField, ValidationError
from wtforms.fields import Field
from wtforms.validators import Length, Optional, Regexp

from console.i18n import gettext
from console.i18n import lazy as _
from console.web.forms.typed import NEEDED, PHONE, lower, plain, uncommon, up_to, upper

_NUMBER = Regexp(r"^[A-Z0-9-]{1,20}$", message=_("Letters, digits and dashes only, at most 20, as on your contract."))
_LONG = Length(8, 256, _("Between 8 and 256 characters."))
_HOW = _("At least 8 characters. A few words in a row are easy to remember and hard to guess.")
_WHERE = _("It is on your contract and on every letter from us.")
_NUMBER_LOOK = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class NumberForm(FlaskForm):  # type: ignore[misc]
    sf_number = StringField(_("Customer number"), [NEEDED, _NUMBER], filters=[upper], render_kw=_NUMBER_LOOK)


class SignupForm(FlaskForm):  # type: ignore[misc]
    sf_number = StringField(_("Customer number"), [NEEDED, _NUMBER], description=_WHERE, filters=[upper], render_kw=_NUMBER_LOOK)
    first_name = StringField(_("First name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "given-name"})
    last_name = StringField(_("Last name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "family-name"})
    email = EmailField(_("E-mail"), [NEEDED, up_to(254)], filters=[lower], render_kw={"autocomplete": "email"})
    password = PasswordField(
        _("Password"), [NEEDED, _LONG, uncommon], description=_HOW, render_kw={"autocomplete": "new-password", "minlength": 8}
    )
    phone = TelField(_("Phone"), [Optional(), PHONE], filters=[upper], render_kw={"autocomplete": "tel"})
    terms = BooleanField(_("I accept the terms of use"), [NEEDED])

    def validate_email(self, field: Field) -> None:
        """The shape only: whether it can be reached, the mail will show. Stored as the mail server takes it."""
        try:
            found = validate_email(field.data, check_deliverability=False, allow_smtputf8=False, test_environment=True)
        except EmailNotValidError:
            raise ValidationError(gettext("This does not look like an e-mail address.")) from None
        field.data = str(found.ascii_email).lower()
