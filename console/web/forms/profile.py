"""The form of who one is: the names, the phone, the language to be spoken to in."""

from __future__ import annotations

from wtforms import SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from console.i18n import LANGUAGES
from console.i18n import lazy as _
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, PHONE, plain, up_to, upper


class ProfileForm(Form):
    last_name = StringField(_("Last name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "family-name"})
    first_name = StringField(_("First name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "given-name"})
    phone = TelField(_("Phone"), [Optional(), PHONE], filters=[upper], render_kw={"autocomplete": "tel"})
    language = SelectField(
        _("Language of pages and mails"), [NEEDED], choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()]
    )
