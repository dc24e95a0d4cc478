"""Logs are events with ids: nothing else gets through, whoever writes, and whatever an exception quotes."""

import ast
import io
import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console import log

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
PERSON = "Aiko Tanaka"
Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written() -> Iterator[Written]:
    """What was logged, as it would stand on stderr."""
    root, told = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    log.configure("INFO")
    root.handlers[0].setStream(told)  # type: ignore[attr-defined]
    yield lambda: [json.loads(line) for line in told.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


def test_it_writes_allowed_fields_only(written: Written) -> None:
    log.logger("test").info("order_placed", order_id=7, first_name=PERSON, address={"city": "Shibuya"}, _note=PERSON)
    [line] = written()
    assert (line["event"], line["order_id"], line["level"]) == ("order_placed", 7, "info")
    assert {line[name] for name in ("first_name", "address", "_note")} == {"[redacted]"}


def test_it_writes_plain_values_only(written: Written) -> None:
    log.logger("test").info("order_placed", order_id=[PERSON], reason={"name": PERSON}, count=3, ms=1.5, status=None)
    [line] = written()
    assert (line["order_id"], line["reason"], line["count"], line["ms"], line["status"]) == ("[redacted]", "[redacted]", 3, 1.5, None)


@pytest.mark.parametrize(
    "text",
    [
        "aiko.tanaka@example.com", "LPA:1$smdp.example.com$7Q2K-XX19", "4242 4242 4242 4242", "4242-4242-4242-4242", "password=hunter2x",
        "00D000000000001!AQcAQH0dMHZfz972", "Bearer abc.def", "secret: s3cr3t",
    ],
)  # fmt: skip
def test_it_masks_what_a_text_should_not_have_held(written: Written, text: str) -> None:
    log.logger("test").warning("retry", reason=f"because of {text} today")
    [line] = written()
    assert text not in json.dumps(line)
    assert text not in log.redact(f"because of {text} today")
    assert line["reason"].startswith("because of [redacted]")


def test_it_writes_a_librarys_words_without_its_values(written: Written) -> None:
    logging.getLogger("gunicorn.error").error("Error handling request %s", "/confirm/1.token?q=aiko")
    logging.getLogger("gunicorn.error").warning("Invalid request from ip=192.0.2.7: Invalid HTTP request line: '/confirm/1.token'")
    logging.getLogger("some.library").warning(ValueError(PERSON))
    words = [(line["logger"], line["event"]) for line in written()]
    assert words == [
        ("gunicorn.error", "Error handling request %s"),
        ("gunicorn.error", "Invalid request from ip"),
        ("some.library", "ValueError"),
    ]


@pytest.mark.parametrize("name", ["huey", "gunicorn.error"])
def test_no_library_keeps_a_way_past_the_chain(written: Written, name: str) -> None:
    logging.getLogger(name).addHandler(logging.StreamHandler())
    log.configure("INFO")
    assert (logging.getLogger(name).handlers, logging.getLogger(name).propagate) == ([], True)


def test_it_tells_where_an_exception_came_from_and_not_what_it_quotes(written: Written) -> None:
    try:
        try:
            raise KeyError(PERSON)
        except KeyError as first:
            raise ValueError(f"Failing row contains ({PERSON})") from first
    except ValueError:
        log.logger("test").exception("request_failed")
        logging.getLogger("some.library").exception("broke at %s", PERSON)
    for line in written():
        assert PERSON not in line["exception"]
        assert "test_logs.py" in line["exception"]
        assert re.search(r"ValueError\n.*KeyError$", line["exception"], re.S)


def test_it_tells_the_messages_that_name_code_only(written: Written) -> None:
    try:
        logging.nothing  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError:
        log.logger("test").exception("request_failed")
    assert "has no attribute 'nothing'" in written()[0]["exception"]


def test_a_line_that_cannot_be_written_is_not_told_in_another_way(written: Written, capfd: pytest.CaptureFixture[str]) -> None:
    """Python's logging would print the event as it came, with all that the chain takes out."""
    logging.getLogger().handlers[0].stream.close()  # type: ignore[attr-defined]
    log.logger("test").info("order_placed", first_name=PERSON)
    assert PERSON not in capfd.readouterr().err


def test_a_thread_that_dies_says_so_in_the_same_way() -> None:
    code = (
        "import threading; from console import log; log.configure()\n"
        f"def work(): raise ValueError({PERSON!r})\n"
        "one = threading.Thread(target=work); one.start(); one.join()\n"
        "work()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["exception"].splitlines()[-1]) for line in lines] == [("died", "ValueError")] * 2
    assert PERSON not in done.stderr + done.stdout


def test_tests_keep_their_own_last_words() -> None:
    before = threading.excepthook
    log.configure("WARNING")
    assert threading.excepthook is before


def test_every_event_is_a_name_with_allowed_fields() -> None:
    """A sentence could hold anything, and a field that is not allowed would come out masked."""
    wrong = []
    for path in [*(ROOT / "console").rglob("*.py"), ROOT / "tasks.py", ROOT / "listener.py"]:
        for call in _log_calls(ast.parse(path.read_text())):
            name = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], ast.Constant) else ""
            fields = {word.arg for word in call.keywords} - {"exc_info"}
            if not re.fullmatch(r"[a-z_]+", str(name)) or not fields <= log.ALLOWED:
                wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert wrong == []


def _log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            logger = node.func.value
            yield from [node] if isinstance(logger, ast.Name) and logger.id in {"log", "_log"} else []


def test_no_server_writes_a_log_of_addresses() -> None:
    """Gunicorn's own access log would write query strings and mail links; ours names routes."""
    for file in ("Procfile", "deploy/launch.py", "run"):
        assert "access" not in (ROOT / file).read_text().lower()
