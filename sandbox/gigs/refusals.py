"""The mobile provider's error object and the refusals it is raised for."""

from typing import Any

TYPES = {
    400: "invalid",
    401: "unauthenticated",
    403: "permissionDenied",
    404: "notFound",
    405: "invalid",
    406: "malformed",
    409: "invalid",
    415: "malformed",
    422: "invalid",
    429: "rateLimited",
    500: "serverError",
    503: "serverError",
}
DOCUMENTATION = "https://developers.gigs.com/docs/concepts/error-handling"


class Refusal(Exception):
    """Raised anywhere in a call; the change it is part of is undone. `property` names what was wrong in the query or body."""

    def __init__(self, status: int, message: str, code: str = "", kind: str = "", property: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.kind, self.property = kind or TYPES[status], property

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"object": "error", "type": self.kind, "message": self.message, "documentation": [DOCUMENTATION]}
        if self.code:
            error["code"] = self.code
        if self.property:
            error["details"] = [detail(self.property, self.code or self.kind, self.message)]
        return error


def detail(name: str, code: str, message: str) -> dict[str, Any]:
    return {"object": "propertyErrorDetail", "code": code, "message": message, "property": name, "suggestion": None}


def malformed(message: str) -> Refusal:
    return Refusal(400, message, kind="malformed")


def wrong_media(message: str, status: int) -> Refusal:
    """Not asked for, or not sent, as JSON. The status is not settled: /sandbox/behaviour switches it."""
    return Refusal(status, message, kind="malformed")


def invalid(message: str, property: str = "", code: str = "") -> Refusal:
    """A wrong name, type or word: refused before anything is looked up."""
    return Refusal(400, message, code, property=property)


def unacceptable(message: str, property: str = "", code: str = "") -> Refusal:
    """Well formed, but it cannot be done. Whether that is 422 or 400 is not settled: /sandbox/behaviour switches it."""
    return Refusal(422, message, code, property=property)


def taken(message: str, property: str, code: str) -> Refusal:
    """It exists or is used already. The status is not settled: /sandbox/behaviour switches it."""
    return Refusal(409, message, code, property=property)


def not_found(what: str) -> Refusal:
    return Refusal(404, f"{what} not found")
