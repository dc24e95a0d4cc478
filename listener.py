"""Listens to platform events: one listener active by lease, others stand by; a response is recorded before more is done."""

from __future__ import annotations

import queue
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from config import BadSettings, Settings
from console import crash, log, wiring
from console.errors import Misconfigured, ReplayLost, Throttled, Unavailable, UpstreamError
from console.models import Heartbeat, Lease, StreamCursor, database
from console.models.base import DatabaseTrouble
from console.services.provisioning.receiving import receive

if TYPE_CHECKING:
    from console.clients.pubsub import Batch
    from tasks import Bell

_log = log.logger(__name__)
LEASE_S = 12.0
RENEW_S = 4.0
STOP_S = 2.0  # how long an end waits for what is being recorded; a call that hangs, or a database, is left behind
BACKOFF_CAP_S = 60.0
EMPTY_EVERY_S = 60.0  # how often the position of an empty response is stored


class Told:
    """How the process is to end: said by a signal handler, so without a lock, or by a thread that met a defect."""

    def __init__(self) -> None:
        self._codes: queue.SimpleQueue[int] = queue.SimpleQueue()

    def stop(self, *_signal: int | FrameType | None) -> None:
        self._codes.put(0)

    def fail(self) -> None:
        self._codes.put(1)

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code, or None when nothing was said in that time."""
        try:
            return self._codes.get(timeout=seconds)
        except queue.Empty:
            return None


class Listener:
    """One process's part: waits for the lease, then subscribes from the stored position until it is told to stop."""

    def __init__(self, console: wiring.Console, bell: Bell, told: Told) -> None:
        self.settings, self.bell = console.settings, bell
        self.channel, self.owner = console.settings.sf_provision_event_channel, wiring.process_name("listener")
        self.pubsub = wiring.pubsub(console.settings, console.upstreams.salesforce)
        self.told, self.stopping = told, threading.Event()
        self.failures, self.fence, self.stored_at = 0, 0, float("-inf")

    def run(self) -> int:
        """Stand by or listen until told to stop: 0 then, 1 after a defect, for a new process may do better."""
        keeping, listening = self._start(self._keep_lease, "lease"), self._start(self._take_part, "listening")
        code = self.told.wait() or 0
        self.stopping.set()
        self._wind_up(listening)
        keeping.join(0.5)
        self._start(self._hand_over, "hand-over").join(1.0)
        return code

    def _start(self, work: Callable[[], None], name: str) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except Exception:  # the outermost boundary of the thread
                _log.exception("listener_failed", name=name)
                self.told.fail()
            finally:
                database.close()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        thread.start()
        return thread

    def _wind_up(self, listening: threading.Thread) -> None:
        """Have the subscription end; told again and again, since one may just have begun."""
        limit = time.monotonic() + STOP_S
        while listening.is_alive() and time.monotonic() < limit:
            self.pubsub.stop()
            listening.join(0.1)

    def _hand_over(self) -> None:
        try:
            Lease.give_back(self._lease, self.owner)
            Heartbeat.end(self.owner)
        except DatabaseTrouble:
            _log.exception("lease_not_given_back", lease=self._lease)  # it ends by itself

    @property
    def _lease(self) -> str:
        return f"listener:{self.channel}"[:64]

    def _keep_lease(self) -> None:
        """Take or keep the lease and say that we live; a lease that is lost stops the stream."""
        while not self.stopping.is_set():
            try:
                fence = Lease.take(self._lease, self.owner, LEASE_S)
                Heartbeat.beat("listener", self.owner, state="listening" if fence else "standby")
            except DatabaseTrouble:
                _log.exception("lease_not_kept", lease=self._lease)
                fence = None
            held, self.fence = self.fence, fence or 0
            if not self.fence or held not in (0, self.fence):
                self.pubsub.stop()
            self.stopping.wait(RENEW_S if fence else 1.0)

    def _take_part(self) -> None:
        while not self.stopping.is_set():
            if self.fence:
                self._listen()
            else:
                self.stopping.wait(0.2)

    def _listen(self) -> None:
        """One subscription from the stored position to its end, good or bad, and the wait after it."""
        try:
            self._stream()
        except Throttled as error:
            _log.warning("stream_throttled", channel=self.channel, code=error.code, seconds=error.retry_after)
            self.stopping.wait(error.retry_after or BACKOFF_CAP_S)
        except UpstreamError as error:
            self._back_off(error)
        except DatabaseTrouble:
            _log.exception("event_not_recorded", channel=self.channel)
            self.stopping.wait(1.0)

    def _stream(self) -> None:
        position, preset = self._start_point()
        _log.info("stream_opened", channel=self.channel, reason="stored position" if position else preset)
        self.bell.reconcile()  # what was approved while nobody listened, or what a lost position hides
        try:
            for batch in self.pubsub.batches(self.channel, replay_id=position, preset=preset):
                self.failures = 0
                if not self._record(batch):
                    return
        except ReplayLost as error:
            _log.error("stream_position_lost", channel=self.channel, code=error.code)
            StreamCursor.lose(self.channel, self.fence)
            raise
        if self.fence and not self.stopping.is_set():
            raise Unavailable("pubsub", "ended")  # cleanly, but nobody here asked for it

    def _start_point(self) -> tuple[bytes, str]:
        """The stored position, and where to begin without one: at the earliest event when it was lost, else as the setting says."""
        cursor = StreamCursor.of(self.channel)
        return (bytes(cursor.replay_id), "EARLIEST") if cursor else (b"", self.settings.sf_events_replay)

    def _record(self, batch: Batch) -> bool:
        """T1 and the ring; False when the stream is no longer ours."""
        if not batch.events and time.monotonic() - self.stored_at < EMPTY_EVERY_S:
            return bool(self.fence)
        received = receive(self.channel, batch, self.fence)
        self.stored_at = time.monotonic()
        self.bell.jobs(received.jobs)
        crash.point("rung")
        return received.ours and bool(self.fence)

    def _back_off(self, error: UpstreamError) -> None:
        self.failures += 1
        longest = min(BACKOFF_CAP_S, 0.5 * 2 ** min(self.failures, 10))
        wait = BACKOFF_CAP_S if isinstance(error, Misconfigured) else random.uniform(0, longest)  # noqa: S311  jitter
        _log.warning("stream_lost", channel=self.channel, error_class=type(error).__name__, code=error.code, seconds=round(wait, 1))
        self.stopping.wait(wait)


def _wait_disabled(told: Told) -> int:
    """Switched off: say so, beat, and wait for a signal, so that a supervisor sees a healthy process."""
    _log.info("listener_disabled", setting="SF_EVENTS_ENABLED")
    name, code = wiring.process_name("listener"), None
    while code is None:
        try:
            Heartbeat.beat("listener", name, state="disabled")
        except DatabaseTrouble:
            _log.exception("no_sign_of_life")
        code = told.wait(RENEW_S)
    Heartbeat.end(name)
    return code


def main() -> int:
    """0 after a signal, 78 for a bad setting, 1 otherwise."""
    try:
        settings = Settings.read()
        console = wiring.build(settings)
        from tasks import register  # builds the queue of the environment, which may be set wrongly too
    except BadSettings as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 78
    told = Told()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told.stop)
    if not settings.sf_events_enabled:
        return _wait_disabled(told)
    return Listener(console, register(wiring.queue(settings)), told).run()


if __name__ == "__main__":
    sys.exit(main())
