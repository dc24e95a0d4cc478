"""`Idempotency-Key`: the first successful answer to a key is given again for a day; refusals are not kept."""

import hashlib
from collections.abc import Callable

from sandbox import clock
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.refusals import Refusal, unacceptable
from sandbox.store import Doc, Store

KIND = "gigs_replay"
HEADER = "Idempotency-Key"
MAX_KEY, KEPT_S = 255, 24 * 3600
Answer = tuple[Doc, int]


def check(store: Store, method: str, key: str | None) -> str | None:
    """The key if this call honours one; GET and PATCH accept the header and ignore it."""
    if key is None or method not in ("POST", "DELETE"):
        return None
    if not behaviour(store)["idempotency_header"]:
        raise Refusal(400, "Idempotent requests are not enabled for this project.")
    if not 1 <= len(key) <= MAX_KEY:
        raise Refusal(400, f"{HEADER} must have 1 to {MAX_KEY} characters.")
    return key


def fingerprint(method: str, path: str, raw: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(f"{method} {path}\n".encode(errors="surrogatepass") + raw).hexdigest()


def replayed(store: Store, key: str | None, request: str, carry_out: Callable[[], Answer]) -> Answer:
    """Runs inside one write block, so two calls with one key never both take effect: the second waits and gets the answer of the first."""
    if key is None:
        return carry_out()
    kept = store.get(KIND, key)
    if kept and kept["at"] > clock.now() - KEPT_S:
        if kept.get("request", request) != request and behaviour(store)["idempotency_mismatch"] == "refuse":
            raise unacceptable(f"The {HEADER} was used for another request.")
        return kept["body"], kept["status"]
    body, status = carry_out()
    store.put(KIND, key, {"body": body, "status": status, "at": clock.now(), "request": request})
    return body, status
