"""An eSIM of a customer at the provider, and the phone that installs it."""

from __future__ import annotations

import urllib.parse
import urllib.request
from itertools import count

from console.models import EsimSecret, Subscription, User
from console.services.upstreams import Policy, Upstreams
from tests.support.sandbox import Running

_numbers = count(1)


def activated(upstreams: Upstreams, policy: Policy, user: User, keep_code: bool = True, active: bool = True) -> Subscription:
    """As provisioning leaves it: activated, its code sealed here. The plan is of a provider that reports what becomes of a profile."""
    item_id = f"802SB{next(_numbers):010d}AAA"
    owner = upstreams.mobile.ensure_user(email=user.email, full_name="Aiko Tanaka", locale="en")
    made = upstreams.mobile.activate(f"act-{item_id}", user_ref=owner, plan_code="pln_jp20")
    while not made.sim_ref:
        found = upstreams.mobile.operation(made.provider_ref)
        assert found
        made = found
    row = Subscription.create(
        user=user, sf_order_id="801SB0000000001AAA", sf_item_id=item_id, name="eSIM 20 GB", category="SIM", mobile_ref=made.provider_ref,
        sim_ref=made.sim_ref, iccid=made.iccid, active=active,
    )  # fmt: skip
    if keep_code:
        EsimSecret.create(subscription=row, sealed=policy.vault.seal(code_at_provider(upstreams, row)))
    return row


def code_at_provider(upstreams: Upstreams, row: Subscription) -> str:
    """The activation code as the provider tells it."""
    while (profile := upstreams.mobile.credentials(row.sim_ref)) is None:
        pass
    return profile.lpa


def use(sandbox: Running, row: Subscription, step: str) -> None:
    """install, on, off or delete, on the sandbox's phone."""
    form = urllib.parse.urlencode({"sim": row.sim_ref, "do": step}).encode()
    urllib.request.urlopen(f"{sandbox.info['mobile']['url']}/phone", form, timeout=10).close()
