"""The order form of the review page: which checkout, the totals that were shown, the terms."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField
from wtforms.validators import InputRequired, NumberRange
from wtforms.widgets import HiddenInput

from console.i18n import lazy as _
from console.services.ordering import Shown
from console.services.reviewing import Review

_TOTAL = [InputRequired(), NumberRange(min=0, max=1_000_000_000)]


class CheckoutForm(FlaskForm):  # type: ignore[misc]
    checkout_id = HiddenField(validators=[InputRequired()])
    expected_today = IntegerField(validators=_TOTAL, widget=HiddenInput())
    expected_monthly = IntegerField(validators=_TOTAL, widget=HiddenInput())
    terms = BooleanField(_("I accept the terms"), [InputRequired(_("Please accept the terms to order."))])

    @property
    def shown(self) -> Shown:
        return Shown(self.expected_today.data, self.expected_monthly.data)

    def show(self, review: Review) -> CheckoutForm:
        """Carry what the page shows now; the tick stays as it was set."""
        self.checkout_id.data = review.cart.checkout_id
        for field, amount in ((self.expected_today, review.quote.today), (self.expected_monthly, review.quote.monthly)):
            field.data, field.raw_data = amount, None  # what was sent would be shown again else
        return self
