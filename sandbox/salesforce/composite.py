"""Several calls in one: composite with its references, its batch, and the way to tree, graph and collections."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.access import User
from sandbox.salesforce.calls import Answer, Call
from sandbox.salesforce.collecting import Collections
from sandbox.salesforce.envelopes import Items, Undone, envelope, item, well_formed
from sandbox.salesforce.errors import ROLLED_BACK, SfError, not_allowed, not_found
from sandbox.salesforce.graph import Graphs
from sandbox.salesforce.references import filled
from sandbox.salesforce.rows import Rows
from sandbox.salesforce.schema import Schema
from sandbox.salesforce.tree import Trees

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

Inner = Callable[[str, str, Any, Mapping[str, str]], Answer]
MOST_REQUESTS, MOST_QUERIES = 25, 5
HALTED = [{"errorCode": "PROCESSING_HALTED", "message": ROLLED_BACK}]
RESOURCES = ("tree", "batch", "sobjects", "graph")


class Composite:
    """`inner` answers one subrequest."""

    def __init__(self, org: "Org", schema: Schema, user: User, rows: Rows, inner: Inner) -> None:
        self._store, self._inner = org.store, inner
        self._trees = Trees(org.store, schema, org.saving, user)
        self._collections = Collections(org.store, schema, org.records, rows)
        self._graphs = Graphs(org.store, self._one)

    def answer(self, asked: Call, rest: tuple[str, ...]) -> Answer:
        if not rest and asked.method == "GET":
            return Answer(200, {name: f"{asked.base}/composite/{name}" for name in RESOURCES})
        if rest[:1] == ("sobjects",):
            return Answer(200, self._collections.answer(asked, rest[1:]))
        if rest[:1] not in ((), ("tree",), ("batch",), ("graph",)) or len(rest) != (2 if rest[:1] == ("tree",) else len(rest[:1])):
            raise not_found()
        if asked.method != "POST":
            raise not_allowed(asked.method, ("POST",))
        if not rest:
            return Answer(200, self.requests(asked.body))
        if rest[0] == "tree":
            return Answer(*self._trees.plant(rest[1], asked.body))
        return Answer(200, self._graphs.answer(asked.body) if rest[0] == "graph" else self._batch(asked))

    # -- composite

    def requests(self, body: Any) -> dict[str, Any]:
        """The whole answer is a success; each item carries its own fate."""
        asked = envelope(body, "compositeRequest", MOST_REQUESTS)
        well_formed(asked)
        if sum("/query" in each["url"] or "/composite/sobjects" in each["url"] for each in asked) > MOST_QUERIES:
            raise SfError("INVALID_INPUT", f"A composite request takes at most {MOST_QUERIES} queries and collections")
        if body.get("allOrNone") is not True:
            return {"compositeResponse": self._run(asked, stop=False)}
        items: Items = []
        try:
            with self._store.write():
                items = self._run(asked, stop=True)
                if _undoes(items[-1]):
                    raise Undone
        except Undone:
            culprit = items[-1]
            items = [culprit if each["referenceId"] == culprit["referenceId"] else _halted(each["referenceId"]) for each in asked]
        return {"compositeResponse": items}

    def _run(self, asked: Items, stop: bool) -> Items:
        items: Items = []
        known: dict[str, Any] = {}
        for each in asked:
            items.append(self._one(each, known))
            if stop and _undoes(items[-1]):
                break
            if items[-1]["httpStatusCode"] < 300:
                known[each["referenceId"]] = items[-1]["body"]
        return items

    def _one(self, asked: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        sent = asked.get("httpHeaders")
        headers = {str(name).lower(): str(value) for name, value in sent.items()} if isinstance(sent, dict) else {}
        try:
            answer = self._inner(asked["method"].upper(), filled(asked["url"], known), filled(asked.get("body"), known), headers)
        except SfError as error:
            return item(asked["referenceId"], error.status, error.body(), {})
        return item(asked["referenceId"], answer.status, answer.body, answer.headers)

    # -- composite/batch

    def _batch(self, asked: Call) -> dict[str, Any]:
        """Each on its own; an address may leave out /services/data."""
        rows = envelope(asked.body, "batchRequests", MOST_REQUESTS)
        results: Items = []
        for each in rows:
            if not all(isinstance(each.get(name), str) and each[name] for name in ("method", "url")):
                raise SfError("JSON_PARSER_ERROR", "Every subrequest needs method and url")
            if asked.body.get("haltOnError") is True and any(one["statusCode"] >= 400 for one in results):
                halted = SfError("BATCH_PROCESSING_HALTED", "Batch processing halted per request")
                results.append({"statusCode": 412, "result": halted.body()})
                continue
            target = each["url"] if each["url"].startswith("/services/") else f"/services/data/{each['url'].lstrip('/')}"
            answer = self._inner(each["method"].upper(), target, each.get("richInput"), {})
            results.append({"statusCode": answer.status, "result": answer.body})
        return {"hasErrors": any(one["statusCode"] >= 400 for one in results), "results": results}


def _undoes(done: dict[str, Any]) -> bool:
    """A refusal, or a collection of which a record failed: with allOrNone either undoes the whole composite."""
    rows = done["body"] if isinstance(done["body"], list) else []
    return done["httpStatusCode"] >= 300 or any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _halted(reference: str) -> dict[str, Any]:
    return item(reference, 400, HALTED, {})
