"""The forms of the cart's lines: which one, and how many of it."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField
from wtforms.validators import InputRequired, Length

from console.i18n import lazy as _
from console.web.forms.speaking import Form


class LineForm(Form):
    line = HiddenField(validators=[InputRequired(), Length(max=40)])


class QuantityForm(LineForm):
    quantity = IntegerField(_("How many"), [InputRequired()])
