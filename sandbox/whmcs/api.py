"""`POST /includes/api.php`: the table of actions, and how one call is read, checked, carried out and answered."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.wrappers import Request as WireRequest
from werkzeug.wrappers import Response

from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.whmcs import access, cards, catalogue, clients, invoices, ordering, orders, services, sso
from sandbox.whmcs.answers import Answer, Refused, render
from sandbox.whmcs.asked import Asked
from sandbox.whmcs.php import parse_form

PATH = "/includes/api.php"
ACTIONS: dict[str, Callable[[Asked], Answer]] = {
    "AddClient": clients.add_client,
    "UpdateClient": clients.update_client,
    "GetClientsDetails": clients.get_clients_details,
    "GetClients": clients.get_clients,
    "GetUsers": clients.get_users,
    "GetPayMethods": cards.get_pay_methods,
    "GetPaymentMethods": catalogue.get_payment_methods,
    "GetProducts": catalogue.get_products,
    "GetCurrencies": catalogue.get_currencies,
    "WhmcsDetails": catalogue.whmcs_details,
    "AddOrder": ordering.add_order,
    "AcceptOrder": orders.accept_order,
    "CancelOrder": orders.cancel_order,
    "GetOrders": orders.get_orders,
    "GetOrderStatuses": orders.get_order_statuses,
    "GetClientsProducts": services.get_clients_products,
    "UpdateClientProduct": services.update_client_product,
    "CreateSsoToken": sso.create_sso_token,
    "GetInvoices": invoices.get_invoices,
    "GetInvoice": invoices.get_invoice,
}
BY_LOWER = {name.lower(): name for name in ACTIONS}
NO_ACTION = "none"


def read(request: WireRequest, store: Store) -> Asked:
    """Query and body together, the body wins; `multipart/form-data` is read as well, as PHP does."""
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    if request.mimetype == "multipart/form-data":
        pairs += list(request.form.items(multi=True))
    else:
        pairs += parse_qsl(request.get_data().decode("utf-8", "replace"), keep_blank_values=True)
    return Asked(store, parse_form(pairs), request.host_url.rstrip("/"))


def operation(request: WireRequest, store: Store) -> str:
    """The action's own spelling; "" for everything that is not the API."""
    if request.path != PATH:
        return ""
    action = read(request, store).text("action")
    return BY_LOWER.get(action.lower(), action or NO_ACTION)


def respond(request: Request, store: Store, settings: SandboxSettings) -> Response:
    asked = read(request, store)
    kind, action = asked.text("responsetype", "xml"), asked.text("action")
    try:
        with store.write():
            answer = {"result": "success", **act(asked, access.check(asked, settings))}
    except Refused as refusal:
        return render({"result": "error", "message": refusal.message}, kind, action, refusal.status)
    return render(answer, kind, action)


def act(asked: Asked, action: str) -> Answer:
    if action not in BY_LOWER:
        raise Refused("The requested API Action could not be found.", 404)
    return ACTIONS[BY_LOWER[action]](asked)
