"""The forms of who one is: the names, the phone, the language to be spoken to in, the clock that times are told by."""

from __future__ import annotations

from wtforms import SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Optional

from console import zones
from console.i18n import LANGUAGES, language
from console.i18n import lazy as _
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, PHONE, plain, up_to, upper


def _zones() -> list[SelectChoice]:
    return [SelectChoice(key, name) for key, name in zones.names(language())]


class ZoneForm(Form):
    zone = SelectField(_("Times are shown in"), [DataRequired(_("This is needed."))], choices=_zones)


class ProfileForm(ZoneForm):
    last_name = StringField(_("Last name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "family-name"})
    first_name = StringField(_("First name"), [NEEDED, up_to(80)], filters=[plain], render_kw={"autocomplete": "given-name"})
    phone = TelField(_("Phone"), [Optional(), PHONE], filters=[upper], render_kw={"autocomplete": "tel"})
    language = SelectField(
        _("Language of pages and mails"), [NEEDED], choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()]
    )
