"""How often an address or an account may try: counted in Redis or in the database, so that all web processes count together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, g, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from limits.storage import RedisStorage, Storage

from console import log
from console.models import Throttle
from console.vault import fingerprint
from console.web.forms.typed import lower

_log = log.logger(__name__)
QUIET_S = 10.0  # how long a Redis that did not answer is left alone
T = TypeVar("T")


class ThrottleStorage(Storage):
    """Flask-Limiter's counters in Redis where there is one, else and while it is away as Throttle rows. Keys hold addresses: hashed."""

    STORAGE_SCHEME = ["throttle"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, redis_pool: Any = None, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._redis = RedisStorage("redis://", connection_pool=redis_pool, key_prefix="console:limit") if redis_pool else None
        self._quiet_until = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        key = fingerprint(key)
        return self._count(lambda redis: redis.incr(key, expiry, amount), lambda: Throttle.hit(key, expiry, amount))

    def get(self, key: str) -> int:
        key = fingerprint(key)
        return self._count(lambda redis: redis.get(key), lambda: Throttle.state(key)[0])

    def get_expiry(self, key: str) -> float:
        key = fingerprint(key)
        return self._count(lambda redis: redis.get_expiry(key), lambda: _ends(key))

    def _count(self, there: Callable[[RedisStorage], T], here: Callable[[], T]) -> T:
        """A limit must neither fall away nor shut people out because Redis does: the count goes on in the rows, from nothing."""
        if self._redis is None or time.monotonic() < self._quiet_until:
            return here()
        try:
            return there(self._redis)
        except self._redis.base_exceptions as error:
            self._quiet_until = time.monotonic() + QUIET_S
            _log.warning("limits_without_redis", error_class=type(error).__name__, seconds=QUIET_S)
            return here()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        return int(Throttle.delete().execute())

    def clear(self, key: str) -> None:
        Throttle.delete().where(Throttle.key == fingerprint(key)).execute()


def _ends(key: str) -> float:
    ends = Throttle.state(key)[1]
    return ends.timestamp() if ends else time.time()


limiter = Limiter(get_remote_address, storage_uri="throttle://", strategy="fixed-window", headers_enabled=True)


def init_app(app: Flask) -> None:
    app.after_request(_come_back)  # runs after the limiter's own, since what is registered first runs last
    limiter.init_app(app)
    app.after_request(_remember)


def _remember(answer: Response) -> Response:
    g.come_back = answer.headers.get("Retry-After")
    return answer


def _come_back(answer: Response) -> Response:
    """The limiter writes the end of its window on every answer that it counted: that is when to come back only for whom it refused."""
    if g.get("come_back"):
        answer.headers["Retry-After"] = g.come_back
    elif answer.status_code != 429:
        answer.headers.pop("Retry-After", None)
    return answer


def _account() -> str:
    """As the form reads it: another width or case of the letters is no other account."""
    typed = _told().get("email") if request.is_json else request.form.get("email")
    return lower(typed if isinstance(typed, str) else "")[:254] or "none"


def _told() -> dict[str, Any]:
    """The body's object; empty for what its door refuses anyway."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        body = None
    return body if isinstance(body, dict) else {}


def _account_here() -> str:
    return f"{_account()} {get_remote_address()}"


def _person() -> str:
    return f"person {getattr(current_user, 'id', '')}"


def _failed(answer: Response) -> bool:
    return answer.status_code in {401, 422}


def _accepted(answer: Response) -> bool:
    return answer.status_code < 400


def _slow_down(limit: str, key: Any, **when: Any) -> Any:
    return limiter.limit(limit, key_func=key, methods=["POST"], **when)


def on_login(view: Any) -> Any:
    """Failures only. The tight one counts account and address together: a stranger elsewhere cannot keep the owner out."""
    view = _slow_down("10 per 15 minutes", _account_here, deduct_when=_failed)(view)
    view = _slow_down("100 per hour", _account, deduct_when=_failed)(view)
    return _slow_down("50 per 15 minutes", get_remote_address, deduct_when=_failed)(view)


def on_code(view: Any) -> Any:
    """The code at the login: its tries are counted with the login and the account; this keeps an address from many of both."""
    return _slow_down("50 per 15 minutes", get_remote_address, deduct_when=_failed)(view)


def on_forgot(view: Any) -> Any:
    """Each sends a mail: few to one mailbox, whether or not somebody has it."""
    view = _slow_down("5 per hour", _account_here, deduct_when=_accepted)(view)
    view = _slow_down("10 per hour", _account, deduct_when=_accepted)(view)
    return _slow_down("120 per hour", get_remote_address)(view)


def on_new_email(view: Any) -> Any:
    """Each sends a mail to an address that is not proved yet."""
    return _slow_down("5 per hour", _person, deduct_when=_accepted)(view)


def on_order(view: Any) -> Any:
    """Placing orders: more than a person does, less than a program would."""
    return _slow_down("60 per hour", _person, deduct_when=_accepted)(view)


def on_sign_up(view: Any) -> Any:
    """Each sign-up sends a mail: few to one mailbox, more from one address."""
    view = _slow_down("5 per hour", _account, deduct_when=_accepted)(view)
    return _slow_down("120 per hour", get_remote_address)(view)


def on_confirm(view: Any) -> Any:
    """The token has tries of its own; this keeps an address from guessing tokens."""
    return _slow_down("50 per 15 minutes", get_remote_address, deduct_when=_failed)(view)


def on_mail_again(view: Any) -> Any:
    """The confirmation sent once more: few to one mailbox, more from one address."""
    view = _slow_down("5 per hour", _account)(view)
    return _slow_down("60 per hour", get_remote_address)(view)


def on_way_out(view: Any) -> Any:
    """Each makes a login of its own at billing."""
    return _slow_down("30 per 15 minutes", _person, deduct_when=_accepted)(view)


def on_reveal(view: Any) -> Any:
    """Each shows a secret and is audited: more than a person needs who installs an eSIM on several tries."""
    return _slow_down("30 per hour", _person)(view)


def on_password(view: Any) -> Any:
    """The password, or a code, asked once more in an open session: wrong ones only, whatever else the form held."""
    return _slow_down("10 per 15 minutes", lambda: f"session {session.get('sid', '')}", deduct_when=_wrong_password)(view)


def _wrong_password(_answer: Response) -> bool:
    return bool(g.get("wrong_password"))


def on_support(view: Any) -> Any:
    """Each is read by a person."""
    return _slow_down("10 per hour", _person, deduct_when=_accepted)(view)
