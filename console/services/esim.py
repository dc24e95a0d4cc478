"""A customer's eSIM: whether it is installed, and its activation code for its owner's eyes only."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote

from console import log
from console.errors import Refused, UpstreamError
from console.models import AuditEntry, EsimSecret, Subscription, User, insert_once
from console.services.upstreams import Policy, Upstreams
from console.vault import KeyLost

_log = log.logger(__name__)
# The provider's word → ours. Any other says nothing, and nothing is never taken for "not installed".
STATES = {"installed": "installed", "enabled": "installed", "disabled": "installed", "deleted": "deleted"}
_APPLE = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
_ANDROID = "https://esimsetup.android.com/esim_qrcode_provisioning?carddata="


@dataclass(frozen=True)
class Code:
    """An activation code, `LPA:1$address$matching id`: a credential, shown to its owner and to nobody else."""

    lpa: str = field(repr=False)

    @property
    def _parts(self) -> list[str]:
        return [*self.lpa.split("$"), "", "", "", ""]

    @property
    def smdp_address(self) -> str:
        return self._parts[1]

    @property
    def matching_id(self) -> str:
        return self._parts[2]

    @property
    def needs_confirmation(self) -> bool:
        """Whether the phone will ask for a confirmation code as well."""
        return self._parts[4] == "1"

    @property
    def iphone_url(self) -> str:
        return _APPLE + quote(self.lpa, safe="")

    @property
    def android_url(self) -> str:
        return _ANDROID + quote(self.lpa, safe="")


@dataclass(frozen=True)
class View:
    """What the page may show. state: preparing | installed | deleted | unknown; `code` only after a reveal."""

    state: str
    code: Code | None = None


def mine(user: User, subscription_id: int) -> Subscription | None:
    """This person's subscription of that id."""
    return Subscription.get_or_none((Subscription.id == subscription_id) & (Subscription.user == user.id))  # type: ignore[no-any-return]


def all_of(user: User) -> list[Subscription]:
    """This person's subscriptions, the newest first."""
    return list(Subscription.select().where(Subscription.user == user.id).order_by(Subscription.id.desc()))


def look(upstreams: Upstreams, subscription: Subscription) -> View:
    """The state now, without the code."""
    return View(_state(upstreams, subscription))


def reveal(upstreams: Upstreams, policy: Policy, subscription: Subscription, user: User) -> View:
    """The code at its owner's wish, audited. Refused: `esim_preparing`, `esim_used` once the provider says so, `esim_unreadable`."""
    state = _state(upstreams, subscription)
    if state == "preparing":
        raise Refused("esim_preparing")
    if state in {"installed", "deleted"}:
        raise Refused("esim_used")
    code = _code(upstreams, policy, subscription)
    AuditEntry.note(f"user:{user.id}", "reveal_esim", f"subscription:{subscription.id}", correlation_id=log.correlation_id())
    return View(state, code)


def _state(upstreams: Upstreams, subscription: Subscription) -> str:
    if not subscription.active:
        return "preparing"
    try:
        return STATES.get(upstreams.mobile.profile_state(subscription.sim_ref), "unknown")
    except UpstreamError as error:
        _log.warning("esim_state_unread", error_class=type(error).__name__, code=error.code)
        return "unknown"


def _code(upstreams: Upstreams, policy: Policy, subscription: Subscription) -> Code:
    kept = EsimSecret.get_or_none(EsimSecret.subscription == subscription.id)
    try:
        if kept:
            return Code(policy.vault.open(kept.sealed))
    except KeyLost:
        _log.error("esim_key_lost", reason="a former key is missing from ENCRYPTION_KEYS")
    lpa = _at_provider(upstreams, subscription)
    sealed = policy.vault.seal(lpa)
    if not EsimSecret.update(sealed=sealed).where(EsimSecret.subscription == subscription.id).execute():
        insert_once(EsimSecret, subscription=subscription.id, sealed=sealed)
    return Code(lpa)


def _at_provider(upstreams: Upstreams, subscription: Subscription) -> str:
    try:
        profile = upstreams.mobile.credentials(subscription.sim_ref)
    except UpstreamError as error:
        _log.warning("esim_code_unread", error_class=type(error).__name__, code=error.code)
        raise Refused("esim_unreadable") from error
    if profile is None:
        raise Refused("esim_unreadable")
    return profile.lpa
