"""Who may call the Pub/Sub API: the metadata of a call held against the sessions, addresses and rights of the org."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.salesforce.access import User
from sandbox.salesforce.pubsub_refusals import Refusal
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.sessions import Sessions
from sandbox.settings import SandboxSettings
from sandbox.store import Store


@dataclass(frozen=True)
class Door:
    """What a caller's metadata is held against; `users` makes a User of a user id."""

    sessions: Sessions
    org_id: str
    instance_urls: frozenset[str]
    users: Callable[[str], User]

    def admit(self, metadata: dict[str, str]) -> User:
        token, instance, tenant = (metadata.get(name, "").strip() for name in ("accesstoken", "instanceurl", "tenantid"))
        if not (token and instance and tenant):
            raise Refusal("service.auth.headers.invalid")
        user_id = self.sessions.user(token)
        if user_id is None or instance.rstrip("/") not in self.instance_urls or tenant not in (self.org_id, self.org_id[:15]):
            raise Refusal("service.auth.error")
        return self.users(user_id)


def door(store: Store, settings: SandboxSettings, known: Schema) -> Door:
    held = settings.credentials
    grants = known.permission_sets["Portal_Integration"]

    def user(user_id: str) -> User:
        return User(user_id, grants if user_id == held.sf_user_id else None)

    urls = frozenset({settings.login_url, settings.url["salesforce_plain"]})
    return Door(Sessions(store, held.org_id, settings.token_life_s), held.org_id, urls, user)
