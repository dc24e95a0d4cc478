"""The durable write of name and address to billing: what the customer changed last, however often and whenever billing answers."""

from __future__ import annotations

from console.models import BillingChange
from console.services.provisioning.guard import link_of
from console.services.provisioning.plan import Done, Plan, Run, Step


def client_details(run: Run, _line: str) -> Done:
    """The newest change; absolute values, so that a repeat harms nobody."""
    change = BillingChange.of(run.job.user_id)
    if change is None:
        return Done()
    client_id = link_of(run).whmcs_client_id
    run.upstreams.whmcs.change_client(client_id, change.fields)
    return Done(str(client_id), also=change.written)


def _nothing(_run: Run) -> None:
    """The page tells by the change itself whether billing has it."""


BILLING = Plan(steps=(Step("client_details", "whmcs", client_details, every_run=True),), finished=_nothing, changed=_nothing)
