"""The REST API of the org behind /services/data: which resource a path is, and what each answers to one user."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.salesforce import describing, soql
from sandbox.salesforce.access import User, visible
from sandbox.salesforce.calls import NESTED, Answer, Call, call, parsed
from sandbox.salesforce.composite import Composite
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import SfError, not_allowed, not_found
from sandbox.salesforce.limits import Usage
from sandbox.salesforce.org import Org
from sandbox.salesforce.rows import Rows
from sandbox.salesforce.schema import SObject

Resource = Callable[[Call, tuple[str, ...]], Answer]
BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
SPECIAL = ("describe", "deleted", "updated")


class Rest:
    """Answers calls of one user; cursors and the count of calls are the org's."""

    def __init__(self, org: Org, user: User, cursors: Cursors, usage: Usage) -> None:
        self._org, self._user, self._cursors, self._usage = org, user, cursors, usage
        self._schema = visible(org.schema, user)
        self._rows = Rows(org.store, self._schema, org.records, org.saving, user)
        self._composite = Composite(org, self._schema, user, self._rows, self.inner)
        self._resources: dict[str, Resource] = {
            "sobjects": self._sobjects, "query": self._query, "queryAll": self._query, "limits": self._limits,
            "composite": self._composite.answer,
        }  # fmt: skip

    def outer(self, method: str, target: str, raw: bytes, headers: Mapping[str, str]) -> Answer:
        """A call from the network."""
        try:
            return self._act(call(method, target, parsed(method, raw, headers.get("content-type", "")), headers))
        except SfError as error:
            return Answer(error.status, error.body())
        except RecursionError:
            return Answer(400, SfError("JSON_PARSER_ERROR", NESTED).body())

    def inner(self, method: str, target: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """A call inside a composite: one that cannot be a composite itself."""
        try:
            asked = call(method, target, body, headers)
            if asked.parts[:1] == ("composite",) and asked.parts[1:2] != ("sobjects",):
                raise not_found()
            return self._act(asked)
        except SfError as error:
            return Answer(error.status, error.body())

    def _act(self, asked: Call) -> Answer:
        if not asked.parts:
            found = {name: f"{asked.base}/{name}" for name in self._resources}
            return Answer(200, found | {"identity": self._org.identity_url(self._user.id)})
        resource = self._resources.get(asked.parts[0])
        if resource is None:
            raise not_found()
        return resource(asked, asked.parts[1:])

    def object(self, name: str) -> SObject:
        found = self._schema.object(name)
        if found is None:
            raise not_found()
        return found

    # -- sobjects

    def _sobjects(self, asked: Call, rest: tuple[str, ...]) -> Answer:
        if not rest:
            _only(asked, "GET")
            return describing.conditional(asked, lambda: describing.everything(self._schema, self._user, asked.base))
        if self._org.schema.events.get(rest[0]):
            return self._event(asked, rest)
        sobject, at = self.object(rest[0]), rest[1:]
        if at[:1] and at[0] in SPECIAL and len(at) == 1:
            return self._special(asked, sobject, at[0])
        if not at and asked.method == "GET":
            return Answer(200, {"objectDescribe": describing.brief(sobject, self._user, asked.base), "recentItems": []})
        if at in ((), ("Id",)):
            _only(asked, "POST", "GET")
            made = self._rows.create(sobject, asked.body)
            return Answer(201, made, {"Location": f"{asked.base}/sobjects/{sobject.name}/{made['id']}"})
        if len(at) > 2:
            raise not_found()
        return self._row(asked, sobject, at)

    def _special(self, asked: Call, sobject: SObject, what: str) -> Answer:
        _only(asked, "GET")
        if what == "describe":
            return describing.conditional(asked, lambda: describing.full(sobject, self._schema, self._user, asked.base))
        return Answer(200, self._rows.changed(sobject, what, asked.query))

    def _row(self, asked: Call, sobject: SObject, at: tuple[str, ...]) -> Answer:
        _only(asked, "GET", "PATCH", "DELETE")
        if asked.method == "GET":
            return Answer(200, self._rows.read(sobject, at, asked.query.get("fields"), asked.base))
        if asked.method == "DELETE":
            self._rows.delete(sobject, at, asked.base)
            return Answer(204)
        if len(at) == 1:
            self._rows.update(sobject, at[0], asked.body)
            return Answer(204)
        return self._rows.upsert(asked, sobject, at[0], at[1])

    def _event(self, asked: Call, rest: tuple[str, ...]) -> Answer:
        """An event published by REST: the answer carries its uuid where a record has its errors."""
        _only(asked, "POST")
        if len(rest) > 1 or not self._user.may("C", rest[0]):
            raise not_found()
        if not isinstance(asked.body, dict):
            raise SfError("JSON_PARSER_ERROR", "The HTTP entity body must be an object.")
        given = {name: value for name, value in asked.body.items() if name != "attributes"}
        uuid = self._org.publish(given, 1)[0]
        return Answer(201, {
            "id": "e01xx0000000001AAA", "success": True, "errors": [{"statusCode": "OPERATION_ENQUEUED", "message": uuid, "fields": []}],
        })  # fmt: skip

    # -- queries and limits

    def _query(self, asked: Call, rest: tuple[str, ...]) -> Answer:
        if len(rest) > 1:
            raise not_found()
        _only(asked, "GET")
        if rest:
            return Answer(200, self._cursors.next(rest[0], asked.base))
        if not asked.query.get("q"):
            raise SfError("MALFORMED_QUERY", "A query string has to be specified")
        found = self._found(asked)
        return Answer(200, self._cursors.first(found.total, found.records, asked.base, _batch(asked)))

    def _found(self, asked: Call) -> soql.Result:
        records = self._org.records
        try:
            if asked.parts[0] == "queryAll":
                return soql.run(asked.query["q"], self._schema, lambda name: records.all(name) + records.buried(name), base=asked.base)
            return soql.run(asked.query["q"], self._schema, records.all, records.matching, base=asked.base)
        except soql.SoqlError as error:
            raise SfError(error.code, error.message) from error

    def _limits(self, asked: Call, rest: tuple[str, ...]) -> Answer:
        if rest:
            raise not_found()
        _only(asked, "GET")
        return Answer(200, self._usage.limits())


def _only(asked: Call, *methods: str) -> None:
    if asked.method not in methods:
        raise not_allowed(asked.method, methods)


def _batch(asked: Call) -> int | None:
    found = BATCH_SIZE.search(asked.headers.get("sforce-query-options", ""))
    return int(found[1]) if found else None
