"""The form for a question to our support."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from wtforms import HiddenField, SelectField, TextAreaField

from console.i18n import lazy as _
from console.services.asking_support import LONGEST, clean
from console.web.forms.speaking import Form
from console.web.forms.typed import NEEDED, up_to

TOPICS = {
    "progress": _("How far my order is"),
    "change": _("Change something in my order"),
    "cancel": _("Cancel my order"),
    "billing": _("Price, payment or invoice"),
    "esim": _("Install or use my eSIM"),
    "account": _("My account or my details"),
    "other": _("Something else"),
}


class SupportForm(Form):
    topic = SelectField(_("What is it about?"), [NEEDED])
    text = TextAreaField(
        _("Your message"), [NEEDED, up_to(LONGEST)], filters=[clean],
        description=_("Please never send a password or a card number. At most 4,000 characters."), render_kw={"rows": 7},
    )  # fmt: skip
    form_id = HiddenField()

    def about(self, topics: Sequence[str], chosen: str = "") -> SupportForm:
        """With these topics to choose from; a new form has an id of its own, by which a second click is known."""
        self.topic.choices = [("", _("Please choose")), *((topic, TOPICS[topic]) for topic in topics)]
        if not self.form_id.data:
            self.form_id.data = str(uuid4())
        if not self.is_submitted():
            self.topic.data = chosen if chosen in topics else ""
        return self
