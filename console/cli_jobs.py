"""The command line's group `jobs`: what the staff's pages of jobs show and do, for operators and scripts.

Exit codes: 0 done, 1 an upstream does not answer, 2 wrong use, 3 refused by the job's state or by what was read upstream, 4 not found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import click
from flask.cli import AppGroup, with_appcontext

from console import log
from console.errors import Refused, UpstreamError
from console.models import Job
from console.services import explaining, finding_jobs, job_story, retrying, staff_verbs
from console.services.finding_jobs import TABS, Listed, Wanted
from console.services.provisioning.verbs import VERBS, Offer, Verb
from console.web import wired

TROUBLE, REFUSED, NOT_FOUND = 1, 3, 4
HELP = {
    "retry": "Queue a job again with fresh counters; what its journal says was done stays done.",
    "resume": "Run now what waits for its time or for the customer; its counters stay.",
    "hold": "Nothing happens with the job until it is released.",
    "release": "Let a job go on that staff hold.",
    "adopt": "Record as done what the step's own look-up finds upstream.",
    "complete": "Record as done what has this id upstream, once a read shows that it is ours and as approved.",
    "undo": "Forget an effect that was removed upstream, once a read shows that it is gone.",
    "keep": "Go on as approved although the order was changed in Salesforce.",
    "cancel": "End the order, when nothing is left that was made for it.",
}

jobs = AppGroup("jobs", help="Provisioning and sign-up jobs.")
as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")


@jobs.command("list")
@click.option("--state", "tab", type=click.Choice(list(TABS)), help="Default: open, or all for a search.")
@click.option("--search", "text", default="", help="An order, customer or WHMCS number, an ICCID, an e-mail address.")
@click.option("--before", default="", help="The cursor that the page before ended with.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@as_json
def list_jobs(tab: str | None, text: str, before: str, limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    found = finding_jobs.find(Wanted(tab or ("all" if text else "open"), text, before, personal=True), limit)
    if as_json:
        _print_json({"jobs": [_listed(row) for row in found.rows], "counts": found.counts, "older": found.older})
        return
    for row in found.rows:
        name = row.order_number or row.kind
        click.echo(f"{row.id:>8}  {row.state:<15}  {name:<12}  {row.sf_number:<12}  {row.step:<15}  {row.attempt:>3}  {row.error_code}")
    if found.older:
        click.echo(f"older: --before {found.older}")


@jobs.command("show")
@click.argument("job")
@as_json
def show(job: str, as_json: bool) -> None:
    """Tell a job's story; JOB is its number or the order's Salesforce id."""
    row = _job(job)
    story = job_story.tell(row)
    if as_json:
        _print_json({**_of(row), "why": explaining.why(row), "timeline": [_entry(entry) for entry in story.entries]})
        return
    _head(row)
    for entry in story.entries:
        at = f"{entry.at:%Y-%m-%d %H:%M:%SZ}" if entry.at else ""
        told = " · ".join(part for part in (entry.title, entry.actor, entry.detail) if part)
        click.echo(f"{at:<20}  {entry.lane:<10}  {entry.state:<7}  {told}")


@jobs.command("explain")
@click.argument("job")
@as_json
def explain(job: str, as_json: bool) -> None:
    """Why a job is where it is, the evidence, and which commands work now; JOB as for show."""
    row = _job(job)
    steps = {offer.verb: [f"{name} {line}".strip() for name, line in offer.steps] for offer in _offers(row)}
    if as_json:
        _print_json({**_of(row), "why": explaining.why(row), "evidence": row.evidence, "verbs": steps})
        return
    _head(row)
    if row.evidence:
        click.echo(json.dumps(row.evidence, indent=2, ensure_ascii=False))
    for verb, of in steps.items():
        click.echo(f"can: {verb}" + (f" --step {' | '.join(map(repr, of))}" if of else ""))


def _head(row: Job) -> None:
    click.echo(f"job {row.id}: {row.kind} {row.sf_order_id or ''} · {row.state}")
    if why := explaining.why(row):
        click.echo(f"why: {why}")


def _offers(row: Job) -> list[Offer]:
    return staff_verbs.offered(wired.upstreams(), wired.policy(), row, "admin")


def _command(name: str, verb: Verb) -> click.Command:
    """The command of one staff verb, its options after the table."""
    options: list[click.Parameter] = [click.Argument(["job"])]
    if "step" in verb.asks:
        options.append(
            click.Option(["--step"], default="", help="The step, with its line after a space; may be left out when there is one.")
        )
    if "ref" in verb.asks:
        options.append(click.Option(["--ref"], required=True, help="Its id upstream: WHMCS order or client, mobile subscription."))
    options.append(click.Option(["--reason"], default="", required=verb.reasoned, help="For the audit; no personal data."))
    options.append(click.Option(["--json", "as_json"], is_flag=True, help="Machine-readable output."))

    def run(job: str, as_json: bool, **asked: str) -> None:
        _carry_out(_job(job), name, as_json, asked)

    return click.Command(name, params=options, callback=with_appcontext(run), help=f"{HELP[name]} Exit 3 where that is refused.")


def _carry_out(row: Job, verb: str, as_json: bool, asked: dict[str, str]) -> None:
    if asked.get("step") == "":
        asked["step"] = _only_step(row, verb)
    try:
        with log.correlated():
            staff_verbs.carry_out(wired.upstreams(), wired.policy(), row, verb, actor="cli", **asked)
    except Refused as refusal:
        _refused(row, refusal, as_json)
    except UpstreamError as error:
        if as_json:
            _print_json({"ok": False, "id": row.id, "code": error.code, "upstream": error.upstream})
        _leave(TROUBLE, f"{error.upstream} does not answer as it should: {error.code}")
    wired.bell().jobs([row.id])
    wired.bell().outbox()
    _print_json({"ok": True, "id": row.id}) if as_json else click.echo(Job.get_by_id(row.id).state)


def _only_step(row: Job, verb: str) -> str:
    steps = [f"{name} {line}".strip() for offer in _offers(row) if offer.verb == verb for name, line in offer.steps]
    return steps[0] if len(steps) == 1 else ""


def _refused(row: Job, refusal: Refused, as_json: bool) -> NoReturn:
    if refusal.code == "reason_needed":
        raise click.BadParameter("1 to 300 characters", param_hint="--reason")
    state = refusal.detail["state"]
    told: dict[str, object] = {key: refusal.detail[key] for key in ("why", "evidence", "effects") if key in refusal.detail}
    if as_json:
        _print_json({"ok": False, "id": row.id, "code": refusal.code, "state": state, **told})
    elif told:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    _leave(REFUSED, f"refused: {refusal.code} (the job is {state})")


for _name, _verb in VERBS.items():
    jobs.add_command(_command(_name, _verb))


def _job(named: str) -> Job:
    found = finding_jobs.named(named)
    if found is None:
        _leave(NOT_FOUND, "There is no such job.")
    return found


def _leave(code: int, message: str) -> NoReturn:
    click.echo(message, err=True)
    raise SystemExit(code)


def _print_json(value: Mapping[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _listed(row: Listed) -> dict[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "state": row.state,
        "sfOrderId": row.sf_order_id, "orderNumber": row.order_number, "sfNumber": row.sf_number,
        "step": row.step, "attempt": row.attempt, "errorCode": row.error_code, "nextTryAt": row.next_try_at, "createdAt": row.created_at,
    }  # fmt: skip


def _of(row: Job) -> dict[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "state": row.state, "sfOrderId": row.sf_order_id or "",
        "step": row.current_step, "attempt": row.attempt, "heldBy": row.held_by,
        "errorClass": row.error_class, "errorCode": row.error_code, "errorText": row.error_text,
        "correlationId": row.correlation_id,
        "createdAt": row.created_at, "finishedAt": row.finished_at, "mayRetry": retrying.may_retry(row),
    }  # fmt: skip


def _entry(entry: job_story.Entry) -> dict[str, Any]:
    return {
        "lane": entry.lane, "state": entry.state, "title": entry.title, "at": entry.at, "detail": entry.detail, "ms": entry.duration_ms,
        "times": entry.times, "actor": entry.actor,
    }  # fmt: skip
