"""What an e-mail address and a new password must be, wherever they are typed."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from wtforms import EmailField, PasswordField, ValidationError
from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.validators import Length

from console.i18n import gettext
from console.i18n import lazy as _
from console.web.forms.typed import NEEDED, lower, uncommon, up_to

_LONG = Length(8, 256, _("Between 8 and 256 characters."))
_HOW = _("At least 8 characters. A few words in a row are easy to remember and hard to guess.")


def new_password(label: object) -> PasswordField:
    """A field for a password that is chosen."""
    return PasswordField(label, [NEEDED, _LONG, uncommon], description=_HOW, render_kw={"autocomplete": "new-password", "minlength": 8})


def address(label: object) -> EmailField:
    """A field for an e-mail address that is to be written to."""
    return EmailField(label, [NEEDED, up_to(254), shaped], filters=[lower], render_kw={"autocomplete": "email"})


def shaped(_form: BaseForm, field: Field) -> None:
    """The shape only: whether it can be reached, the mail will show. Stored as the mail server takes it."""
    try:
        found = validate_email(field.data, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise ValidationError(gettext("This does not look like an e-mail address.")) from None
    field.data = str(found.ascii_email).lower()
