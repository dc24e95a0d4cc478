"""What every answer carries, whoever asked for what."""

from uuid import UUID

from werkzeug.test import TestResponse


def assert_closed(answer: TestResponse) -> None:
    """No frame, no foreign script, no guessed type, no other site that reads it, and a reference for our support."""
    headers, where = answer.headers, answer.request.path if answer.request else ""
    assert headers["Content-Security-Policy"].startswith("default-src 'none'"), where
    assert "base-uri 'none'" in headers["Content-Security-Policy"], where
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], where
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY"), where
    assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, where
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin", where
    assert "Cache-Control" in headers, where
    assert not headers.get("Access-Control-Allow-Origin"), where
    UUID(headers["X-Correlation-Id"])
