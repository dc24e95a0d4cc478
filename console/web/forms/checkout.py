"""The order form of the review page: which checkout, the totals that were shown, the terms."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import HiddenInput

from console.i18n import lazy as _
from console.services.ordering import Shown
from console.services.reviewing import Review
from console.web.forms.speaking import Form

_TOTAL = [InputRequired(), NumberRange(min=0, max=1_000_000_000)]


class CheckoutForm(Form):
    checkout_id = HiddenField(validators=[InputRequired()])
    expected_today = IntegerField(validators=_TOTAL, widget=HiddenInput())
    expected_monthly = IntegerField(validators=_TOTAL, widget=HiddenInput())
    expected_yearly = IntegerField(default=0, validators=[Optional(), *_TOTAL[1:]], widget=HiddenInput())
    terms = BooleanField(_("I accept the terms"), [InputRequired(_("Please accept the terms to order."))])

    @property
    def shown(self) -> Shown:
        return Shown(self.expected_today.data, self.expected_monthly.data, self.expected_yearly.data or 0)

    def show(self, review: Review) -> CheckoutForm:
        """Carry what the page shows now; the tick stays as it was set."""
        self.checkout_id.data = review.basket.checkout_id
        now = Shown.of(review.quote)
        for field, amount in ((self.expected_today, now.today), (self.expected_monthly, now.monthly), (self.expected_yearly, now.yearly)):
            field.data, field.raw_data = amount, None  # what was sent would be shown again else
        return self
