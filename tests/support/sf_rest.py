"""A plain client of the Salesforce REST API, as any integrator would write it from sandbox.json; it shares nothing with the portal's."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import requests

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VERSION = "/services/data/v63.0"


@dataclass
class SfRest:
    """Methods answer the raw response; paths are below the version."""

    info: dict[str, Any]
    session: requests.Session = field(default_factory=requests.Session)
    instance: str = ""

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.verify = self.info["ca_file"]

    def claims(self, **other: Any) -> dict[str, Any]:
        made = {"iss": self.info["client_id"], "sub": self.info["username"], "aud": self.info["login_url"], "exp": int(time.time()) + 180}
        return made | other

    def assertion(self, key: str | None = None, **other: Any) -> str:
        # PyJWT insists on a numeric exp only when decoding; some clients send a string
        return jwt.encode(self.claims(**other), key or Path(self.info["private_key_file"]).read_text(), algorithm="RS256")

    def token(self, base: str | None = None, **form: Any) -> requests.Response:
        data = {"grant_type": GRANT, **({} if "assertion" in form else {"assertion": self.assertion()}), **form}
        return self.session.post(f"{base or self.info['login_url']}/services/oauth2/token", data, timeout=10)

    def login(self) -> "SfRest":
        answer = self.token().json()
        self.instance = answer["instance_url"]
        self.session.headers["Authorization"] = f"Bearer {answer['access_token']}"
        return self

    def call(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        return self.session.request(method, f"{self.instance}{VERSION}/{path}", params=query, json=body, timeout=10)

    def get(self, path: str, **query: str) -> requests.Response:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.call("PATCH", path, body)

    def query(self, soql: str) -> list[dict[str, Any]]:
        answer = self.get("query", q=soql)
        assert answer.status_code == 200, answer.text
        return answer.json()["records"]

    def one(self, soql: str) -> dict[str, Any]:
        (record,) = self.query(soql)
        return record

    # -- what many tests need

    def price(self, sku: str) -> dict[str, Any]:
        where = f"Product2.StockKeepingUnit = '{sku}' AND Pricebook2.Name = 'Portal'"
        return self.one(f"SELECT Id, UnitPrice, Pricebook2Id FROM PricebookEntry WHERE {where}")

    def account_id(self, number: str = "SF-1001") -> str:
        return self.get(f"sobjects/Account/SF_Account_No__c/{number}").json()["Id"]

    def order_tree(self, key: str, *skus: str, **more: Any) -> dict[str, Any]:
        """The body of a composite/tree that places an order."""
        prices = [self.price(sku) for sku in skus]
        items = [
            {
                "attributes": {"type": "OrderItem", "referenceId": f"line{number}"}, "PricebookEntryId": price["Id"], "Quantity": 1,
                "UnitPrice": price["UnitPrice"], "Billing_Cycle__c": "Monthly", "Portal_Line_Key__c": f"{key}-{number}",
            }
            for number, price in enumerate(prices)
        ]  # fmt: skip
        order = {
            "attributes": {"type": "Order", "referenceId": "order"}, "AccountId": self.account_id(), "EffectiveDate": "2026-11-21",
            "Status": "Pending Review", "Pricebook2Id": self.price("SIM-DATA-5")["Pricebook2Id"], "Portal_Idem_Key__c": key,
            "OrderItems": {"records": items}, **more,
        }  # fmt: skip
        return {"records": [order]}

    def place(self, key: str, *skus: str) -> str:
        """Places an order and answers its id."""
        answer = self.post("composite/tree/Order", self.order_tree(key, *(skus or ("SIM-DATA-5",))))
        assert answer.status_code == 201, answer.text
        return next(each["id"] for each in answer.json()["results"] if each["referenceId"] == "order")
