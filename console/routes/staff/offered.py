"""How the staff verbs are worded on a job's page: ready values for templates, from what the table offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.i18n import lazy
from console.models import Job
from console.services import job_words as words
from console.services.finding_jobs import approved
from console.services.provisioning.verbs import VERBS, Offer

# verb: title, what it does, button
WORDS: dict[str, tuple[Any, Any, Any]] = {
    "resume": (lazy("Run now"), lazy("It is due at once. Its attempts are counted on."), lazy("Run now")),
    "hold": (lazy("Hold"), lazy("Nothing happens with it until somebody releases it."), lazy("Hold")),
    "release": (lazy("Release"), lazy("It goes on where it stood."), lazy("Release")),
    "adopt": (
        lazy("Adopt what exists"),
        lazy("We look upstream for what carries this order's mark. If it is there and as approved, the step is done and the job goes on."),
        lazy("Look and adopt"),
    ),
    "complete": (
        lazy("Mark a step complete"),
        lazy("You made it by hand, or know which one it is. We read it and compare it with the order before anything is recorded."),
        lazy("Check and mark complete"),
    ),
    "undo": (
        lazy("Undo a step"),
        lazy("You have removed it upstream. We read that it is gone; a retry makes it anew, and a cancel becomes possible."),
        lazy("Check and undo"),
    ),
    "keep": (
        lazy("Go on as approved"),
        lazy("The order was changed in Salesforce since. The lines as they were approved are carried out, the change is set aside."),
        lazy("Go on as approved"),
    ),
    "cancel": (
        lazy("Cancel the order"),
        lazy("Nothing is left upstream. The order ends here, in Salesforce and on the customer's page too."),
        lazy("Cancel the order"),
    ),
}


@dataclass(frozen=True)
class Shown:
    """One verb of the page. `steps` are (value, word); `ends` for what cannot be taken back."""

    verb: str
    address: str
    title: str
    text: str
    button: str
    reasoned: bool
    asks_ref: bool
    ends: bool
    steps: tuple[tuple[str, str], ...]


def shown(job: Job, offers: Iterable[Offer]) -> list[Shown]:
    """Every verb but the retry, which stands in the page's head."""
    return [_shown(job, offer) for offer in offers if offer.verb in WORDS]


def _shown(job: Job, offer: Offer) -> Shown:
    row, (title, text, button) = VERBS[offer.verb], WORDS[offer.verb]
    steps = tuple((f"{name} {line}".strip(), step_words(job, name, line)) for name, line in offer.steps)
    return Shown(
        offer.verb, f"/staff/jobs/{job.id}/{row.noun}", str(title), str(text), str(button), row.reasoned, "ref" in row.asks,
        offer.verb == "cancel", steps,
    )  # fmt: skip


def step_words(job: Job, name: str, line: str) -> str:
    """The step's title, and which product's where it is one line's."""
    title = words.step_title(job.kind, name)
    product = next((one["name"] for one in approved(job.snapshot).get("lines", []) if one["item_id"] == line), line)
    return f"{title} · {product}" if line else title
