"""Whatever is sent to the sandbox's WHMCS, it answers in its own words and goes on."""

import base64
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.whmcs_calls import Whmcs
from tests.support.sandbox import Running

# every name that an action reads, so that rubbish reaches the place where it is used
READ = """
clientid userid client_id user_id owner_user_id contactid orderid invoiceid serviceid accountid pid gid id email clientemail
firstname lastname address1 city state postcode country phonenumber password2 currency groupid customfields customvars customtype
customsubject custommessage messagename qty domain billingcycle configoptions priceoverride addonid paymentmethod gateway transid
amount amountin amountout fees date duedate datepaid taxrate taxrate2 credit status type draft sendinvoice notes itemdescription
itemamount itemtaxed newitemdescription newitemamount newitemtaxed deletelineids itemdescription1 itemamount1 publish limitstart
limitnum orderby order sorting search subject description setting value name paytype module autosetup pricing unset
email_preferences destination sso_redirect_path suspendreason nextduedate regdate recurringamount username2 paymethodid stats
requestor_id
"""
NAMES = READ.split()
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
RUBBISH = [
    "1e999999", "-1", "٣", "9" * 5000, "NaN", "\x00", "' OR 1=1 --", "<b>&amp;", "😀" * 300, "0000-00-00", "99/99/9999", "..//", "%", "on",
    base64.b64encode(b'a:1:{i:0;s:9999999999:"x";}').decode(), base64.b64encode(b"a:1:{s:1:\"\xff\";i:1;}").decode(),
]  # fmt: skip


@pytest.fixture(scope="module")
def whmcs(sandbox: Running) -> Whmcs:
    """With a client who has an order, so that ids of 1 lead somewhere."""
    whmcs = Whmcs(sandbox.info)
    whmcs.order(whmcs.client("bad@example.com"))
    return whmcs


@pytest.fixture(scope="module")
def actions(sandbox: Running) -> list[str]:
    """The names of all, as the sandbox tells them."""
    told: list[str] = sandbox.control.operations()["whmcs"]["operations"]
    assert len(told) > 50
    return told


def worded(answer: requests.Response, said: object = "") -> dict[str, Any]:
    assert answer.status_code in (200, 400, 403, 404), (said, answer.text)
    body: dict[str, Any] = answer.json()
    assert body["result"] == "success" or (body["result"] == "error" and body["message"]), (said, body)
    return body


def test_it_answers_an_action_without_parameters(whmcs: Whmcs, actions: list[str], subtests: pytest.Subtests) -> None:
    for action in actions:
        with subtests.test(action):
            body = worded(whmcs.post(action))
            if not action.startswith("Get") and action != "WhmcsDetails":
                assert body["result"] == "error", body


def test_it_answers_an_action_full_of_rubbish(whmcs: Whmcs, actions: list[str], subtests: pytest.Subtests) -> None:
    for action in actions:
        with subtests.test(action):
            for turn in range(0, len(RUBBISH), 5):
                worded(whmcs.post(action, **{name: RUBBISH[(at + turn) % len(RUBBISH)] for at, name in enumerate(NAMES)}), turn)


def test_it_answers_arrays_in_the_place_of_scalars_and_the_other_way(whmcs: Whmcs, actions: list[str], subtests: pytest.Subtests) -> None:
    for action in actions:
        with subtests.test(action):
            for index in ("[]", "[0]", "[0][x][]", "[" + "9" * 5000 + "]"):
                worded(whmcs.post(action, **{f"{name}{index}": "1" for name in NAMES}), index)
            worded(whmcs.post(action, **{name: "1" for name in NAMES if name not in ("pid",)}))


pieces = st.sampled_from([*NAMES, "responsetype", "action"])
values = st.one_of(st.sampled_from([*RUBBISH, "1", "0", "", "2026-11-22", "Active", "full"]), st.text(max_size=20))
indexes = st.sampled_from(["", "[]", "[0]", "[1]", "[monthly]", "[1][monthly]", "[", "]", "[[", "[0]x"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), sent=st.lists(st.tuples(pieces, indexes, values), max_size=12))
def test_it_answers_whatever_comes(whmcs: Whmcs, actions: list[str], data: st.DataObject, sent: list[tuple[str, str, str]]) -> None:
    action = data.draw(st.sampled_from(actions))
    form = {f"{name}{index}": value.encode("utf-8", "replace") for name, index, value in sent}
    answer = whmcs.post(None, **{**form, "action": action})
    assert answer.status_code in (200, 400, 403, 404), answer.text
    assert answer.text[:1] in "{<"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from([*KINDS, "x"]),
)
def test_it_answers_any_bytes(whmcs: Whmcs, body: bytes, kind: str) -> None:
    answer = requests.post(f"{whmcs.url}/includes/api.php?responsetype=json", data=body, headers={"Content-Type": kind}, timeout=10)
    assert (answer.status_code, answer.json()["message"]) == (403, "Invalid or missing credentials")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"a" * 5_000_000, b"a=1&" * 1_250_000, b"a[0][1]=1&" * 500_000, b"--x\r\n" * 1_000_000])
def test_it_answers_a_body_of_five_megabytes(whmcs: Whmcs, kind: str, body: bytes) -> None:
    answer = requests.post(f"{whmcs.url}/includes/api.php?responsetype=json", data=body, headers={"Content-Type": kind}, timeout=30)
    assert (answer.status_code, answer.json()["result"]) == (403, "error")


@pytest.mark.parametrize(
    "path", ["/nothing", "/includes/api.php/", "/viewinvoice.php?id=x", "/oauth/singlesignon.php?access_token=%00", "/index.php?rp=x"]
)
def test_it_has_a_page_or_a_refusal_for_every_address(whmcs: Whmcs, path: str) -> None:
    assert requests.get(whmcs.url + path, timeout=10).status_code in (403, 404)


def test_it_is_whole_after_all_that(whmcs: Whmcs) -> None:
    client_id = whmcs.client("after@example.com")
    order = whmcs.order(client_id)
    assert whmcs.ask("AcceptOrder", orderid=order["orderid"]) == {"result": "success"}
    assert whmcs.ask("AddInvoicePayment", invoiceid=order["invoiceid"]) == {"result": "success"}
    for action in ("GetClients", "GetOrders", "GetInvoices", "GetClientsProducts", "GetTransactions", "GetUsers", "GetProducts"):
        assert whmcs.ask(action, limitnum="1000")["totalresults"]
    assert requests.get(whmcs.url, timeout=10).status_code == 200
