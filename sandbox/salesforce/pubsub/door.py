"""Who may call the Pub/Sub API: the metadata of a call held against the sessions, addresses and rights of the org."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.salesforce.access import User
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.org import PERMISSIONS
from sandbox.salesforce.pubsub.refusals import Refusal
from sandbox.salesforce.pubsub.sessions import Watch
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.sessions import Sessions
from sandbox.settings import SandboxSettings
from sandbox.store import Store

HOSTS = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Door:
    """What a caller's metadata is held against; `users` makes a User of a user id, `watch` tells of sessions that were ended."""

    sessions: Sessions
    watch: Watch
    org_id: str
    instance_urls: frozenset[str]
    users: Callable[[str], User]

    @property
    def tenant(self) -> str:
        """The org as Pub/Sub words it."""
        return f"CORE/prod/{self.org_id}"

    def admit(self, metadata: Mapping[str, str]) -> User:
        """Raises Refusal: headers.invalid for what no org could have sent, auth.error for what is not of this one."""
        token, instance, tenant = (_given(metadata, name) for name in ("accesstoken", "instanceurl", "tenantid"))
        address, org = _address(instance), _org(tenant)
        user_id = self.sessions.user(token)
        if user_id is None or address not in self.instance_urls or org != self.org_id:
            raise Refusal("service.auth.error")
        return self.users(user_id)

    def renew(self, token: str) -> None:
        """Takes the token of a request's `auth_refresh`. Raises Refusal."""
        if self.sessions.user(token) is None:
            raise Refusal("service.auth.refresh.invalid")


def _given(metadata: Mapping[str, str], name: str) -> str:
    found = metadata.get(name, "").strip()
    if not found:
        raise Refusal("service.auth.headers.invalid", header=name)
    return found


def _address(instance: str) -> str:
    try:
        parts = urlsplit(instance)
    except ValueError as error:
        raise Refusal("service.auth.headers.invalid", header="instanceurl") from error
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
        raise Refusal("service.auth.headers.invalid", header="instanceurl")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _org(tenant: str) -> str:
    """The 18-character id of an org; 15 characters are taken too, as clients cut them from the token."""
    found = long_id(tenant)
    if found is None or not found.startswith("00D"):
        raise Refusal("service.auth.headers.invalid", header="tenantid")
    return found


def door(store: Store, settings: SandboxSettings, known: Schema) -> Door:
    held, ports = settings.credentials, settings.ports
    grants = known.permission_sets["Portal_Integration"]

    def user(user_id: str) -> User:
        bound = user_id == held.sf_user_id and store.get(PERMISSIONS, "free") is None
        return User(user_id, grants if bound else None)

    # a client is told the address by which it came to log in
    doors = (("https", ports.salesforce), ("http", ports.salesforce_plain))
    urls = frozenset(f"{scheme}://{host}:{port}" for host in HOSTS for scheme, port in doors)
    watch = Watch(store, settings.token_life_s)
    return Door(Sessions(store, held.org_id, settings.token_life_s), watch, held.org_id, urls, user)
