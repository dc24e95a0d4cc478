"""What a person sees of WHMCS: the payment methods, the invoices, and an overview for whoever looks after the sandbox."""

from flask import Blueprint, Flask, abort, current_app, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox.store import Doc, Store
from sandbox.whmcs import cards, ledger, sso
from sandbox.whmcs.activity import NOTE
from sandbox.whmcs.answers import today
from sandbox.whmcs.asked import whole
from sandbox.whmcs.ordering import INVOICE, ORDER
from sandbox.whmcs.orders import services_of
from sandbox.whmcs.products import CUSTOMER_NUMBER_FIELD, everything

COOKIE = "sandbox_whmcs"
MINE = "/index.php?rp=/account/paymentmethods"
pages = Blueprint("pages", __name__)


def attach(app: Flask, store: Store) -> None:
    app.extensions["store"] = store
    app.register_blueprint(pages)


def the_store() -> Store:
    held: Store = current_app.extensions["store"]
    return held


def visitor() -> Doc:
    """The session of the person; nobody gets further without one."""
    found = sso.session(the_store(), request.cookies.get(COOKIE, ""))
    if found is None:
        abort(make_response(render_template("refused.html"), 403))
    if request.method == "POST" and request.form.get("token") != found["form"]:
        abort(403)
    return found


@pages.after_request
def quiet(response: Response) -> Response:
    """The address of the first page carries a token."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/oauth/singlesignon.php")
def sign_on() -> Response | tuple[str, int]:
    opened = sso.redeem(the_store(), request.args.get("access_token", ""))
    if opened is None:
        return render_template("refused.html"), 403
    key, path = opened
    answer = redirect(f"/{path}")
    answer.set_cookie(COOKIE, key, httponly=True, samesite="Lax", max_age=sso.SESSION_LIFE_S)
    return answer


@pages.route("/index.php", methods=["GET", "POST"])
def account() -> Response | str:
    who = visitor()
    if request.args.get("rp", "").rstrip("/") not in ("/account/paymentmethods", "/account/paymentmethods/add"):
        abort(404)
    if request.method == "POST":
        change_cards(who["client_id"], request.form.get("do", ""))
        return redirect(MINE)
    held = [{**card, "expired": cards.expired(card)} for card in cards.cards_of(the_store(), who["client_id"])]
    return render_template("payment_methods.html", cards=held, session=who, here=MINE)


def change_cards(client_id: int, what: str) -> None:
    if what == "add":
        cards.add_card(the_store(), client_id)
    elif what == "add_expired":
        cards.add_card(the_store(), client_id, cards.expires_in(-1))
    elif what.startswith("remove-") and what[7:].isdecimal():
        cards.remove_cards(the_store(), client_id, int(what[7:]))


@pages.get("/clientarea.php")
def client_area() -> str:
    who = visitor()
    rows = [worded(row) for row in the_store().find(INVOICE, "userid", who["client_id"]) if row["status"] != "Draft"]
    return render_template("client_area.html", invoices=rows, session=who, here=MINE)


def worded(invoice: Doc) -> Doc:
    late = invoice["status"] == "Unpaid" and invoice["duedate"] < today()
    return {**invoice, "shown": "Overdue" if late else invoice["status"]}


@pages.route("/viewinvoice.php", methods=["GET", "POST"])
def view_invoice() -> Response | str:
    who = visitor()
    number = request.args.get("id", "")
    invoice = ledger.invoice_of(the_store(), whole(number))
    if invoice is None or invoice["userid"] != who["client_id"] or invoice["status"] == "Draft":
        abort(404)
    usable = [card for card in cards.cards_of(the_store(), who["client_id"]) if not cards.expired(card)]
    if request.method == "POST":
        pay_once(number, bool(usable))
        return redirect(f"/viewinvoice.php?id={number}")
    money = {**ledger.sums(invoice), "balance": ledger.balance(invoice)}
    return render_template("invoice.html", invoice=worded(invoice), money=money, usable=usable, session=who, here=MINE)


def pay_once(number: str, can_pay: bool) -> None:
    with the_store().write():
        invoice = ledger.invoice_of(the_store(), whole(number))
        if can_pay and invoice and invoice["status"] == "Unpaid":
            ledger.pay(the_store(), invoice)


@pages.get("/")
def overview() -> str:
    store = the_store()
    clients = [{**row, "number": row["fields"].get(str(CUSTOMER_NUMBER_FIELD), "")} for row in store.all("whmcs_client")[-100:]]
    orders = [{**row, "services": services_of(store, row)} for row in store.all(ORDER)[:-101:-1]]
    return render_template("overview.html", clients=clients, orders=orders, notes=store.all(NOTE)[:-51:-1], products=everything(store))
