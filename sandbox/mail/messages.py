"""Messages as they were sent: the raw bytes, and what a reader wants to see of them."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr

from sandbox import clock
from sandbox.store import Doc, Store

KIND = "mail_message"
ORDER_HEADER = "X-Entity-Ref-ID"


def keep(store: Store, raw: bytes, sender: str, recipients: list[str]) -> Doc:
    """Stores one message for all its recipients; `at` is the moment of its arrival."""
    parsed = parse(raw)
    headers = all_headers(parsed)
    with store.write():
        number = store.number("mail_message")
        doc: Doc = {
            "id": number,
            "message_id": str(parsed.get("Message-ID", "")),
            "to": ", ".join(recipients),
            "recipients": [address.lower() for address in recipients],
            "from": parseaddr(str(parsed.get("From", "")))[1] or sender,
            "subject": str(parsed.get("Subject", "")),
            "at": clock.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "headers": headers,
            "text": body(parsed, "plain"),
            "html": body(parsed, "html"),
            "raw": base64.b64encode(raw).decode(),
        }
        store.put(KIND, str(number), doc)
    return doc


def parse(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 - what the default policy always makes
    return parsed


def all_headers(parsed: EmailMessage) -> dict[str, str]:
    """By name as sent; a header that came more than once has a line for each."""
    headers: dict[str, str] = {}
    for name, value in parsed.items():
        headers[name] = f"{headers[name]}\n{value}" if name in headers else str(value)
    return headers


def body(parsed: EmailMessage, kind: str) -> str | None:
    part = parsed.get_body((kind,))
    if part is None:
        return None
    payload = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    try:
        return payload.decode(charset, "replace") if isinstance(payload, bytes) else None
    except LookupError:
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else None


def shown(doc: Doc) -> Doc:
    names = ("id", "message_id", "to", "from", "subject", "at", "headers", "text", "html")
    return {name: doc[name] for name in names}


def addressed(store: Store, to: str) -> list[Doc]:
    """In the order of arrival; without an address all of them."""
    wanted = to.strip().lower()
    return store.scan(KIND, lambda doc: not wanted or wanted in doc["recipients"])
