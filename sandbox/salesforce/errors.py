"""A refusal of the REST API: its status and the error array that every answer but a success carries."""

from collections.abc import Sequence
from typing import Any

ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."

# errors that are about the call, not about data
BARE = frozenset({
    "NOT_FOUND", "INVALID_SESSION_ID", "MALFORMED_QUERY", "JSON_PARSER_ERROR", "METHOD_NOT_ALLOWED", "INVALID_TYPE", "GONE",
    "UNSUPPORTED_MEDIA_TYPE", "URI_TOO_LONG", "INVALID_QUERY_LOCATOR",
})  # fmt: skip


class SfError(Exception):
    """One or more errors of one call."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = (), status: int = 400, more: Sequence["SfError"] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.rows: list[dict[str, Any]] = [{"message": message, "errorCode": code, "fields": list(fields)}]
        for each in more:
            self.rows += each.rows

    def body(self) -> list[dict[str, Any]]:
        """As a plain call answers; `fields` is only there when some are named or the error is about data."""
        return [{key: value for key, value in row.items() if key != "fields" or row["errorCode"] not in BARE} for row in self.rows]

    def listed(self) -> list[dict[str, Any]]:
        """As collections and trees answer: the code is called statusCode there."""
        return [{"statusCode": row["errorCode"], "message": row["message"], "fields": row["fields"]} for row in self.rows]


def not_found(message: str = "The requested resource does not exist") -> SfError:
    return SfError("NOT_FOUND", message, status=404)


def no_such_column(field: str, sobject: str) -> SfError:
    """A field that is hidden from the user looks the same as one that is not there."""
    return SfError("INVALID_FIELD", f"No such column '{field}' on sobject of type {sobject}", [])


def not_allowed(method: str, allowed: Sequence[str]) -> SfError:
    message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(dict.fromkeys(['HEAD', *allowed]))}"
    return SfError("METHOD_NOT_ALLOWED", message, status=405)
