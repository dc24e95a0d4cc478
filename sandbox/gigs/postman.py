"""Delivers the mobile provider's events: at least once, again and again until the receiver takes them or the last try is over."""

import http.client
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from sandbox import clock
from sandbox.gigs import callbacks, deeds
from sandbox.gigs.behaviour import behaviour
from sandbox.gigs.diary import Diary
from sandbox.saying import complain
from sandbox.settings import SandboxSettings
from sandbox.store import Doc, Store
from sandbox.wire import Wire

# seconds before each try, as Svix has them
TRIES_S = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
FAST_S = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
TIMEOUT_S = 15
# of nothing but failures, after which nothing is sent there any more
GIVEN_UP_S = 5 * 86_400


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is a failed delivery."""

    def redirect_request(self, *_: Any) -> None:
        return None


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


class Postman:
    """One thread; a new event wakes it."""

    def __init__(self, store: Store, wire: Wire, settings: SandboxSettings) -> None:
        self._store, self._wire = store, wire
        self._secret = settings.credentials.mobile_webhook_secret
        self._tries = FAST_S if settings.fast else TRIES_S
        # the clock of the sandbox may be moved, so that what is due is not only a matter of waiting
        self._nap_s = 0.1 if settings.fast else 1.0
        self._awake, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        # what is due is told even when nobody asks for it
        self._diary = Diary(store, deeds.DEEDS)
        store.follow(callbacks.KIND, self)

    def start(self, docs: list[tuple[str, Doc]]) -> None:
        self._awake.set()

    def change(self, docs: list[tuple[str, Doc | None]]) -> None:
        self._awake.set()

    def open(self) -> None:
        self._over.clear()
        self._thread = threading.Thread(target=self._walk, name="callbacks", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._awake.set()
        if self._thread is not None:
            self._thread.join(TIMEOUT_S)

    def _walk(self) -> None:
        while not self._over.is_set():
            self._awake.clear()
            try:
                busy = self._round()
            except sqlite3.OperationalError as error:
                # a full disk, for one: it is tried again
                complain(f"callbacks: {error}")
                busy = False
            if not busy:
                self._awake.wait(self._nap_s)

    def _round(self) -> bool:
        self._diary.catch_up()
        due = self._store.scan(callbacks.KIND, lambda doc: bool(doc["due"] <= clock.now()))
        for doc in sorted(due, key=lambda doc: doc["due"]):
            if not self._over.is_set():
                self._deliver(doc)
        return bool(due)

    def _deliver(self, doc: Doc) -> None:
        began, status = time.monotonic(), self._post(doc)
        self._wire.record("mobile", f"callback {doc['event']['type']}", None, status, None, (time.monotonic() - began) * 1000)
        with self._store.write():
            if self._store.get(callbacks.KIND, doc["id"]) is not None:
                self._settle(doc, status is not None and 200 <= status < 300)

    def _post(self, doc: Doc) -> int | None:
        """The status of the answer; None when there was none."""
        named = behaviour(self._store)["callbacks_headers"]
        body, headers = callbacks.signed(doc["id"], doc["event"], self._secret, int(time.time()), named)
        try:
            asked = urllib.request.Request(callbacks.target(self._store), body, headers, method="POST")  # noqa: S310 - as it was ordered
            with DIRECT.open(asked, timeout=TIMEOUT_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except (OSError, ValueError, http.client.HTTPException):
            return None

    def _settle(self, doc: Doc, taken: bool) -> None:
        if callbacks.gave_up(self._store, taken, GIVEN_UP_S):
            return
        copies = 2 if behaviour(self._store)["callbacks_twice"] else 1
        again = {**doc, "taken": doc["taken"] + taken, "attempt": 0 if taken else doc["attempt"] + 1}
        if again["taken"] >= copies or again["attempt"] >= len(self._tries):
            self._store.drop(callbacks.KIND, doc["id"])
        else:
            self._store.put(callbacks.KIND, doc["id"], {**again, "due": clock.now() + self._tries[again["attempt"]]})
