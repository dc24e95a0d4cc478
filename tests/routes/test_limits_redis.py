"""How often one may try, counted in Redis; while Redis is away the rows count, and nobody is shut out or let in for it."""

from __future__ import annotations

import pytest
from flask import Flask

from config import Settings
from console.models import Throttle
from console.web import limits
from tests.support.redis import Server
from tests.support.web import Browser, make_app, make_person


@pytest.fixture
def app(settings: Settings, redis: Server) -> Flask:
    return make_app(settings.model_copy(update={"redis_url": redis.url}))


def try_login(browser: Browser, times: int) -> list[int]:
    return [browser.post("/login", {"email": "aiko.tanaka@example.com", "password": f"wrong {n}"}).status_code for n in range(times)]


def test_it_counts_in_redis(browser: Browser, redis: Server) -> None:
    make_person("aiko.tanaka@example.com")
    assert try_login(browser, 11) == [401] * 10 + [429]
    assert Throttle.select().count() == 0
    keys = redis.ask("KEYS", "*")
    assert len(keys) == 3
    assert not [key for key in keys if b"@" in key or b"127.0.0.1" in key]
    assert all(0 < redis.ask("TTL", key) <= 3600 for key in keys)


@pytest.mark.parametrize("trouble", ["stop", "freeze"])
def test_it_counts_in_rows_while_redis_is_away(browser: Browser, redis: Server, trouble: str, caplog: pytest.LogCaptureFixture) -> None:
    make_person("aiko.tanaka@example.com")
    assert try_login(browser, 2) == [401] * 2
    getattr(redis, trouble)()
    assert try_login(browser, 11) == [401] * 10 + [429]
    redis.thaw()
    assert caplog.text.count("limits_without_redis") == 1, "one short wait, then it is left alone"
    assert Throttle.select().count() == 3


def test_it_comes_back_to_redis(browser: Browser, redis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUIET_S", 0.0)
    make_person("aiko.tanaka@example.com")
    redis.stop()
    assert try_login(browser, 1) == [401]
    redis.start()
    assert try_login(browser, 1) == [401]
    assert len(redis.ask("KEYS", "*")) == 3


def test_it_is_ready_without_redis(browser: Browser, redis: Server) -> None:
    redis.stop()
    assert browser.get("/readyz").status_code == 200
