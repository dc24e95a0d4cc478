"""Messages as they were sent: the raw bytes, and what a reader wants to see of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import Any

from sandbox import clock
from sandbox.store import Doc, Store

KIND = "mail_message"
ORDER_HEADER = "X-Entity-Ref-ID"
SHOWN = ("id", "message_id", "to", "from", "subject", "at", "headers", "text", "html", "attachments")
# what Python's parser raises on headers that are no headers
UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, AssertionError)


def keep(store: Store, raw: bytes, sender: str, recipients: list[str]) -> Doc:
    """Stores one message for all its recipients; `at` is the moment of its arrival."""
    parsed = parse(raw)
    with store.write():
        number = store.number("mail_message")
        doc: Doc = {
            "id": number,
            "message_id": header(parsed, "Message-ID"),
            "to": ", ".join(readable(address) for address in recipients),
            "recipients": [readable(address).lower() for address in recipients],
            "from": parseaddr(header(parsed, "From"))[1] or readable(sender),
            "subject": header(parsed, "Subject"),
            "at": clock.moment().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "headers": all_headers(parsed),
            "text": body(parsed, "plain"),
            "html": body(parsed, "html"),
            "attachments": [described(part) for part in attached(parsed)],
            "raw": base64.b64encode(raw).decode(),
        }
        store.put(KIND, str(number), doc)
    return doc


def parse(raw: bytes) -> EmailMessage:
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)  # noqa: S101 - what the default policy always makes
    return parsed


def readable(text: str) -> str:
    """Bytes that were no UTF-8 are shown as such, since nothing else could be stored or written on a page."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def header(parsed: Message[Any, Any], name: str) -> str:
    """Decoded; as it was sent where nobody can decode it."""
    sent = next((value for key, value in parsed.raw_items() if key.lower() == name.lower()), "")
    return decoded(parsed, name, sent)


def decoded(parsed: Message[Any, Any], name: str, sent: Any) -> str:
    try:
        return readable(str(parsed.policy.header_fetch_parse(name, sent)))
    except UNREADABLE:
        return readable(str(sent))


def all_headers(parsed: EmailMessage) -> dict[str, str]:
    """By name as sent; a header that came more than once has a line for each."""
    headers: dict[str, str] = {}
    for sent_name, sent in parsed.raw_items():
        name, value = readable(sent_name), decoded(parsed, sent_name, sent)
        headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    return headers


def body(parsed: EmailMessage, kind: str) -> str | None:
    try:
        part = parsed.get_body((kind,))
    except UNREADABLE:
        return readable(str(parsed.get_payload())) if kind == "plain" else None
    return text_of(part) if part is not None else None


def text_of(part: Message[Any, Any]) -> str | None:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    try:
        return readable(payload.decode(part.get_content_charset() or "utf-8", "replace"))
    except UNREADABLE:
        return payload.decode("utf-8", "replace")


def attached(parsed: EmailMessage) -> list[Message[Any, Any]]:
    """Files and pictures; text and its HTML twin are not."""
    return [part for part in leaves(parsed) if is_file(part)]


def leaves(parsed: Message[Any, Any]) -> Iterator[Message[Any, Any]]:
    return (part for part in parsed.walk() if not part.is_multipart())


def is_file(part: Message[Any, Any]) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or bool(part.get_filename()) or part.get_content_maintype() != "text"
    except UNREADABLE:
        return False


def described(part: Message[Any, Any]) -> Doc:
    return {"name": readable(part.get_filename() or ""), "type": readable(part.get_content_type()), "size": len(content(part))}


def content(part: Message[Any, Any]) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def shown(doc: Doc) -> Doc:
    """`attachments` is missing in messages that an older sandbox kept."""
    return {"attachments": [], **{name: doc[name] for name in SHOWN if name in doc}}


def addressed(store: Store, to: str) -> list[Doc]:
    """In the order of arrival; without an address all of them."""
    wanted = to.strip().lower()
    return store.scan(KIND, lambda doc: not wanted or wanted in doc["recipients"])


def remove(store: Store, docs: list[Doc]) -> int:
    with store.write():
        for doc in docs:
            store.drop(KIND, str(doc["id"]))
    return len(docs)
