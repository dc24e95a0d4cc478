"""Questions about Pub/Sub that no document settles, with their answers: switches of the org like any other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import grpc

from sandbox.salesforce.pubsub.refusals import Refusal
from sandbox.salesforce.pubsub.stream import Pace
from sandbox.store import Doc

# the first answer holds until somebody switches
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "idle_stream": ("ends", "fails"),  # a subscription that asked for nothing for a minute
    "empty_answer_s": (60, 270),  # of quiet, until an answer without events
    "quiet_publisher_s": (1800, 70),  # until a PublishStream is ended; both are Salesforce's words
    "unknown_topic_status": ("NOT_FOUND", "PERMISSION_DENIED"),
}


def _answers(switched: Doc) -> Doc:
    return {name: answers[0] for name, answers in CHOICES.items()} | switched


def paced(usual: Pace, switched: Doc) -> Pace:
    """The pace of a stream that begins now; a quick sandbox is as much quicker in the other answers."""
    now = _answers(switched)
    return replace(
        usual,
        keepalive=usual.keepalive * now["empty_answer_s"] / CHOICES["empty_answer_s"][0],
        sweep=usual.sweep * now["quiet_publisher_s"] / CHOICES["quiet_publisher_s"][0],
        idle_fails=now["idle_stream"] == "fails",
    )


def unknown_topic(switched: Doc, org: str, topic: str) -> Refusal:
    return Refusal("topic.not.found", status=grpc.StatusCode[_answers(switched)["unknown_topic_status"]], org=org, topic=topic)
