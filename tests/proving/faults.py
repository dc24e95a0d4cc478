"""The table of faults: what becomes of an order when this call meets that fault once. The tests are made from it, the docs show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# how it ends
ITSELF = "itself"  # done without a hand, by another try where one is needed
ADOPTED = "adopted"  # the look-up found the effect and took it for ours
HELD = "held"  # the breaker opened, the job waited without spending tries, then went on by itself
NOBODY = "not ordered"  # nothing was made and the customer was told so
ENDS = {
    ITSELF: "done by itself",
    ADOPTED: "found and adopted, not made again",
    HELD: "held, released and done by itself",
    NOBODY: "nothing was ordered, and the customer is told so",
}


def staff(code: str) -> str:
    """It waits for a person, with this code; a retry by staff then ends well."""
    return f"staff: {code}"


EVERYWHERE = ("salesforce", "whmcs", "mobile", "mail")
HTTP = EVERYWHERE[:3]
# effects that are found by our mark, and with what code a person is asked when they are not what was approved
TWINS = {"AddOrder": staff("amount_differs"), "POST subscriptions": staff("plan_differs")}


@dataclass(frozen=True)
class Call:
    """A call of the console; story: what is going on. kind: token, read, write (may be repeated), effect (must not), keyed (an effect
    that the upstream itself refuses to make twice), status (told until it is taken), mail. `about` tells apart what several jobs call."""

    upstream: str
    operation: str
    kind: str
    story: str = "provision"
    about: str = ""

    @property
    def name(self) -> str:
        return f"{self.upstream} {self.operation}{self._told_apart}"

    @property
    def heading(self) -> str:
        return f"`{self.operation}`{self._told_apart}"

    @property
    def _told_apart(self) -> str:
        return f" ({self.about})" if self.about else ""


CALLS = (
    Call("salesforce", "token", "token"),
    Call("salesforce", "query", "read"),
    Call("salesforce", "composite", "write"),
    Call("salesforce", "tree", "keyed", "place"),
    Call("salesforce", "sobject.update:Order", "status", "cancel"),
    Call("salesforce", "sobject.upsert:Case", "write", "signup", "sign-up"),
    Call("salesforce", "sobject.upsert:Case", "write", "email", "e-mail"),
    Call("salesforce", "sobject.upsert:Case", "write", "case", "support"),
    Call("whmcs", "GetPayMethods", "read"),
    Call("whmcs", "GetProducts", "read"),
    Call("whmcs", "AddOrder", "effect"),
    Call("whmcs", "GetOrders", "read"),
    Call("whmcs", "AcceptOrder", "effect"),
    Call("whmcs", "GetClientsProducts", "read"),
    Call("whmcs", "UpdateClientProduct", "write"),
    Call("whmcs", "AddClient", "effect", "signup"),
    Call("whmcs", "UpdateClient", "write", "billing", "address"),
    Call("whmcs", "GetClientsDetails", "read", "email"),
    Call("whmcs", "UpdateClient", "write", "email", "e-mail"),
    Call("whmcs", "UpdateUser", "write", "email"),
    Call("mobile", "POST users/search", "read"),
    Call("mobile", "POST users", "write"),
    Call("mobile", "POST subscriptions", "effect"),
    Call("mobile", "GET sims/credentials", "read"),
    Call("mobile", "GET sims", "read"),
    Call("mail", "send", "mail", "mail", "order"),
    Call("mail", "send", "mail", "email_told", "e-mail"),
)
READS = dict.fromkeys(("token", "read", "write", "status"), ITSELF)
ALL = READS | {"effect": ITSELF, "keyed": ITSELF, "mail": ITSELF}
MADE = READS | {"effect": ADOPTED, "keyed": ADOPTED, "mail": ITSELF}  # the effect has happened
BARRED = dict.fromkeys(("token", "read", "write", "effect"), HELD) | {"keyed": ITSELF, "status": ITSELF, "mail": ITSELF}


@dataclass(frozen=True, eq=False)
class Fault:
    """A fault of the sandbox, in words, and how it ends by the kind of call; `but` says where it ends otherwise, "" for not at all."""

    name: str
    words: str
    ends: Mapping[str, str]
    upstreams: tuple[str, ...] = EVERYWHERE
    but: Mapping[str, str] = field(default_factory=dict)


def _no(code: str) -> Mapping[str, str]:
    return dict.fromkeys(("read", "write", "effect"), staff(code)) | {"token": HELD, "keyed": NOBODY, "status": ITSELF}


FAULTS = (
    Fault("refuse", "connection refused", ALL),
    Fault("reset", "connection reset", ALL),
    Fault("timeout_before", "time-out, without effect", ALL),
    Fault("timeout_after", "time-out, with effect", MADE),
    Fault("late_effect", "no answer, and the effect comes later", MADE | {"keyed": ITSELF}),
    Fault("error_before", "500, without effect", ALL),
    Fault("error_after", "500, with effect", MADE),
    Fault("html", "200 with a page of HTML", ALL, HTTP),
    Fault("bad_json", "malformed JSON, with effect", MADE, HTTP),
    Fault("truncated", "truncated JSON, with effect", MADE, HTTP),
    Fault("slow", "slow, but just in time", ALL),
    Fault("throttle", "throttled", ALL, but={"token": ""}),
    Fault("limit_exceeded", "the day's limit exceeded", ALL, ("salesforce",), {"token": ""}),
    Fault("lock_row", "row locked", {"write": ITSELF, "keyed": ITSELF, "status": ITSELF}, ("salesforce",)),
    Fault("expired_session", "session or key refused", ALL, ("salesforce",), {"token": ""}),
    Fault("expired_session", "session or key refused", BARRED, ("whmcs", "mobile")),
    Fault("misconfigured", "address, key or right refused", BARRED),
    Fault("business_error", "a definite no", _no("FIELD_CUSTOM_VALIDATION_EXCEPTION"), ("salesforce",)),
    Fault("business_error", "a definite no", _no("whmcs_error"), ("whmcs",)),
    Fault("business_error", "a definite no", _no("invalid"), ("mobile",)),
    Fault("smtp_4xx", "recipient refused for now", ALL, ("mail",)),
    Fault("smtp_5xx", "recipient refused for good", {"mail": staff("smtp_550")}, ("mail",)),
    Fault("drop_after_data", "connection dropped after the data", ALL, ("mail",)),
    Fault("twin", "two of it found", {}, HTTP, dict.fromkeys(TWINS, staff("two_matches"))),
    Fault("other", "another than approved found", {}, HTTP, TWINS),
)


@dataclass(frozen=True, eq=False)
class Cell:
    """One call that meets one fault once, and how that ends."""

    call: Call
    fault: Fault
    end: str

    @property
    def name(self) -> str:
        return f"{self.call.name} {self.fault.name}"


def cells() -> Iterator[Cell]:
    """All of them."""
    for call in CALLS:
        for fault in FAULTS:
            end = fault.but.get(call.operation, fault.ends.get(call.kind))
            if call.upstream in fault.upstreams and end:
                yield Cell(call, fault, end)


def telling() -> set[str]:
    """Names of about a quarter of the cells: each fault once at each kind of call of each upstream that differs, effects first, and
    each call once with an answer that is lost."""
    seen: set[tuple[str, str, str]] = set()
    chosen = set()
    for cell in sorted(cells(), key=lambda cell: cell.call.kind not in {"effect", "keyed"}):
        key = (cell.fault.name, cell.call.upstream, cell.end)
        if key not in seen or cell.fault.name == "error_after":
            chosen.add(cell.name)
        seen.add(key)
    return chosen


def table(upstream: str) -> str:
    """The cells of an upstream as Markdown: a line for each fault, a column for each call."""
    calls = [call for call in CALLS if call.upstream == upstream]
    ends = {(cell.fault.words, cell.call): cell.end for cell in cells()}
    words = list(dict.fromkeys(fault.words for fault in FAULTS if upstream in fault.upstreams))
    rows = [["", *(call.heading for call in calls)], ["---"] * (len(calls) + 1)]
    rows += [[one, *(ends.get((one, call), "–") for call in calls)] for one in words]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
