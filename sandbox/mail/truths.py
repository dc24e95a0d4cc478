"""Which mails say that they are about an order, for /control/truth; a test or a person finds the rest in the inbox."""

from sandbox import pointing
from sandbox.mail.messages import KIND, ORDER_HEADER
from sandbox.pointing import Pointer
from sandbox.store import Doc, View

TOLD = ("message_id", "to", "subject", "at")


def pointers(message: Doc) -> tuple[Pointer, ...]:
    return pointing.to_order(message["headers"].get(ORDER_HEADER))


def told(view: View, message: Doc) -> Doc:
    return {name: message[name] for name in TOLD}


HELD = pointing.Holdings(KIND, pointers, told)
