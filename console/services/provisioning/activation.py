"""The eSIM of each mobile line at the provider: its user, its subscription, its profile."""

from __future__ import annotations

from collections.abc import Sequence

from console.clients.gigs import Operation
from console.errors import Contradiction, NeedsStaff, NotYet
from console.models import CustomerLink, EsimSecret, Subscription, User
from console.services.provisioning.guard import link_of
from console.services.provisioning.plan import Done, Run


def mobile_lines(run: Run) -> Sequence[str]:
    """OrderItem ids of the lines with a mobile plan."""
    return [item_id for item_id, line in run.lines.items() if line["plan"]]


def any_mobile(run: Run) -> Sequence[str]:
    return ("",) if mobile_lines(run) else ()


def op_key(item_id: str) -> str:
    """Our name for one activation: metadata `portal_op`, and the Idempotency-Key of its first sending."""
    return f"act-{item_id}"


def _undone(run: Run, line: str) -> int:
    """How often staff took this activation back: those have ended, and a repeated Idempotency-Key would bring an ended one again."""
    row = run.journal.get(("esim", line))
    return int(row.result.get("undone", 0)) if row else 0


def mobile_user(run: Run, _line: str) -> Done:
    """The customer's user at the provider: the stored one, else found by e-mail or made (e-mails are unique there, so it is repeatable)."""
    link = link_of(run)
    if link.mobile_user_ref:
        return Done(link.mobile_user_ref)
    user = User.get_by_id(run.job.user_id)
    ref = run.upstreams.mobile.ensure_user(email=user.email, full_name=user.name, locale=user.language)
    return Done(ref, also=lambda: CustomerLink.change(link.user_id, mobile_user_ref=ref))


def plan_of(run: Run, line: str) -> str:
    """What may be out of stock at the provider."""
    return str(run.lines[line]["plan"])


def activate(run: Run, line: str) -> Done:
    """One subscription with an eSIM allocated by the provider; our key goes with the call."""
    key, undone = op_key(line), _undone(run, line)
    made = run.upstreams.mobile.activate(
        key, user_ref=run.step("mobile_user").upstream_ref, plan_code=plan_of(run, line), send_key=f"{key}-{undone}" if undone else key
    )
    return _done(run, line, made)


def find_activation(run: Run, line: str) -> Done | None:
    """The subscription that carries our key; another plan or two of them are a contradiction."""
    found = _ours(run, line)
    if len(found) > 1:
        raise Contradiction("two_matches", {"subscriptions": [one.provider_ref for one in found]})
    return _done(run, line, _as_approved(run, line, found[0])) if found else None


def _ours(run: Run, line: str) -> list[Operation]:
    """What carries our key, without what staff have ended."""
    found = run.upstreams.mobile.find(op_key(line), user_ref=run.step("mobile_user").upstream_ref)
    return [one for one in found if one.state != "failed" or not _undone(run, line)]


def _as_approved(run: Run, line: str, found: Operation) -> Operation:
    if found.plan_code != plan_of(run, line):
        raise Contradiction("plan_differs", {"approved": plan_of(run, line), "found": found.plan_code, "subscription": found.provider_ref})
    return found


def _done(run: Run, line: str, operation: Operation) -> Done:
    if operation.state == "failed":
        raise NeedsStaff("activation_failed", operation.provider_ref)
    undone = {"undone": _undone(run, line)} if _undone(run, line) else {}
    return Done(operation.provider_ref, {"sim": operation.sim_ref, "iccid": operation.iccid, **undone})


def confirm_activation(run: Run, line: str, ref: str) -> Done | None:
    """The subscription that staff name: this customer's, of the approved plan, and either made by hand or under our key."""
    found = run.upstreams.mobile.operation(ref)
    if found is None:
        return None
    if found.user_ref != run.step("mobile_user").upstream_ref or found.op_key not in {"", op_key(line)}:
        raise Contradiction("not_ours", {"subscription": ref, "user": found.user_ref, "portal_op": found.op_key})
    others = [one.provider_ref for one in _ours(run, line) if one.provider_ref != ref]
    if others:
        raise Contradiction("two_matches", {"subscriptions": [ref, *others]})
    return _done(run, line, _as_approved(run, line, found))


def ended(run: Run, line: str, ref: str) -> bool:
    """Whether the subscription, and whatever else carries our key, has ended or is not there."""
    known = run.upstreams.mobile.operation(ref) if ref else None
    return (known is None or known.state == "failed") and all(one.state == "failed" for one in _ours(run, line))


def forget(line: str) -> None:
    """The customer's service of that line is as if it had never been made; one that is in use stays."""
    Subscription.delete().where((Subscription.sf_item_id == line) & (Subscription.active == False)).execute()  # noqa: E712


def profile(run: Run, line: str) -> Done:
    """Done when the SIM and its credentials exist; never waits for `active`, which may come only after the customer installs it."""
    sim_ref, iccid = _allocated(run, line)
    found = run.upstreams.mobile.credentials(sim_ref)
    if found is None:
        raise NotYet("mobile", "credentials_pending")
    return Done(sim_ref, {"iccid": iccid}, lambda: _keep(run, line, sim_ref, iccid, found.lpa))


def _allocated(run: Run, line: str) -> tuple[str, str]:
    """The SIM and its ICCID: from the activation's answer, or read again when the provider was still allocating."""
    step = run.step("esim", line)
    if step.result["sim"]:
        return step.result["sim"], step.result["iccid"]
    operation = run.upstreams.mobile.operation(step.upstream_ref)
    if operation is None:
        raise NeedsStaff("subscription_gone", step.upstream_ref)
    if not operation.sim_ref:
        raise NotYet("mobile", "sim_pending", poll_after=operation.poll_after_s)
    return operation.sim_ref, operation.iccid


def _keep(run: Run, line: str, sim_ref: str, iccid: str, lpa: str) -> None:
    row = keep_subscription(run, line, mobile_ref=run.step("esim", line).upstream_ref, sim_ref=sim_ref, iccid=iccid)
    EsimSecret.keep(row.id, run.policy.vault.seal(lpa))


def keep_subscription(run: Run, line: str, **values: object) -> Subscription:
    """The customer's service of that line: made once, then only completed."""
    ordered = run.lines[line]
    at_first = {
        "user": run.job.user_id, "order": run.order.id if run.order else None, "sf_order_id": run.job.sf_order_id,
        "name": ordered["name"], "category": ordered["category"],
    }  # fmt: skip
    return Subscription.keep(line, at_first, **values)
