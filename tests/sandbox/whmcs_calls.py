"""A plain client of the WHMCS API, as any integrator would write it from sandbox.json; it shares nothing with the portal's."""

import base64
from typing import Any

import phpserialize
import requests

AIKO = {
    "firstname": "Aiko", "lastname": "Tanaka", "email": "aiko.tanaka@example.com", "address1": "1-2-3 Jingumae", "city": "Shibuya-ku",
    "state": "Tokyo", "postcode": "150-0001", "country": "JP", "phonenumber": "0312345678", "password2": "a long enough secret",
    "noemail": "1", "skipvalidation": "1", "notes": "portal:7",
}  # fmt: skip
ESIM, ACTIVATION, HOME = "102", "110", "201"


class Whmcs:
    def __init__(self, info: dict[str, Any]) -> None:
        self.info, self.url = info["whmcs"], info["whmcs"]["url"]

    def post(self, action: str | None, /, **sent: Any) -> requests.Response:
        named = {} if action is None else {"action": action}
        keys = {"identifier": self.info["identifier"], "secret": self.info["secret"], "responsetype": "json"}
        return requests.post(f"{self.url}/includes/api.php", data={**keys, **named, **sent}, timeout=10)

    def ask(self, action: str, /, **sent: Any) -> dict[str, Any]:
        answer = self.post(action, **sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(self, action: str, **sent: Any) -> str:
        answer = self.ask(action, **sent)
        assert answer["result"] == "error", answer
        return answer["message"]

    def client(self, email: str, **more: str) -> int:
        return self.ask("AddClient", **{**AIKO, "email": email, **more})["clientid"]

    def order(self, client_id: int, **sent: str) -> dict[str, Any]:
        lines = {"pid[0]": ESIM, "billingcycle[0]": "monthly", "domain[0]": f"sf-{client_id}"}
        return self.ask("AddOrder", clientid=client_id, paymentmethod=self.info["payment_method"], **{**lines, **sent})

    def services(self, client_id: int, **sent: str) -> Any:
        return self.ask("GetClientsProducts", clientid=client_id, **sent)["products"]

    def switch(self, **chosen: Any) -> None:
        answer = requests.post(f"{self.url}/sandbox/quirks", json=chosen, timeout=10)
        assert answer.status_code == 200, answer.text

    def switch_back(self) -> None:
        requests.delete(f"{self.url}/sandbox/quirks", timeout=10)


def packed(fields: dict[int, Any]) -> str:
    return base64.b64encode(phpserialize.dumps(fields)).decode()
