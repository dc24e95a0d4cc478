"""The forms in which staff decide whose a customer number is."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, StringField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from console.i18n import lazy as _
from console.services.linking import REASON_LENGTH
from console.web.forms.signup import NUMBER, NUMBER_LOOK
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, plain, up_to, upper

_NOT_SEEN = _("Tick the box when you have read what happens.")


class DecisionForm(Form):
    """The reason goes to the audit."""

    reason = StringField(_("Reason"), [NEEDED, up_to(REASON_LENGTH)], filters=[plain], render_kw={"autocomplete": "off"})


class MoveForm(DecisionForm):
    """Another customer loses the number: said, and confirmed once more. `holder` is the link that was shown."""

    holder = IntegerField(validators=[InputRequired()], widget=HiddenInput())
    sure = BooleanField(_("Yes, take the number away from the other customer"), [InputRequired(_NOT_SEEN)])


class RenumberForm(DecisionForm):
    sf_number = StringField(_("Right customer number"), [NEEDED, NUMBER], filters=[upper], render_kw=NUMBER_LOOK)
