"""The staff's page of mails: what was sent and what was not, and how every mail looks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from console.i18n import LANGUAGES, lazy
from console.services import mail_previews, sent_mails
from console.services.job_words import MAILS
from console.web import headers
from console.web.auth import me, staff
from console.web.wired import bell, policy, upstreams

blueprint = Blueprint("staff_mail", __name__, url_prefix="/staff/mail")
# state: the pill's look and word
STATES: dict[str, tuple[str, Any]] = {
    "sent": ("ok", lazy("Sent")),
    "due": ("live", lazy("On its way")),
    "failed": ("bad", lazy("Given up")),
}
TABS: dict[str, Any] = {"": lazy("All"), "due": lazy("On its way"), "failed": lazy("Given up"), "sent": lazy("Sent")}


@blueprint.get("")
@staff("support")
def index() -> ResponseReturnValue:
    state = request.args.get("state", "")
    before = request.args.get("before", 0, type=int)
    mails, older = sent_mails.listed(state, before if 0 < before < 2**31 else 0)
    return render_template("staff/mail.html", mails=mails, older=older, state=state, tabs=TABS, states=STATES, words=MAILS)


@blueprint.post("/<int(max=2147483647):mail_id>/resend")
@staff("support")
def resend(mail_id: int) -> ResponseReturnValue:
    sent_mails.resend(mail_id, f"user:{me().id}")
    bell().outbox()
    return redirect("/staff/mail", 303)


@blueprint.get("/previews")
@staff("support")
def previews() -> ResponseReturnValue:
    return render_template("staff/mail_previews.html", templates=[(name, MAILS[name]) for name in mail_previews.TEMPLATES])


@blueprint.get("/previews/<template>")
@staff("support")
def preview(template: str) -> ResponseReturnValue:
    """One mail as its reader sees it, `?shape=text` as plain text."""
    language, shape = request.args.get("language", "en"), request.args.get("shape", "html")
    if template not in mail_previews.TEMPLATES or language not in LANGUAGES or shape not in {"html", "text"}:
        abort(404)
    written = mail_previews.preview(upstreams(), policy(), template, language)
    if shape == "text":
        return Response(written.text, content_type="text/plain; charset=utf-8")
    return headers.styled_inline(Response(written.html, content_type="text/html; charset=utf-8"))
