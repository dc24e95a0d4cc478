"""The REST API of the org behind /services/data: which call a path is, and what each call answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from sandbox.salesforce import soql
from sandbox.salesforce.access import User
from sandbox.salesforce.composite import Composite
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import SfError, not_found
from sandbox.salesforce.records import Records
from sandbox.salesforce.rows import Rows
from sandbox.salesforce.saving import Saving
from sandbox.salesforce.schema import Schema, SObject
from sandbox.store import Store

DATA = "/services/data"
RELEASES = (("Winter '24", 59), ("Spring '24", 60), ("Summer '24", 61), ("Winter '25", 62), ("Spring '25", 63), ("Summer '25", 64),
            ("Winter '26", 65), ("Spring '26", 66), ("Summer '26", 67), ("Winter '27", 68))  # fmt: skip
VERSION = re.compile(r"v(\d+)\.0")
MAX_CALLS = 115_000
RESOURCES = ("sobjects", "query", "composite", "limits")


@dataclass(frozen=True)
class Call:
    """A request, from the network or inside a composite. `parts` are the path's segments behind the version, decoded."""

    method: str
    version: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    body: Any = None

    @property
    def base(self) -> str:
        return f"{DATA}/{self.version}"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def call(method: str, target: str, body: Any = None) -> Call:
    """Reads a target such as /services/data/v67.0/query?q=…; raises NOT_FOUND for one that is not of this API."""
    path, _, query = target.partition("?")
    parts = [unquote(part) for part in path.removeprefix(DATA).split("/") if part]
    if not path.startswith(DATA) or not parts or not known_version(parts[0]):
        raise not_found()
    return Call(method, parts[0], tuple(parts[1:]), dict(parse_qsl(query, keep_blank_values=True)), body)


def known_version(name: str) -> bool:
    found = VERSION.fullmatch(name)
    return found is not None and int(found[1]) in {number for _, number in RELEASES}


def versions() -> list[dict[str, str]]:
    return [{"label": label, "url": f"{DATA}/v{number}.0", "version": f"{number}.0"} for label, number in RELEASES]


class Rest:
    """Answers calls of one user."""

    def __init__(self, store: Store, schema: Schema, records: Records, saving: Saving, user: User) -> None:
        self._records, self._user, self._schema = records, user, visible(schema, user)
        self.used = 0
        self._cursors = Cursors()
        self._rows = Rows(self._schema, records, saving, user)
        self._composite = Composite(store, self._schema, saving, user, self.inner)

    def outer(self, method: str, target: str, raw: bytes) -> Answer:
        """A call from the network."""
        self.used += 1
        try:
            return self._act(call(method, target, _json(method, raw)))
        except SfError as error:
            return Answer(error.status, error.body())

    def inner(self, method: str, target: str, body: Any) -> Answer:
        """A call inside a composite: one that cannot be a composite itself."""
        try:
            asked = call(method, target, body)
            if asked.parts[:1] == ("composite",) and asked.parts[1:2] != ("sobjects",):
                raise not_found()
            return self._act(asked)
        except SfError as error:
            return Answer(error.status, error.body())

    def _act(self, asked: Call) -> Answer:
        head, rest = asked.parts[:1], asked.parts[1:]
        if not head:
            return Answer(200, {name: f"{asked.base}/{name}" for name in RESOURCES})
        if head == ("sobjects",) and rest:
            return self._sobject(asked, self.object(rest[0]), rest[1:])
        if head == ("query",) and len(rest) <= 1:
            return self._query(asked, *rest)
        if head == ("limits",) and not rest:
            return Answer(200, {"DailyApiRequests": {"Max": MAX_CALLS, "Remaining": MAX_CALLS - self.used}})
        if head == ("composite",):
            return self._composited(asked, rest)
        raise not_found()

    def object(self, name: str) -> SObject:
        found = self._schema.object(name)
        if found is None or not self._user.may("R", found.name):
            raise not_found()
        return found

    def _sobject(self, asked: Call, sobject: SObject, rest: tuple[str, ...]) -> Answer:
        if asked.method == "POST" and rest in ((), ("Id",)):
            made = self._rows.create(sobject, asked.body)
            return Answer(201, made, {"Location": f"{asked.base}/sobjects/{sobject.name}/{made['id']}"})
        if not rest or len(rest) > 2:
            raise not_found() if rest else _not_allowed(asked.method)
        if asked.method == "GET":
            return Answer(200, self._rows.read(sobject, rest, asked.query.get("fields"), asked.base))
        if asked.method != "PATCH":
            raise _not_allowed(asked.method)
        if len(rest) == 1:
            self._rows.update(sobject, rest[0], asked.body)
            return Answer(204)
        return Answer(*self._rows.upsert(sobject, rest[0], rest[1], asked.body, asked.query.get("updateOnly") == "true"))

    def _query(self, asked: Call, locator: str = "") -> Answer:
        if asked.method != "GET":
            raise _not_allowed(asked.method)
        if locator:
            return Answer(200, self._cursors.next(locator, asked.base))
        if "q" not in asked.query:
            raise SfError("MALFORMED_QUERY", "A query string has to be specified")
        try:
            found = soql.run(asked.query["q"], self._schema, self._records.all, self._records.matching, base=asked.base)
        except soql.SoqlError as error:
            raise SfError(error.code, error.message) from error
        return Answer(200, self._cursors.first(found.total, found.records, asked.base))

    def _composited(self, asked: Call, rest: tuple[str, ...]) -> Answer:
        if not rest and asked.method == "POST":
            return Answer(200, self._composite.requests(asked.body))
        if rest[:1] == ("tree",) and len(rest) == 2 and asked.method == "POST":
            return Answer(*self._composite.tree(self.object(rest[1]), asked.body))
        if rest[:1] == ("sobjects",) and asked.method in ("POST", "PATCH"):
            return Answer(200, self._composite.collection(asked.method, rest[1:], asked.body))
        raise not_found()


def visible(schema: Schema, user: User) -> Schema:
    """The schema as this user's queries see it: what is hidden does not exist."""
    objects = {
        name: replace(each, fields={at: field for at, field in each.fields.items() if user.sees(name, field)})
        for name, each in schema.objects.items()
        if user.may("R", name)
    }
    return replace(schema, objects=objects)


def _not_allowed(method: str) -> SfError:
    return SfError("METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE", status=405)


def _json(method: str, raw: bytes) -> Any:
    if method not in ("POST", "PATCH"):
        return None
    try:
        return json.loads(raw or b"{}")
    except ValueError as error:
        raise SfError("JSON_PARSER_ERROR", "Unexpected character in the request body at [line:1, column:1]") from error
