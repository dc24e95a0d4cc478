"""The names by which faults and the journal know the calls of the REST API."""

from urllib.parse import unquote

from sandbox.salesforce.schema import Schema

PLAIN = ("token", "versions", "query", "limits", "describe", "composite", "batch", "tree", "graph", "collections")
# doors beside the API, for people's tools: how to log in with a password, who one is, and goodbye
SIDE = ("login", "userinfo", "identity", "revoke")
UNKNOWN = "unknown"
VERBS = {
    ("POST", 1): "create", ("GET", 2): "read", ("GET", 3): "read", ("PATCH", 2): "update", ("PATCH", 3): "upsert",
    ("DELETE", 2): "delete", ("DELETE", 3): "delete",
}  # fmt: skip


def names(schema: Schema) -> list[str]:
    """Every operation that can be named in a fault."""
    verbs = ("create", "read", "update", "upsert", "delete")
    return [*PLAIN, *SIDE, *(f"sobject.{verb}:{name}" for name in schema.objects for verb in verbs)]


def name_of(method: str, target: str) -> str:
    path = target.partition("?")[0]
    parts = [unquote(part) for part in path.split("/") if part]
    if parts[:2] == ["services", "data"]:
        return _data("GET" if method == "HEAD" else method, parts[3:])
    if parts[:1] == ["id"]:
        return "identity"
    if parts[:2] == ["services", "Soap"]:
        return "login"
    named = parts[2] if parts[:2] == ["services", "oauth2"] and len(parts) == 3 else ""
    return named if named in ("token", "userinfo", "revoke") else UNKNOWN


def _data(method: str, parts: list[str]) -> str:
    if not parts:
        return "versions"
    if parts[0] == "sobjects" and method == "GET" and (len(parts) < 3 or parts[2:] == ["describe"]):
        return "describe"
    if parts[0] == "sobjects":
        verb = VERBS.get((method, len(parts) - 1))
        return f"sobject.{verb}:{parts[1]}" if verb else UNKNOWN
    if parts[0] == "queryAll":
        return "query"
    if parts[0] == "composite" and len(parts) > 1:
        return {"tree": "tree", "sobjects": "collections", "graph": "graph", "batch": "batch"}.get(parts[1], UNKNOWN)
    return parts[0] if parts[0] in PLAIN else UNKNOWN
