"""Who a token belongs to: userinfo, the identity address of the login answer, and revoking."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.salesforce.answers import json_answer
from sandbox.salesforce.oauth import App, Refusal, instance_of, refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import Record

USERINFO, REVOKE, IDENTITY = "/services/oauth2/userinfo", "/services/oauth2/revoke", "/id/"
RESOURCES = {
    "enterprise": "/services/Soap/c/{version}/", "metadata": "/services/Soap/m/{version}/", "partner": "/services/Soap/u/{version}/",
    "rest": "/services/data/v{version}/", "sobjects": "/services/data/v{version}/sobjects/", "query": "/services/data/v{version}/query/",
    "search": "/services/data/v{version}/search/", "recent": "/services/data/v{version}/recent/", "profile": "/",
}  # fmt: skip


class IdentityDoor:
    def __init__(self, org: Org, app: App) -> None:
        self._org, self._app = org, app

    def userinfo(self, request: Request) -> Response:
        user = self._user(request)
        if user is None:
            return _plainly("Bad_OAuth_Token", self._org.behaviour["bad_token_status"])
        own = {
            "sub": self._org.identity_url(user["Id"]), "preferred_username": user["Username"], "nickname": user["Alias"],
            "email_verified": True, "given_name": user["FirstName"], "family_name": user["LastName"], "zoneinfo": user["TimeZoneSidKey"],
        }  # fmt: skip
        return json_answer(self._common(user, request) | own | {"name": user["Name"]}, 200)

    def identity(self, request: Request) -> Response:
        """The address is an org's and a user's; the token must be that user's."""
        user = self._user(request)
        if user is None:
            return _plainly("Bad_OAuth_Token" if _token(request) else "Missing_OAuth_Token")
        if request.path.rstrip("/") != f"/id/{self._app.org_id}/{user['Id']}":
            return _plainly("Bad_Id")
        own = {
            "id": self._org.identity_url(user["Id"]), "asserted_user": True, "username": user["Username"], "nick_name": user["Alias"],
            "display_name": user["Name"], "first_name": user["FirstName"], "last_name": user["LastName"],
            "timezone": user["TimeZoneSidKey"],
            "status": {"created_date": None, "body": None}, "mobile_phone": None, "last_modified_date": user["LastModifiedDate"],
        }  # fmt: skip
        return json_answer(self._common(user, request) | own, 200)

    def revoke(self, request: Request) -> Response:
        if not self._org.sessions.end(request.values.get("token", "")):
            return refused(Refusal("invalid_token", "invalid token"))
        return Response(b"", 200)

    def _common(self, user: Record, request: Request) -> dict[str, Any]:
        instance = instance_of(request, self._app)
        return {
            "user_id": user["Id"], "organization_id": self._app.org_id, "email": user["Email"], "active": user["IsActive"],
            "is_app_installed": True, "language": user["LanguageLocaleKey"], "locale": user["LocaleSidKey"], "utcOffset": 32_400_000,
            "user_type": "STANDARD", "urls": {name: instance + path for name, path in RESOURCES.items()},
        }  # fmt: skip

    def _user(self, request: Request) -> Record | None:
        user_id = self._org.sessions.user(_token(request))
        return self._org.records.get("User", user_id) if user_id else None


def bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() in ("bearer", "oauth") else ""


def _token(request: Request) -> str:
    return bearer(request) or request.values.get("oauth_token") or request.values.get("access_token") or ""


def _plainly(text: str, status: int = 403) -> Response:
    return Response(text, status, content_type="text/html;charset=UTF-8")
