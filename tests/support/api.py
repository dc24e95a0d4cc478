"""A program that speaks JSON to the portal, as its users' own programs do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from console.models import User
from tests.support.web import PASSWORD, Browser


@dataclass
class Program:
    """Asks for the forgery token once for each login and sends it with every unsafe call."""

    client: FlaskClient
    token: str = field(default="", repr=False)

    @classmethod
    def of(cls, app: Flask) -> Program:
        return cls(app.test_client())

    @classmethod
    def beside(cls, browser: Browser) -> Program:
        """In the same login as that browser."""
        return cls(browser.client)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(f"/api{path}", **more)

    def send(self, method: str, path: str, body: object = None, **more: Any) -> TestResponse:
        if not self.token:
            self.token = self.get("/auth/csrf").json["csrfToken"]
        return self.client.open(f"/api{path}", method=method, json=body, headers={"X-CSRFToken": self.token}, **more)

    def post(self, path: str, body: object = None, **more: Any) -> TestResponse:
        return self.send("POST", path, {} if body is None else body, **more)

    def log_in(self, user: User, password: str = PASSWORD) -> TestResponse:
        answer = self.post("/auth/login", {"email": user.email, "password": password})
        self.token = ""
        return answer
