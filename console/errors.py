"""The house's errors: what a call upstream, or a wish of a person, may come to.

Clients turn whatever an upstream answers into one of these; the table that says what follows is
`services/provisioning/outcomes.py`. `text` is for staff: redacted, at most 300 characters, never shown to a customer.
"""

from __future__ import annotations

from collections.abc import Mapping


class UpstreamError(Exception):
    """An upstream did not do what was asked. `code` is the upstream's own code, or a stable word of ours."""

    def __init__(self, upstream: str, code: str = "", text: str = "") -> None:
        super().__init__(f"{upstream}: {code} {text}".strip())
        self.upstream, self.code, self.text = upstream, code, text[:300]


class Unavailable(UpstreamError):
    """Surely not executed: refused, no route, time-out before the connection stood, or a read that failed in any way."""


class Throttled(Unavailable):
    """Surely not executed; asked to come back after `retry_after` seconds (None: not said)."""

    def __init__(self, upstream: str, code: str = "", text: str = "", retry_after: float | None = None) -> None:
        super().__init__(upstream, code, text)
        self.retry_after = retry_after


class Ambiguous(UpstreamError):
    """A mutating call whose effect is unknown: read time-out, reset, 5xx, HTML, a truncated or malformed answer."""


class AlreadyDone(UpstreamError):
    """The upstream says that this was done before (a duplicate key, an order no longer Pending)."""


class NotYet(UpstreamError):
    """The upstream accepted and is still at work; ask again after `poll_after` seconds."""

    def __init__(self, upstream: str, code: str = "", text: str = "", poll_after: float = 2.0) -> None:
        super().__init__(upstream, code, text)
        self.poll_after = poll_after


class Rejected(UpstreamError):
    """A definite no to this request; the same request will be refused again."""


class Misconfigured(UpstreamError):
    """Our credentials, address or permission were refused: every call to this upstream will fail."""


class OutOfStock(UpstreamError):
    """The provider has no eSIM left for this product."""


class ReplayLost(UpstreamError):
    """The stored stream position is no longer valid (expired, malformed, or the stream was reset)."""


class NeedsCustomer(Exception):
    """Only the customer can make this go on: `payment_method` or `customer_number`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Contradiction(Exception):
    """What exists upstream is not what was ordered; `evidence` (plain JSON, no personal data) goes to a person."""

    def __init__(self, code: str, evidence: Mapping[str, object]) -> None:
        super().__init__(code)
        self.code, self.evidence = code, evidence


class Stop(Exception):
    """The job ends here without fault: `state` is skipped or cancelled, `code` says why."""

    def __init__(self, state: str, code: str) -> None:
        super().__init__(f"{state}: {code}")
        self.state, self.code = state, code


class NeedsStaff(Exception):
    """Automation cannot go on: `code` is stable, `text` is for staff."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code, self.text = code, text


class Held(Exception):
    """The breaker of `name` is open and this is not its probe: nothing was called."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name, self.code = name, name


class LeaseLost(Exception):
    """Another run owns the job now; this one must not write any more."""


class Refused(Exception):
    """A person's wish that the present state does not allow; `code` is stable, the door words it for the person."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail
