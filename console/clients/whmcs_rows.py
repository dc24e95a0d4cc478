"""What WHMCS's JSON says, as the portal's records, and what of ours it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.clients.php import bracketed, packed
from console.clients.whmcs_answers import UPSTREAM, money, number, number_or_none, rows, text
from console.clients.whmcs_records import Address, ClientRecord, NewService, OrderItem, PayMethod, Service, SoldProduct, WhmcsOrder
from console.errors import Rejected

_ADDRESS = {
    "first_name": "firstname", "last_name": "lastname", "phone": "phonenumber", "postcode": "postcode", "state": "state", "city": "city",
    "address1": "address1", "address2": "address2", "country": "country",
}  # fmt: skip
_CYCLES = {"Monthly": "monthly", "Annually": "annually", "Onetime": "onetime"}


def address_form(changed: Mapping[str, str]) -> dict[str, str]:
    """What there is of an address, by the names of Address, as AddClient and UpdateClient take it."""
    return {_ADDRESS[name]: value for name, value in changed.items()}


def order_form(services: Sequence[NewService], fields: Sequence[Mapping[int, str]]) -> dict[str, str]:
    """The parallel lists of AddOrder; `fields` holds each service's custom fields by their ids."""
    return {
        **bracketed("pid", [service.product_id for service in services]),
        **bracketed("qty", [service.quantity for service in services]),
        **bracketed("domain", [service.label for service in services]),
        **bracketed("billingcycle", [cycle(service.billing_cycle) for service in services]),
        **bracketed("priceoverride", [f"{service.unit_price}.00" for service in services]),
        **bracketed("customfields", [packed(each) for each in fields]),
        **bracketed("configoptions", [packed(service.options) for service in services]),
    }


def cycle(ours: str) -> str:
    """WHMCS's word for our billing cycle."""
    if ours not in _CYCLES:
        raise Rejected(UPSTREAM, "billing_cycle_unknown", f"no billing cycle of WHMCS for {ours[:40]!r}")
    return _CYCLES[ours]


def client_record(answer: Mapping[str, Any], number_field: int) -> ClientRecord:
    """GetClientsDetails, whose client stands in `client` or, in older installs, at the top."""
    client = answer["client"] if isinstance(answer.get("client"), dict) else answer
    values = {text(field, "id"): text(field, "value") for field in rows(client.get("customfields"), "customfield")}
    return ClientRecord(
        client_id=number(client, "client_id" if "client_id" in client else "id"),
        user_id=owner_id(client),
        email=text(client, "email"),
        status=text(client, "status"),
        customer_number=values.get(str(number_field), ""),
        notes=text(client, "notes"),
        address=_address(client),
    )


def owner_id(client: Mapping[str, Any]) -> int:
    """The user who owns the client."""
    owner = next((user for user in rows(client.get("users"), "user") if user.get("is_owner") in (True, 1, "1", "true")), {})
    return number_or_none(client, "owner_user_id") or number(owner, "id")


def _address(client: Mapping[str, Any]) -> Address:
    return Address(
        first_name=text(client, "firstname"),
        last_name=text(client, "lastname"),
        phone=text(client, "phonenumber"),
        postcode=text(client, "postcode"),
        state=text(client, "state", "fullstate"),
        city=text(client, "city"),
        address1=text(client, "address1"),
        address2=text(client, "address2"),
        country=text(client, "countrycode", "country"),
    )


def pay_method(row: Mapping[str, Any]) -> PayMethod:
    """A row of GetPayMethods without its gateway token."""
    return PayMethod(
        method_id=number(row, "id"),
        kind=text(row, "type"),
        description=text(row, "description"),
        last_four=text(row, "card_last_four"),
        expiry=text(row, "expiry_date"),
    )


def service(row: Mapping[str, Any]) -> Service:
    """A row of GetClientsProducts without its password."""
    fields = rows(row.get("customfields"), "customfield")
    return Service(
        service_id=number(row, "id"),
        order_id=number_or_none(row, "orderid") or 0,
        client_id=number(row, "clientid"),
        product_id=number(row, "pid"),
        label=text(row, "domain"),
        status=text(row, "status"),
        quantity=number_or_none(row, "qty") or 1,
        amount=money(row, "firstpaymentamount"),
        recurring=money(row, "recurringamount"),
        billing_cycle=text(row, "billingcycle"),
        notes=text(row, "notes"),
        fields={text(field, "name", "fieldname", "id"): text(field, "value") for field in fields},
    )


def whmcs_order(row: Mapping[str, Any]) -> WhmcsOrder:
    """A row of GetOrders with its service lines."""
    lines = rows(row.get("lineitems"), "lineitem")
    return WhmcsOrder(
        order_id=number(row, "id"),
        client_id=number(row, "userid"),
        status=text(row, "status"),
        amount=money(row, "amount"),
        invoice_id=number_or_none(row, "invoiceid"),
        items=tuple(_order_item(line) for line in lines if text(line, "type") in ("product", "")),
    )


def _order_item(line: Mapping[str, Any]) -> OrderItem:
    return OrderItem(
        service_id=number(line, "relid"), label=text(line, "domain"), amount=money(line, "amount"), status=text(line, "status")
    )


def sold_product(row: Mapping[str, Any]) -> SoldProduct:
    """A row of GetProducts: "-1.00" says that a cycle is not offered, and what is paid once stands under monthly."""
    once = text(row, "paytype") == "onetime"
    offered = {ours for ours, word in _CYCLES.items() for price in _prices(row) if not _negative(price.get(word, -1))}
    options = rows((row.get("configoptions") or {}), "configoption")
    return SoldProduct(
        product_id=number(row, "pid"),
        name=text(row, "name"),
        cycles=frozenset({"Onetime"} if once else offered - {"Onetime"}),
        options={number(option, "id"): frozenset(number(each, "id") for each in _choices(option)) for option in options},
        priced_options=frozenset(number(option, "id") for option in options if any(map(_costs, _choices(option)))),
    )


def _choices(option: Mapping[str, Any]) -> list[dict[str, Any]]:
    return rows(option.get("options"), "option")


def _prices(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The price table of each currency."""
    found = row.get("pricing")
    return [each for each in found.values() if isinstance(each, dict)] if isinstance(found, dict) else []


def _costs(choice: Mapping[str, Any]) -> bool:
    amounts = [amount for table in _prices(choice) for name, amount in table.items() if name not in {"prefix", "suffix"}]
    return any(not _negative(amount) and str(amount).strip("0.") for amount in amounts)


def _negative(amount: object) -> bool:
    return str(amount).startswith("-")
