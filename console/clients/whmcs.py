"""WHMCS over its form API: clients, pay methods, orders and services, in the portal's own verbs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from console.clients.deadline import one_deadline
from console.clients.http import Http
from console.clients.php import packed
from console.clients.whmcs_answers import UPSTREAM, checked, number, number_or_none, numbers, rows, text
from console.clients.whmcs_fields import ProductFields
from console.clients.whmcs_records import (
    AddedOrder,
    Address,
    ClientRecord,
    ClientRef,
    NewClient,
    NewService,
    OrderItem,
    PayMethod,
    Service,
    SoldProduct,
    WhmcsOrder,
)
from console.clients.whmcs_rows import address_form, client_record, order_form, pay_method, service, sold_product, whmcs_order
from console.errors import AlreadyDone, Ambiguous, Rejected, Unavailable

__all__ = [
    "AddedOrder",
    "Address",
    "ClientRecord",
    "ClientRef",
    "NewClient",
    "NewService",
    "OrderItem",
    "PayMethod",
    "Service",
    "SoldProduct",
    "Whmcs",
    "WhmcsOrder",
]

_PAGE = 100


class Whmcs:
    """The billing system, as the API role sees it. One object serves all threads.

    A mutating call whose answer is lost raises Ambiguous: WHMCS has no idempotency key, so look before repeating."""

    def __init__(
        self,
        *,
        url: str,
        identifier: str,
        secret: str,
        access_key: str = "",
        payment_method: str,
        customer_number_field_id: int,
        connect_s: float = 5,
        total_s: float = 60,
        ca_file: str | None = None,
    ) -> None:
        address = url.rstrip("/").removesuffix("/includes/api.php")
        self._http = Http(UPSTREAM, address, connect_s=connect_s, total_s=total_s, ca_file=ca_file)
        self.total_s = total_s
        self._auth = {"identifier": identifier, "secret": secret, "responsetype": "json"}
        if access_key:
            self._auth["accesskey"] = access_key
        self._payment_method, self._number_field = payment_method, customer_number_field_id
        self._fields = ProductFields(lambda ids: self._read("GetProducts", pid=ids))

    @one_deadline
    def add_client(self, client: NewClient) -> ClientRef:
        """Makes a client and the user who owns it; AlreadyDone when the e-mail is taken."""
        form = {
            **address_form(asdict(client.address)),
            "email": client.email,
            "password2": client.password,
            "notes": client.note,
            "customfields": packed({self._number_field: client.customer_number}),
            "noemail": "1",
            "skipvalidation": "1",
        }
        with _already({"email_taken"}):
            answer = self._write("AddClient", **form)
        with _effect():
            client_id = number(answer, "clientid")
            user_id = number_or_none(answer, "owner_id") or self._details(clientid=str(client_id)).user_id
        return ClientRef(client_id, user_id)

    def client_by_email(self, email: str) -> ClientRecord | None:
        """The client with exactly this e-mail."""
        return self._found_client(email=email)

    def client(self, client_id: int) -> ClientRecord | None:
        """The client with this id."""
        return self._found_client(clientid=str(client_id))

    def change_client(self, client_id: int, changed: Mapping[str, str]) -> None:
        """Replaces what is given of name and address, by the names of Address: repeatable."""
        self._write("UpdateClient", clientid=str(client_id), skipvalidation="1", **address_form(changed))

    def set_customer_number(self, client_id: int, number: str) -> None:
        """Replaces the customer number: repeatable."""
        fields = packed({self._number_field: number})
        self._write("UpdateClient", clientid=str(client_id), skipvalidation="1", customfields=fields)

    def update_client_email(self, client_id: int, email: str) -> None:
        """Replaces the client's e-mail: repeatable; AlreadyDone when another client has it."""
        with _already({"email_taken"}):
            self._write("UpdateClient", clientid=str(client_id), email=email, skipvalidation="1")

    def update_user_email(self, user_id: int, email: str) -> None:
        """Replaces the e-mail of the user, who owns the client: repeatable; AlreadyDone when another user has it."""
        with _already({"email_taken"}):
            self._write("UpdateUser", user_id=str(user_id), email=email)

    def pay_methods(self, client_id: int) -> tuple[PayMethod, ...]:
        """The client's stored ways to pay, without their gateway tokens."""
        answer = self._read("GetPayMethods", clientid=str(client_id))
        return tuple(pay_method(row) for row in rows(answer.get("paymethods"), "paymethod"))

    def sso_url(self, client_id: int, user_id: int, path: str) -> str:
        """An address that signs this user in once, within a minute, and leads to `path`. A secret: redirect to it, keep it nowhere."""
        answer = self._read(
            "CreateSsoToken",
            client_id=str(client_id),
            user_id=str(user_id),
            destination="sso:custom_redirect",
            sso_redirect_path=path,
        )
        url = str(answer.get("redirect_url") or "")
        if not url.startswith(("http://", "https://")):
            raise Unavailable(UPSTREAM, "malformed", "CreateSsoToken answered no address")
        return url

    @one_deadline
    def add_order(self, client_id: int, services: Sequence[NewService]) -> AddedOrder:
        """Orders all services as one Pending order, no mail sent; never repeat it blindly."""
        self._fields.learn([service.product_id for service in services if any(service.fields.values())])
        fields = [self._fields.by_id(service.product_id, service.fields) for service in services]
        answer = self._write(
            "AddOrder",
            clientid=str(client_id),
            paymentmethod=self._payment_method,
            noemail="1",
            noinvoiceemail="1",
            **order_form(services, fields),
        )
        with _effect():
            ids = numbers(answer, "serviceids") or numbers(answer, "productids")
            return AddedOrder(number(answer, "orderid"), ids, number_or_none(answer, "invoiceid"))

    @one_deadline
    def services_by_label(self, client_id: int, label: str) -> tuple[Service, ...]:
        """The client's services with this label, upper and lower case alike."""
        found = self._services(clientid=str(client_id), domain=label)
        return tuple(service for service in found if service.label.casefold() == label.casefold())

    @one_deadline
    def services_of(self, client_id: int) -> tuple[Service, ...]:
        """All of the client's services."""
        return self._services(clientid=str(client_id))

    @one_deadline
    def service(self, service_id: int) -> Service | None:
        """The service with this id."""
        found = self._services(serviceid=str(service_id))
        return next((service for service in found if service.service_id == service_id), None)

    def order(self, order_id: int) -> WhmcsOrder | None:
        """The order with this id and its lines."""
        answer = self._read("GetOrders", id=str(order_id))
        found = (whmcs_order(row) for row in rows(answer.get("orders"), "order") if number(row, "id") == order_id)
        return next(found, None)

    def accept_order(self, order_id: int) -> None:
        """Makes a Pending order Active; AlreadyDone when it is not Pending or not there: read it back."""
        with _already({"order_not_pending"}):
            self._write("AcceptOrder", orderid=str(order_id), sendemail="0")

    @one_deadline
    def update_service(self, service_id: int, product_id: int, *, fields: Mapping[str, str], notes: str | None) -> None:
        """Sets custom fields by name and, unless None, replaces the notes: repeatable."""
        form = {"customfields": packed(self._fields.by_id(product_id, fields))} if any(fields.values()) else {}
        if notes is not None:
            form["notes"] = notes
        self._write("UpdateClientProduct", serviceid=str(service_id), **form)

    def products(self) -> tuple[SoldProduct, ...]:
        """Everything on sale."""
        return tuple(sold_product(row) for row in rows(self._read("GetProducts").get("products"), "product"))

    def version(self) -> str:
        """The install's version; a light call that proves address and credentials."""
        details = self._read("WhmcsDetails").get("whmcs")
        return text(details, "version") if isinstance(details, dict) else ""

    def _found_client(self, **by: str) -> ClientRecord | None:
        try:
            return self._details(**by)
        except Rejected as refused:
            if refused.code == "client_not_found":
                return None
            raise

    def _details(self, **by: str) -> ClientRecord:
        return client_record(self._read("GetClientsDetails", **by), self._number_field)

    def _services(self, **by: str) -> tuple[Service, ...]:
        found: dict[int, Service] = {}
        start = 0
        while True:
            answer = self._read("GetClientsProducts", limitstart=str(start), limitnum=str(_PAGE), **by)
            page = [service(row) for row in rows(answer.get("products"), "product")]
            found |= {each.service_id: each for each in page}
            start += len(page)
            total = number_or_none(answer, "totalresults")
            if not page or (len(page) < _PAGE if total is None else start >= total):
                return tuple(found.values())

    def _read(self, action: str, **form: str) -> dict[str, Any]:
        return self._act(action, form, mutates=False)

    def _write(self, action: str, **form: str) -> dict[str, Any]:
        return self._act(action, form, mutates=True)

    def _act(self, action: str, form: Mapping[str, str], *, mutates: bool) -> dict[str, Any]:
        data = {**form, **self._auth, "action": action}
        response = self._http.call("POST", "/includes/api.php", operation=action, mutates=mutates, data=data)
        return checked(response, mutates)


@contextmanager
def _already(codes: Collection[str]) -> Iterator[None]:
    """Refusals with these codes say that it was done before."""
    try:
        yield
    except Rejected as refused:
        if refused.code in codes:
            raise AlreadyDone(UPSTREAM, refused.code, refused.text) from refused
        raise


@contextmanager
def _effect() -> Iterator[None]:
    """The effect has happened: an answer that cannot be read leaves it to be looked up."""
    try:
        yield
    except Unavailable as failure:
        raise Ambiguous(UPSTREAM, failure.code, failure.text) from failure
