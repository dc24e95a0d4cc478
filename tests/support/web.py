"""A browser for named people, without a window: logs in, remembers the forgery token, asks for pages and fragments."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.test import TestResponse

from config import Settings
from console import clock
from console.app import create_app
from console.models import CustomerLink, User
from console.models.migrating import upgrade
from console.vault import hash_password

PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_HASH = hash_password(PASSWORD)


class _Compiled(BytecodeCache):
    """Templates as compiled once for all applications of a test run."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def make_app(settings: Settings) -> Flask:
    """The application of these settings, its tables made. It binds the database to the models: one app at a time."""
    app = create_app(settings)
    app.jinja_env.bytecode_cache = _COMPILED
    upgrade(app.extensions["console"].database)
    return app


def make_person(email: str, role: str = "customer", **values: Any) -> User:
    """A confirmed person with PASSWORD, who has seen the address page."""
    first = {"first_name": "Aiko", "last_name": "Tanaka", "address_seen": True, "confirmed_at": clock.now()}
    return User.create(**(first | {"email": email, "password_hash": _HASH, "role": role} | values))


def make_link(user: User, **values: Any) -> CustomerLink:
    """A finished, verified link."""
    first = {"sf_number": "SF-1001", "sf_account_id": "001000000000001AAA", "verified": True, "whmcs_client_id": 1, "whmcs_user_id": 1}
    return CustomerLink.create(user=user, **(first | values))


@dataclass
class Browser:
    """A test client that sends the token of the last page, as a person's browser does."""

    client: FlaskClient
    token: str = ""

    @classmethod
    def of(cls, app: Flask) -> "Browser":
        return cls(app.test_client())

    def get(self, path: str, **more: Any) -> TestResponse:
        return self._seen(self.client.get(path, **more))

    def fragment(self, path: str) -> TestResponse:
        """As HTMX asks."""
        return self.get(path, headers={"HX-Request": "true"})

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Sends a form with the token of the last page that had one."""
        if not self.token:
            self.get("/login")
        return self._seen(self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **more))

    def log_in(self, user: User, password: str = PASSWORD) -> TestResponse:
        """Logs in as this person; the token afterwards is the new session's."""
        self.get("/login")
        answer = self.post("/login", {"email": user.email, "password": password})
        self.get("/no-such-page")  # any page of a logged-in person carries the token in its log-out form
        return answer

    def _seen(self, answer: TestResponse) -> TestResponse:
        if answer.mimetype == "text/html" and (found := _TOKEN.search(answer.get_data(as_text=True))):
            self.token = found.group(1)
        return answer
