"""The form of a product: one field per option, the installation where one is chosen, the quantity where there may be more."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, SelectField, StringField, ValidationError
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm

from console.errors import Refused
from console.i18n import gettext as _
from console.i18n import language
from console.money import yen
from console.services.catalog import Catalogue
from console.services.choosing import Chosen
from console.services.product_options import LONGEST_TEXT, Choice, Option, Value, accept, accepted, said
from console.services.products import Item
from console.services.quoting import most_of
from console.web.forms.speaking import Form

FEW = 5


class Answered:
    """A validator: what the option itself accepts, told in the person's words."""

    def __init__(self, option: Option) -> None:
        self.option = option
        self.field_flags = {"required": True} if option.required else {}

    def __call__(self, _form: BaseForm, field: Field) -> None:
        try:
            accept(self.option, field.data)
        except Refused as refused:
            raise ValidationError(words(refused)) from refused


def words(refused: Refused) -> str:
    """What is wrong with an answer."""
    return {
        "option_required": _("This is needed."),
        "option_unknown": _("Choose one of these."),
        "option_number": _("Write a whole number."),
        "option_range": _("Choose a number from %(least)s to %(most)s.") % {"least": 0, "most": 0, **refused.detail},
        "option_pattern": _("This is not in the form that is needed. Check it and try again."),
        "quantity": _("One order can have at most %(most)s of this.") % {"most": 1, **refused.detail},
        "addon_alone": _("This is an extra: choose the service that it belongs to first."),
        "too_many_lines": _("One order can have at most %(most)s lines.") % {"most": 1, **refused.detail},
        "product_gone": _("This cannot be ordered any more."),
        "installation_missing": _("Choose one installation for it."),
        "cart_changed": _("Your cart has changed in another tab this very moment. Please try again."),
    }.get(refused.code, _("This cannot be ordered together. Check your choice."))


class ProductForm(Form):
    """Made by `product_form`. `line` names the line of the cart that is changed, "" for a new one."""

    sku = HiddenField()
    line = HiddenField()

    def choices(self, item: Item) -> tuple[int, str, dict[str, Value]]:
        """Quantity, installation and answers; Refused as `product_options.accept`."""
        given = {option.key: self[_name(option)].data for option in item.options}
        quantity = int(accept(_quantities(most_of(item)), self["quantity"].data)) if "quantity" in self else 1
        return quantity, self["installation"].data if "installation" in self else "", accepted(item.options, given)


def product_form(item: Item, shelf: Catalogue, before: Chosen | None = None) -> ProductForm:
    """The form for this product, filled with what was sent, else with what was chosen before."""
    chosen = before.part.wish if before else {}
    fields: dict[str, Field] = {}
    if most_of(item) > 1:
        fields["quantity"] = _quantity(most_of(item), chosen.get("quantity", 1))
    if works := shelf.installations_of(item):
        fields["installation"] = _installation(works, chosen.get("installation", ""))
    for option in item.options:
        fields[_name(option)] = _field(option, chosen.get("options", {}).get(option.key), item.billing_cycle)
    form: ProductForm = type("ProductForm", (ProductForm,), fields)()
    form.sku.data = item.sku
    if before and not form.is_submitted():
        form.line.data = before.key
    return form


def _name(option: Option) -> str:
    return f"option-{option.key}"


def _quantities(most: int) -> Option:
    return Option("quantity", {}, "quantity", required=True, least=1, most=most)


def _quantity(most: int, before: int) -> Field:
    return _number(_("How many"), _quantities(most), before)


def _number(label: str, option: Option, before: object, hint: str = "") -> Field:
    shown = {"type": "number", "min": option.least, "max": option.most, "inputmode": "numeric"}
    return StringField(label, [Answered(option)], default=before, description=hint, render_kw=shown)


def _installation(installations: list[Item], before: str) -> Field:
    choices = tuple(Choice(each.sku, {"en": each.name}, each.price, {}) for each in installations)
    pairs = [
        SelectChoice(each.sku, _("%(name)s, %(price)s once", name=each.name, price=yen(each.price, language()))) for each in installations
    ]
    option = Option("installation", {}, "choice", required=True, choices=choices)
    return RadioField(_("Installation"), [Answered(option)], choices=pairs, default=before or installations[0].sku, validate_choice=False)


def _field(option: Option, before: Value | None, cycle: str) -> Field:
    label = said(option.label, language())
    hint = _each(option.price, cycle) if option.price else ""
    if option.kind == "quantity":
        return _number(label, option, option.least if before is None else before, hint)
    if option.kind == "text":
        shown = {"maxlength": LONGEST_TEXT, "autocomplete": "off"}
        return StringField(label, [Answered(option)], default=before or "", description=hint, render_kw=shown)
    pairs = [SelectChoice(choice.value, _priced(choice, cycle)) for choice in option.choices]
    if option.required and len(pairs) <= FEW:
        return RadioField(label, [Answered(option)], choices=pairs, default=before or pairs[0].value, validate_choice=False)
    blank = [SelectChoice("", _("Please choose") if option.required else _("Without"))]
    return SelectField(label, [Answered(option)], choices=blank + pairs, default=before or "", validate_choice=False)


def _each(price: int, cycle: str) -> str:
    amount = yen(price, language())
    return {
        "Monthly": _("%(price)s a month for each", price=amount),
        "Annually": _("%(price)s a year for each", price=amount),
    }.get(cycle, _("%(price)s once for each", price=amount))


def _priced(choice: Choice, cycle: str) -> str:
    text, amount = said(choice.label, language()), yen(choice.price, language())
    if not choice.price:
        return text
    return {
        "Monthly": _("%(choice)s, + %(price)s a month", choice=text, price=amount),
        "Annually": _("%(choice)s, + %(price)s a year", choice=text, price=amount),
    }.get(cycle, _("%(choice)s, + %(price)s once", choice=text, price=amount))
