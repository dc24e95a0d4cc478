"""A client of the mobile provider, for tests of the sandbox: its API, its switches and its phone."""

from typing import Any

import requests


class Gigs:
    def __init__(self, info: dict[str, Any]) -> None:
        self.root = info["mobile"]["url"]
        self.project = info["mobile"]["project"]
        self.url = f"{self.root}/projects/{self.project}"
        self.key = {"Authorization": f"Bearer {info['mobile']['api_key']}"}

    def call(self, method: str, path: str, body: Any = None, key: str | None = None, **query: Any) -> requests.Response:
        headers = {**self.key, **({"Idempotency-Key": key} if key else {})}
        return requests.request(method, f"{self.url}/{path}", json=body, params=query, headers=headers, timeout=10)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.call("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, status: int = 201, key: str | None = None) -> dict[str, Any]:
        answer = self.call("POST", path, body, key)
        assert answer.status_code == status, answer.text
        return answer.json()

    def user(self, email: str) -> str:
        return self.post("users", {"email": email, "fullName": "Aiko Tanaka", "preferredLocale": "ja-JP"})["id"]

    def activate(self, user: str, plan: str = "pln_jp20v", key: str | None = None, **metadata: str) -> dict[str, Any]:
        return self.post("subscriptions", {"plan": plan, "user": user, "sim": "auto", "metadata": metadata}, key=key)

    def behave(self, **switches: Any) -> int:
        return requests.post(f"{self.root}/sandbox/behaviour", json=switches, timeout=10).status_code

    def phone(self, **form: str) -> str:
        return requests.post(f"{self.root}/phone", data=form, timeout=10).text

    def profile(self, sim: str) -> str:
        return self.get(f"sims/{sim}/eSimProfile")["status"]

    def living(self, email: str, plan: str = "pln_jp20v") -> dict[str, Any]:
        """A subscription whose eSIM is on a phone."""
        made = self.activate(self.user(email), plan=plan)
        self.phone(sim=made["sim"]["id"], do="install")
        return self.get(f"subscriptions/{made['id']}")

    def test_usage(self, subscription: str, **amounts: Any) -> requests.Response:
        url = f"{self.root}/testing/projects/{self.project}/subscriptions/{subscription}/usage"
        return requests.post(url, json=amounts, headers=self.key, timeout=10)

    def people(self, what: str, **said: Any) -> int:
        """A door for testers: payments, consents, restrictions."""
        return requests.post(f"{self.root}/sandbox/{what}", json=said, timeout=10).status_code
