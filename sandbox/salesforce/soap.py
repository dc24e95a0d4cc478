"""The SOAP door of older clients, at its partner and enterprise addresses: login, logout, and who and when one is."""

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC
from xml.etree import ElementTree  # noqa: S405 - document types are refused before anything is parsed
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from sandbox import clock
from sandbox.salesforce.oauth import App, TokenDoor, instance_of
from sandbox.salesforce.org import Org
from sandbox.salesforce.refusals import UNEXPECTED
from sandbox.saying import complain

ADDRESS = re.compile(r"/services/Soap/([uc])/(\d{1,3})\.0(/[^/]*)?/?")
KINDS = {"u": "urn:partner.soap.sforce.com", "c": "urn:enterprise.soap.sforce.com"}
OLDEST, NEWEST_LOGIN, NEWEST = 31, 64, 68
SF = {"u": "urn:fault.partner.soap.sforce.com", "c": "urn:fault.enterprise.soap.sforce.com"}
NO_LOGIN = (
    "The SOAP Login operation is not available in the API version specified ({}.0). Refer to the documentation for supported versions."
)
LOGIN_OFF = "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login()."
INVALID = "Invalid username, password, security token; or user locked out."
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{kind}" '
    'xmlns:sf="{fault}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>'
)
FAULT = (
    "<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring><detail>"
    '<sf:{name} xsi:type="sf:{name}"><sf:exceptionCode>{code}</sf:exceptionCode>'
    "<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:{name}>"
    "</detail></soapenv:Fault>"
)
LIFE_S = 7_200


class SoapFault(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text

    def body(self) -> str:
        name = "LoginFault" if self.code == "INVALID_LOGIN" else "UnexpectedErrorFault"
        return FAULT.format(code=self.code, text=escape(self.text), name=name)


class SoapDoor:
    def __init__(self, org: Org, app: App, token: TokenDoor) -> None:
        self._org, self._app, self._token = org, app, token
        self._calls: dict[str, Callable[[Request, ElementTree.Element], str]] = {
            "login": self._login, "logout": self._logout, "getUserInfo": self._user_info, "getServerTimestamp": self._timestamp,
        }  # fmt: skip

    def answer(self, request: Request) -> Response:
        found = ADDRESS.fullmatch(request.path)
        if found is None:
            return Response("Not Found", 404, content_type="text/plain")
        if request.method != "POST":
            return Response("", 405, {"Allow": "POST"})
        status, kind = 200, found[1]
        try:
            body = self._acted(request, int(found[2]))
        except SoapFault as fault:
            status, body = 500, fault.body()
        except sqlite3.OperationalError as error:
            # the disk is full, for one: no session was opened or ended
            complain(f"nothing was stored: {error}")
            status, body = 500, SoapFault("UNKNOWN_EXCEPTION", UNEXPECTED).body()
        text = ENVELOPE.format(kind=KINDS[kind], fault=SF[kind], body=body)
        return Response(text, status, content_type="text/xml;charset=UTF-8")

    def _acted(self, request: Request, version: int) -> str:
        asked = _first(request.get_data())
        name = _local(asked)
        if name not in self._calls:
            raise SoapFault("INVALID_OPERATION", f"No operation available for request {name}")
        if name == "login":
            self._offered(version)
        if not OLDEST <= version <= NEWEST:
            raise SoapFault("UNSUPPORTED_API_VERSION", f"{name}() is not available in API version {version}.0")
        return self._calls[name](request, asked)

    def _offered(self, version: int) -> None:
        """login() ended with release 64, and a new org has it off until its administrator says otherwise."""
        if NEWEST_LOGIN < version <= NEWEST:
            raise SoapFault("INVALID_OPERATION", NO_LOGIN.format(version))
        if not self._org.behaviour["soap_login"]:
            raise SoapFault("INVALID_OPERATION", LOGIN_OFF)

    def _login(self, request: Request, asked: ElementTree.Element) -> str:
        given = {_local(each): each.text or "" for each in asked}
        known = self._token.knows(given.get("username", ""), given.get("password", ""))
        if not known or not self._org.is_active(self._app.user_id) or self._org.behaviour["user"] == "locked":
            raise SoapFault("INVALID_LOGIN", INVALID)
        root = f"{instance_of(request, self._app)}/services/Soap"
        here, session = request.path.removeprefix("/services/Soap").rstrip("/"), self._org.sessions.open(self._app.user_id)
        org = self._app.org_id[:15]
        return (
            f"<loginResponse><result><metadataServerUrl>{root}/m{here[2:]}</metadataServerUrl><passwordExpired>false</passwordExpired>"
            f"<sandbox>true</sandbox><serverUrl>{root}{here if here.endswith(org) else f'{here}/{org}'}</serverUrl>"
            f"<sessionId>{escape(session)}</sessionId><userId>{self._app.user_id}</userId>"
            f"<userInfo>{self._info()}</userInfo></result></loginResponse>"
        )

    def _logout(self, request: Request, asked: ElementTree.Element) -> str:
        self._org.sessions.end(self._session(request))
        return "<logoutResponse/>"

    def _user_info(self, request: Request, asked: ElementTree.Element) -> str:
        self._session(request)
        return f"<getUserInfoResponse><result>{self._info()}</result></getUserInfoResponse>"

    def _timestamp(self, request: Request, asked: ElementTree.Element) -> str:
        self._session(request)
        now = clock.moment().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return f"<getServerTimestampResponse><result><timestamp>{now}</timestamp></result></getServerTimestampResponse>"

    def _info(self) -> str:
        user = self._org.records.get("User", self._app.user_id) or {}
        told = {
            "organizationId": self._app.org_id, "organizationMultiCurrency": "false", "organizationName": "Sandbox",
            "sessionSecondsValid": str(LIFE_S), "userDefaultCurrencyIsoCode": "JPY", "userEmail": user["Email"],
            "userFullName": user["Name"],
            "userId": user["Id"], "userLanguage": user["LanguageLocaleKey"], "userLocale": user["LocaleSidKey"],
            "userName": user["Username"],
            "userTimeZone": user["TimeZoneSidKey"], "userType": "Standard",
        }  # fmt: skip
        return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in told.items())

    def _session(self, request: Request) -> str:
        root = _parsed(request.get_data())
        held = next((each.text for each in root.iter() if _local(each) == "sessionId"), None)
        if not held or self._org.sessions.user(held) is None:
            raise SoapFault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
        return held


def _parsed(raw: bytes) -> ElementTree.Element:
    # no SOAP message has a document type; refusing them refuses entities too
    if b"<!" in raw.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise SoapFault("INVALID_SOAP_REQUEST", "DOCTYPE is not allowed")
    try:
        return ElementTree.fromstring(raw)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SoapFault("INVALID_SOAP_REQUEST", f"the request is not well-formed: {error}") from error


def _first(raw: bytes) -> ElementTree.Element:
    """The call: the first element of the body."""
    body = next((each for each in _parsed(raw) if _local(each) == "Body"), None)
    if body is None or len(body) == 0:
        raise SoapFault("INVALID_SOAP_REQUEST", "the envelope has no body with a call")
    return body[0]


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
