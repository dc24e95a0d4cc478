"""The names by which faults and the journal know the calls of the REST API."""

from urllib.parse import unquote

from sandbox.salesforce.schema import Schema

PLAIN = ("token", "versions", "query", "limits", "composite", "tree", "collections")
UNKNOWN = "unknown"
VERBS = {("POST", 1): "create", ("GET", 2): "read", ("GET", 3): "read", ("PATCH", 2): "update", ("PATCH", 3): "upsert"}


def names(schema: Schema) -> list[str]:
    """Every operation that can be named in a fault."""
    return [*PLAIN, *(f"sobject.{verb}:{name}" for name in schema.objects for verb in ("create", "read", "update", "upsert"))]


def name_of(method: str, target: str) -> str:
    path = target.partition("?")[0]
    if path.rstrip("/") == "/services/oauth2/token":
        return "token"
    parts = [unquote(part) for part in path.split("/") if part]
    return _data(method, parts[3:]) if parts[:2] == ["services", "data"] else UNKNOWN


def _data(method: str, parts: list[str]) -> str:
    if not parts:
        return "versions"
    if parts[0] == "sobjects":
        verb = VERBS.get((method, len(parts) - 1))
        return f"sobject.{verb}:{parts[1]}" if verb else UNKNOWN
    if parts[0] == "composite" and len(parts) > 1:
        return {"tree": "tree", "sobjects": "collections"}.get(parts[1], UNKNOWN)
    return parts[0] if parts[0] in PLAIN else UNKNOWN
