"""What all doors under /api share: who may, what a body may be, and the shapes of answers and problems."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, abort, current_app, jsonify, make_response, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from console.i18n import gettext as _
from console.web import auth, problems
from console.web.auth import View
from console.web.problems import FieldError

PREFIX = "/api"
SESSION: list[dict[str, list[Any]]] = [{"session": []}]
ANYBODY: list[dict[str, list[Any]]] = [{}]


class Shape(BaseModel):
    """An answer: camelCase outside."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Body(BaseModel):
    """A request's body: camelCase, no type taken for another; what we do not know is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, strict=True)


class Money(Shape):
    """Minor units; the yen has none."""

    amount: int
    currency: str = "JPY"


class BadField(Shape):
    field: str
    code: str
    message: str


class Problem(Shape):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reference: str
    errors: list[BadField]


PROBLEM = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def noun(name: str) -> APIBlueprint:
    """A blueprint of /api whose doors let in whom their guard names, before anything of the body is read."""
    made = APIBlueprint(name, __name__, url_prefix=PREFIX, abp_security=SESSION, abp_responses=_problems())
    made.before_request(_admit)
    made.before_request(_readable)
    return made


WORDS = {
    400: "Not readable, or without the forgery token", 401: "Nobody is logged in", 403: "Not for this role",
    404: "Not there, or of another person", 409: "The present state does not allow it", 422: "Fields",
    429: "Too often; see Retry-After", 503: "An upstream does not answer",
}  # fmt: skip


def _problems() -> dict[str | int | HTTPStatus, type[BaseModel] | dict[Any, Any] | None]:
    return {str(status): {"description": text, **PROBLEM} for status, text in WORDS.items()}


def person(view: View) -> View:
    """Whoever is logged in, staff too."""
    view.guard = "person"  # type: ignore[attr-defined]
    return view


def _admit() -> None:
    guard = getattr(current_app.view_functions[str(request.endpoint)], "guard", "")
    if guard == "public":
        return
    user = auth.me_or_none()
    if user is None:
        abort(401)
    if auth.must_enrol(user) or (guard != "person" and (guard, user.role) != ("customer", "customer")):
        abort(403)


def _readable() -> None:
    """A body that no model should see: nested without end, or with the NUL that no person types."""
    try:
        request.get_json(silent=True)
    except RecursionError:
        abort(400)
    if b"\\u0000" in request.get_data(cache=True):
        abort(400)


def answer(shape: BaseModel, status: int = 200) -> Response:
    return make_response(jsonify(shape.model_dump(mode="json", by_alias=True)), status)


def refuse_body(error: ValidationError) -> Response:
    """What pydantic found, without what was sent: 404 for an id of no shape, 400 where there was no object, else 422 with the fields."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(one["loc"][:1] and one["loc"][0] in (request.view_args or {}) for one in found):
        abort(404)
    if any(not one["loc"] for one in found):
        return problems.answer(400, "malformed", _("We could not read that"), _("The request needs a JSON object with the right type."))
    fields = {_field(one["loc"]): _code(one["type"]) for one in reversed(found)}
    return bad_fields([FieldError(name, code, _says(code)) for name, code in reversed(fields.items())])


# what pydantic puts last for each kind of value that it tried in turn
_KINDS = frozenset({"constrained-int", "int", "str", "Sum"})


def _field(loc: tuple[int | str, ...]) -> str:
    """As the body names it."""
    kept = list(loc)
    for place in range(len(loc) - 1, 0, -1):
        if loc[place] in _KINDS and loc[place - 1] != "options":
            del kept[place]
    return ".".join(str(part) for part in kept)


def _says(code: str) -> str:
    """In the person's language, which pydantic does not speak."""
    said = {"missing": _("This is needed."), "too_long": _("This is too long."), "too_short": _("This is too short.")}
    return said.get(code) or _("This value is not possible here.")


def bad_fields(fields: list[FieldError]) -> Response:
    return problems.answer(422, "fields", _("Please look at the fields again"), _("Nothing was changed."), errors=fields)


def _code(kind: str) -> str:
    return "missing" if kind == "missing" else "too_long" if "too_long" in kind else "too_short" if "too_short" in kind else "invalid"
