"""Structured logs: events with ids as fields, redacted at write time, one correlation id through every line."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID, uuid4

import structlog

from console.masking import masked

_correlation: ContextVar[str] = ContextVar("correlation_id", default="")
# Only these fields are written as they are; any other is replaced, so that a new field cannot leak a person's data unnoticed.
ALLOWED = frozenset(
    """
    event level timestamp logger correlation_id exception stack process pid upstream operation status ms code error_class
    state step line outcome attempt fence job_id job_kind order_id sf_order_id message_id template user_id
    event_uuid replay_id count reason path method role channel port service_id client_id lease owner name version seconds
    setting limit sku
    """.split()  # noqa: SIM905  a list of 50 quoted words is harder to read
)
# The messages of these name code and tables; any other may quote what a person typed, or the whole row that was refused.
_TELLING = frozenset(
    """
    AttributeError BadSettings ImportError InterfaceError ModuleNotFoundError NameError OperationalError ProgrammingError RecursionError
    TemplateNotFound TemplateSyntaxError TypeError UndefinedError
    """.split()  # noqa: SIM905  as above
)
# They would write to stderr past the chain.
_HANDLERS_OF_THEIR_OWN = ("huey", "gunicorn.error")
_TEXTS = frozenset({"event", "reason", "exception", "stack", "code"})
_SECRETS = re.compile(
    r"LPA:1\$\S+|Bearer\s+\S+|00D\w{12,15}!\S+|[\w.+-]+@[\w-]+\.[\w.-]+|\b(?:\d[ -]?){13,19}\b"
    r"|(?i:(?:password|secret|token|accesstoken|assertion)\s*[=:]\s*)\S+"
)


def redact(text: str) -> str:
    """The text without e-mail addresses, tokens, card numbers and activation codes, at most 300 characters."""
    return _hidden(text)[:300]


def _hidden(text: str) -> str:
    return masked(_SECRETS.sub("[redacted]", text))


def correlation_id() -> str:
    """The id of what is being done now, or "" outside of anything."""
    return _correlation.get()


@contextmanager
def correlated(given: str | None = None) -> Iterator[str]:
    """Everything inside carries this correlation id; a given one is taken only if it is a UUID."""
    token = _correlation.set(_uuid(given) or str(uuid4()))
    try:
        yield _correlation.get()
    finally:
        _correlation.reset(token)


def _uuid(text: str | None) -> str | None:
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def _redacted(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key not in ALLOWED or not isinstance(value, str | int | float | None):
            event[key] = "[redacted]"
        elif isinstance(value, str) and key in _TEXTS:
            event[key] = _hidden(value)
    if _correlation.get():
        event.setdefault("correlation_id", _correlation.get())
    return event


def _bare(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A library's own words without the values that it puts in them: gunicorn would tell the address of a request, the token in it too."""
    record = event["_record"]
    words = re.split(r"[:='\"\n]", record.msg, maxsplit=1)[0] if isinstance(record.msg, str) else type(record.msg).__name__
    return {**event, "event": words.strip(), "logger": record.name}


def told(error: BaseException | None) -> str:
    """An exception for the log, and what it came from: stack and class, its message only where that cannot be a person's data."""
    parts: list[str] = []
    while error is not None and len(parts) < 8:
        parts.append("".join(traceback.format_tb(error.__traceback__)) + _kind(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nafter this one:\n\n".join(parts)


def _kind(error: BaseException) -> str:
    name, code = type(error).__name__, getattr(error, "code", "")
    said = str(error) if name in _TELLING else code if isinstance(code, str | int) else ""
    return f"{name}: {said}" if said else name


def _last_words() -> None:
    """What kills a thread or a process is logged as all else; Python's own words for it would print the message."""
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = lambda kind, error, _trace: _died(kind, error)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda dead: _died(dead.exc_type, dead.exc_value)


def _died(kind: type[BaseException], error: BaseException | None) -> None:
    if not issubclass(kind, KeyboardInterrupt | SystemExit):
        logger(__name__).critical("died", exc_info=error)


def configure(level: str = "INFO", style: str = "json") -> None:
    """Route structlog and the standard library's logging through one redacting chain to stderr; style is json or console."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(lambda info: told(info[1])),
    ]
    render: Any = structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_bare, *shared],
            use_get_message=False,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redacted, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.raiseExceptions = False  # it would print a line that cannot be written, unredacted
    root.setLevel(level)
    for name in _HANDLERS_OF_THEIR_OWN:
        logging.getLogger(name).handlers[:], logging.getLogger(name).propagate = [], True
    for quiet in ("urllib3", "simple_salesforce", "werkzeug", "huey", "peewee"):
        logging.getLogger(quiet).setLevel("WARNING")
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _last_words()


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of events: `logger(__name__).info("job_claimed", job_id=7)`."""
    return structlog.stdlib.get_logger(name)
