"""Values that may be in one place only: passwords, keys, tokens, activation codes, people; sought everywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from console.models import TABLES, CustomerLink, EmailToken, EsimSecret, Order, Subscription, Throttle, User, UserSession
from tests.proving.storm.seen import Seen

# rows that hold people, or sealed things, by design
_PRIVATE = {User, EmailToken, UserSession, CustomerLink, Order, Subscription, EsimSecret, Throttle}
JOURNAL = [table for table in TABLES if table not in _PRIVATE]
_SHAPES = re.compile(r"LPA:1\$\S+|00D\w{12,15}!\S{8,}|(?<![\w.+-])[\w.+-]++@(?:example\.com|console\.example)(?![\w>.])|/confirm/\d+\.\S+")
SETTINGS = ("SECRET_KEY", "WHMCS_IDENTIFIER", "WHMCS_SECRET", "MOBILE_API_KEY", "MOBILE_WEBHOOK_SECRET")
# there are thousands of them: sought as whole words, all at once
_WORD = re.compile(r"[\w!.-]{8,}")


def escaped(seen: Seen) -> Iterator[str]:
    """I10: where which kind of secret was found; never the secret."""
    secrets = dict(_secrets(seen))
    assert len(secrets) > len(seen.crowd.customers), "nothing to look for"
    assert all(_WORD.fullmatch(secret) for secret in secrets), "a secret that would not be found"
    settings = [(name, seen.stage.variables[name]) for name in SETTINGS]
    for place, text in _places(seen):
        if shape := _SHAPES.search(text):
            yield f"{place}: something like {re.sub(r'[a-zA-Z0-9]', 'x', shape[0])[:40]}"
        yield from (f"{place}: {name}" for name, secret in settings if secret in text)
        yield from (f"{place}: {kind}" for kind in sorted({secrets[word] for word in set(_WORD.findall(text)) & secrets.keys()}))


def _secrets(seen: Seen) -> Iterator[tuple[str, str]]:
    """Value and kind, of people and of what was bought."""
    for customer in seen.crowd.customers:
        yield customer.person.password, "a password"
        yield customer.person.last_name, "a name"
    vault = seen.stage.console.policy.vault
    for row in EsimSecret.select():
        yield vault.open(row.sealed).split("$")[2], "an activation code"


def _places(seen: Seen) -> Iterator[tuple[str, str]]:
    yield from ((path.name, path.read_text(errors="replace")) for path in sorted(seen.stage.logs.iterdir()))
    for table in JOURNAL:
        yield table.__name__, "\n".join(str(row) for row in table.select().tuples())
    yield from ((path.name, path.read_bytes().decode("utf-8", "replace")) for path in _queue(seen.stage.folder))
    if seen.stage.redis:
        held = [key.decode("utf-8", "replace") for key in seen.stage.redis.ask("KEYS", "*")]
        yield "Redis", "\n".join(f"{key} {seen.stage.redis.ask('DUMP', key)!r}" for key in held)


def _queue(folder: Path) -> list[Path]:
    return sorted(folder.glob("queue.db*"))
