"""Secrets: passwords hashed, activation codes encrypted at rest, tokens that can be rebuilt but not guessed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

# t=2, 19 MiB, p=1: OWASP's minimum, about 23 ms; the library's default costs 131 ms a login.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_DUMMY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """The argon2id hash, parameters included."""
    return _HASHER.hash(password)


def password_matches(stored: str | None, given: str) -> bool:
    """Whether it is the one; for None an equally slow check that always fails, so that time tells nothing."""
    try:
        return _HASHER.verify(stored or _DUMMY, given) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def fingerprint(secret: str) -> str:
    """What the database keeps of an opaque id: SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyLost(Exception):
    """Sealed under a key that this installation does not have (any more)."""


class Vault:
    """The keys of this installation. The first encryption key encrypts, all of them decrypt."""

    def __init__(self, secret_key: str, encryption_keys: Sequence[str], fallbacks: Sequence[str] = ()) -> None:
        self._signers = [key.encode() for key in (secret_key, *fallbacks)]
        self._fernet = MultiFernet([Fernet(key) for key in encryption_keys])

    def seal(self, text: str) -> str:
        """The text encrypted, printable."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again; KeyLost when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise KeyLost from error

    def token(self, purpose: str, row_id: int, nonce: str) -> str:
        """The token of a row, `<id>.<signature>`: the database holds only the nonce, a mail can rebuild it when it is sent."""
        return f"{row_id}.{_sign(self._signers[0], purpose, row_id, nonce)}"

    def token_matches(self, token: str, purpose: str, row_id: int, nonce: str) -> bool:
        """Whether this installation made the token for that row, under the present or a former key."""
        made = (f"{row_id}.{_sign(key, purpose, row_id, nonce)}" for key in self._signers)
        return any(hmac.compare_digest(token.encode(), candidate.encode()) for candidate in made)


def _sign(key: bytes, purpose: str, row_id: int, nonce: str) -> str:
    digest = hmac.new(key, f"{purpose}|{row_id}|{nonce}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def random_password() -> str:
    """A password that nobody is to know."""
    return secrets.token_urlsafe(24)
