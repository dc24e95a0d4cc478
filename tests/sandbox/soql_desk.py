"""A desk at which rows are made over REST and SOQL is asked over one kept connection, and a calendar that is set to a day."""

from datetime import UTC, datetime
from typing import Any

import requests

from tests.support.sandbox import Running
from tests.support.sf_rest import VERSION, SfRest

AT_ONCE = 200
# what a query may be refused with
CODES = {
    "INVALID_FIELD", "INVALID_QUERY_FILTER_OPERATOR", "INVALID_TYPE", "MALFORMED_QUERY", "NUMBER_OUTSIDE_VALID_RANGE",
    "QUERY_TOO_COMPLICATED",
}  # fmt: skip


class Desk:
    def __init__(self, running: Running) -> None:
        self.control, self._plain = running.control, running.info["salesforce"]["rest_plain_url"]
        self.sf = SfRest(running.info["salesforce"])
        self._login()

    def _login(self) -> None:
        self.sf.login().instance = self._plain

    # -- the calendar

    def now(self) -> datetime:
        return datetime.fromisoformat(self.control.ask("GET", "clock")["now"])

    def set_clock(self, *moment: int) -> None:
        """Forward to (year, month, day, hour, minute) of UTC; who was logged in is so again."""
        self.control.ask("POST", "clock", {"advance_s": (datetime(*moment, tzinfo=UTC) - self.now()).total_seconds()})
        self._login()

    # -- rows

    def create(self, sobject: str, rows: list[dict[str, Any]]) -> list[str]:
        """Ids of the new rows, in order."""
        made: list[str] = []
        for start in range(0, len(rows), AT_ONCE):
            records = [{"attributes": {"type": sobject}, **row} for row in rows[start : start + AT_ONCE]]
            answer = self.sf.post("composite/sobjects", {"allOrNone": True, "records": records}).json()
            assert all(each["success"] for each in answer), answer
            made += [each["id"] for each in answer]
        return made

    def orders(self, rows: list[dict[str, Any]]) -> list[str]:
        """Drafts of Aiko's for this day, where a row does not say otherwise."""
        usual = {"AccountId": self.sf.account_id(), "EffectiveDate": str(self.now().date()), "Status": "Draft"}
        return self.create("Order", [usual | row for row in rows])

    def change(self, sobject: str, record_id: str, **fields: Any) -> None:
        answer = self.sf.patch(f"sobjects/{sobject}/{record_id}", fields)
        assert answer.status_code == 204, answer.text

    # -- questions

    def answer(self, query: str) -> requests.Response:
        """Idle for too long, a session ends: then there is a new one."""
        answer = self.sf.get("query", q=query)
        if answer.status_code != 401:
            return answer
        self._login()
        return self.sf.get("query", q=query)

    def ask(self, query: str) -> dict[str, Any]:
        """{"totalSize", "done", "records"}."""
        answer = self.answer(query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The records without their attributes; all of them came at once."""
        found = self.ask(query)
        assert (found["totalSize"], found["done"]) == (len(found["records"]), True)
        return [{name: value for name, value in row.items() if name != "attributes"} for row in found["records"]]

    def ids(self, query: str) -> list[str]:
        return [row["Id"] for row in self.rows(query)]

    def refusal(self, query: str) -> tuple[str, str]:
        """Its code and message."""
        answer = self.answer(query)
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()
        return error["errorCode"], error["message"]

    def refusal_of_a_long_one(self, query: str) -> tuple[str, str]:
        """The same for a query that no address has room for: in the body of a composite."""
        url = requests.Request("GET", f"http://x{VERSION}/query", params={"q": query}).prepare().path_url
        body = {"compositeRequest": [{"method": "GET", "url": url, "referenceId": "long"}]}
        (item,) = self.sf.post("composite", body).json()["compositeResponse"]
        assert item["httpStatusCode"] == 400, item
        return item["body"][0]["errorCode"], item["body"][0]["message"]
