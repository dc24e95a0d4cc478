"""Listens to platform events: one listener active by lease, others stand by; a response is recorded before more is done."""

from __future__ import annotations

import random
import signal
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING

from config import BadSettings, Settings
from console import crash, log, wiring
from console.errors import Misconfigured, ReplayLost, Throttled, UpstreamError
from console.models import Heartbeat, Lease, StreamCursor
from console.models.base import DatabaseTrouble
from console.services.provisioning.receiving import receive

if TYPE_CHECKING:
    from console.clients.pubsub import Batch
    from tasks import Bell

_log = log.logger(__name__)
LEASE_S = 12.0
RENEW_S = 4.0
BACKOFF_CAP_S = 60.0
EMPTY_EVERY_S = 60.0  # how often the position of an empty response is stored


class Listener:
    """One process's part: waits for the lease, then subscribes from the stored position until it is told to stop."""

    def __init__(self, console: wiring.Console, bell: Bell) -> None:
        self.settings, self.bell = console.settings, bell
        self.channel, self.owner = console.settings.sf_provision_event_channel, wiring.process_name("listener")
        self.pubsub = wiring.pubsub(console.settings, console.upstreams.salesforce)
        self.stopping = threading.Event()
        self.preset: str = console.settings.sf_events_replay
        self.failures, self.fence, self.stored_at = 0, 0, 0.0

    def stop(self, *_signal: int | FrameType | None) -> None:
        """Finish what is being recorded, then end."""
        self.stopping.set()
        self.pubsub.stop()

    def run(self) -> int:
        """Until stopped: stand by or listen. 0, or 1 when a defect ended the keeping of the lease: a new process may do better."""
        keeper = threading.Thread(target=self._keep_lease, name="lease", daemon=True)
        keeper.start()
        while not self.stopping.is_set() and keeper.is_alive():
            if self.fence:
                self._listen()
            else:
                self.stopping.wait(0.2)
        code = 0 if self.stopping.is_set() else 1
        keeper.join(RENEW_S)
        try:
            Lease.give_back(self._lease, self.owner)
            Heartbeat.end(self.owner)
        except DatabaseTrouble:
            _log.exception("lease_not_given_back", lease=self._lease)  # it ends by itself
        return code

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
            lost, self.fence = self.fence and self.fence != fence, fence or 0
            if lost:
                self.pubsub.stop()
            self.stopping.wait(RENEW_S if fence else 1.0)

    def _listen(self) -> None:
        """One subscription from the stored position to its end, good or bad, and the wait after it."""
        try:
            self._stream()
        except ReplayLost as error:
            _log.error("stream_position_lost", channel=self.channel, code=error.code)
            StreamCursor.forget(self.channel)
            self.preset = "EARLIEST"
            self.bell.reconcile()
        except Throttled as error:
            _log.warning("stream_throttled", channel=self.channel, code=error.code, seconds=error.retry_after)
            self.stopping.wait(error.retry_after or BACKOFF_CAP_S)
        except UpstreamError as error:
            self._back_off(error)
        except DatabaseTrouble:
            _log.exception("event_not_recorded", channel=self.channel)
            self.stopping.wait(1.0)

    def _stream(self) -> None:
        cursor = StreamCursor.of(self.channel)
        position = bytes(cursor.replay_id) if cursor else None
        _log.info("stream_opened", channel=self.channel, reason="stored position" if position else self.preset)
        self.bell.reconcile()  # what was approved while nobody listened
        for batch in self.pubsub.batches(self.channel, replay_id=position, preset=self.preset):
            self.failures = 0
            if not self._record(batch):
                return

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
        wait = BACKOFF_CAP_S if isinstance(error, Misconfigured) else random.uniform(0, min(BACKOFF_CAP_S, 0.5 * 2**self.failures))  # noqa: S311  jitter
        _log.warning("stream_lost", channel=self.channel, error_class=type(error).__name__, code=error.code, seconds=round(wait, 1))
        self.stopping.wait(wait)


def _wait_disabled() -> None:
    """Switched off: say so, beat, and wait for a signal, so that a supervisor sees a healthy process."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    _log.info("listener_disabled", setting="SF_EVENTS_ENABLED")
    while not stopping.is_set():
        try:
            Heartbeat.beat("listener", wiring.process_name("listener"), state="disabled")
        except DatabaseTrouble:
            _log.exception("no_sign_of_life")
        stopping.wait(RENEW_S)


def main() -> int:
    """0 after a signal, 78 for a bad setting, 1 otherwise."""
    try:
        settings = Settings.read()
        console = wiring.build(settings)
        from tasks import register  # builds the queue of the environment, which may be set wrongly too
    except BadSettings as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 78
    if not settings.sf_events_enabled:
        _wait_disabled()
        return 0
    listener = Listener(console, register(wiring.queue(settings)))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, listener.stop)
    return listener.run()


if __name__ == "__main__":
    sys.exit(main())
