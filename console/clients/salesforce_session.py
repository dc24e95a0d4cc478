"""The integration user's session: minted by JWT bearer, shared by all threads, renewed by one of them."""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from console.clients.http import Http, parsed, refusal
from console.clients.salesforce_ids import canonical_id
from console.clients.salesforce_records import Session
from console.clock import now
from console.errors import Misconfigured, Unavailable, UpstreamError
from console.log import redact

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

UPSTREAM = "salesforce"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_LIFE_S = 170


class Sessions:
    """At most one login is under way; who waited for it shares its outcome, good or bad."""

    def __init__(self, http: Http, *, login_url: str, audience: str, client_id: str, username: str, private_key: str) -> None:
        self._http, self._login_url = http, login_url.rstrip("/")
        self._claims = {"iss": client_id, "sub": username, "aud": audience}
        self._pem = private_key
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._failure: tuple[float, UpstreamError] | None = None

    def current(self) -> Session:
        """The cached session, minted at first use."""
        return self._session or self._replace(None)

    def renew(self, stale: Session) -> Session:
        """A session other than `stale`: the one that another thread minted meanwhile, or a new one."""
        return self._replace(stale)

    def _replace(self, stale: Session | None) -> Session:
        asked = time.monotonic()
        with self._lock:
            if self._session is not None and self._session != stale:
                return self._session
            if self._failure and self._failure[0] > asked:
                raise self._failure[1]
            try:
                self._session = self._mint()
            except UpstreamError as failure:
                self._failure = (time.monotonic(), failure)
                raise
            return self._session

    def check_key(self) -> None:
        """Misconfigured unless the private key can sign."""
        assert self._key  # noqa: S101  reading it is the check

    @cached_property
    def _key(self) -> RSAPrivateKey:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            # the full check of an RSA key costs more than the rest of a process's wiring; a key that is not sound is refused at the log-in
            key = load_pem_private_key(self._pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
            raise Misconfigured(UPSTREAM, "private_key", "the private key is not a readable PEM") from failure
        if not isinstance(key, RSAPrivateKey):
            raise Misconfigured(UPSTREAM, "private_key", "the private key is not an RSA key")
        return key

    def _mint(self) -> Session:
        import jwt

        assertion = jwt.encode({**self._claims, "exp": int(now().timestamp()) + _ASSERTION_LIFE_S}, self._key, algorithm="RS256")
        response = self._http.call(
            "POST",
            f"{self._login_url}/services/oauth2/token",
            operation="token",
            mutates=False,
            data={"grant_type": _GRANT, "assertion": assertion},
        )
        answer = parsed(UPSTREAM, response, False) if _is_json(response.headers.get("Content-Type", "")) else None
        if response.status_code != 200 or not isinstance(answer, dict):
            raise self._refused(response, answer)
        return _session(answer)

    @staticmethod
    def _refused(response: Any, answer: Any) -> UpstreamError:
        if isinstance(answer, dict) and response.status_code < 500 and "error" in answer:
            return Misconfigured(UPSTREAM, str(answer["error"]), redact(str(answer.get("error_description") or "")))
        return refusal(UPSTREAM, response, False, "malformed" if response.status_code < 300 else "")


def _is_json(content_type: str) -> bool:
    return "json" in content_type.lower()


def _session(answer: dict[str, Any]) -> Session:
    token, instance_url, identity = (str(answer.get(key) or "") for key in ("access_token", "instance_url", "id"))
    org_id = canonical_id(identity.split("/")[-2]) if identity.count("/") >= 2 else None
    if not (token and instance_url.startswith("https://") and org_id):
        raise Unavailable(UPSTREAM, "malformed", "the token answer lacks access_token, https instance_url or id")
    return Session(token=token, instance_url=instance_url.rstrip("/"), org_id=org_id)
