"""One Subscribe call: its requests, its answers in order, its watchdog and its end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from console.clients.pubsub_errors import UPSTREAM
from console.errors import Unavailable

if TYPE_CHECKING:
    from console.clients.protos.pubsub_pb2 import FetchRequest, FetchResponse

_END = object()


class Requests:
    """What we send on the stream. gRPC reads it in a thread of its own and takes its end for the end of the call, so it blocks."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def send(self, request: FetchRequest) -> None:
        self._queue.put(request)

    def end(self) -> None:
        self._queue.put(_END)

    def __iter__(self) -> Iterator[FetchRequest]:
        return iter(self._queue.get, _END)


class Stream:
    """A running Subscribe call. `stop` may be called by any thread, also from a signal handler and before the call is made."""

    def __init__(self) -> None:
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._call: Any = None
        self.requests = Requests()
        self.stopped = False

    def open(self, subscribe: Any, metadata: list[tuple[str, str]]) -> None:
        """Makes the call and starts the thread that reads its answers."""
        self._call = subscribe(iter(self.requests), metadata=metadata)
        threading.Thread(target=self._read, args=(self._call,), name="pubsub-answers", daemon=True).start()

    def answers(self, silence_s: float) -> Iterator[FetchResponse]:
        """Each answer as it comes; ends when the server ends the call or `stop` was called, raises RpcError when the call
        failed, and Unavailable when nothing came for `silence_s`: a dropped connection may never say so."""
        while not self.stopped:
            try:
                answer = self._answers.get(timeout=silence_s)
            except queue.Empty as nothing:
                raise Unavailable(UPSTREAM, "silent", "no answer, not even an empty one") from nothing
            if self.stopped or answer is _END:
                return
            if isinstance(answer, Exception):
                raise answer
            yield answer

    def stop(self) -> None:
        """Ends `answers` at once; again does nothing."""
        if not self.stopped:
            self.stopped = True
            self._answers.put(_END)

    def close(self) -> None:
        """Ends the call; nothing is sent or read any more."""
        self.requests.end()
        if self._call is not None:
            self._call.cancel()

    def _read(self, call: Any) -> None:
        import grpc

        try:
            for answer in call:
                self._answers.put(answer)
        except grpc.RpcError as failure:
            self._answers.put(failure)
        else:
            self._answers.put(_END)
