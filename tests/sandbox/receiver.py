"""A receiver of the mobile provider's webhooks, for tests of the sandbox."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Receiver:
    """Answers with the statuses it was given, then 204; keeps what came."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.location = ""
        receiver = self

        class Conversation(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("Content-Length", "0")
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Conversation)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/mobile"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def events(self, count: int) -> list[dict[str, Any]]:
        """Those that came, once there are as many."""
        limit = time.monotonic() + 10
        while len(self.came) < count and time.monotonic() < limit:
            time.sleep(0.02)
        assert len(self.came) == count, [json.loads(body)["type"] for _, body in self.came]
        return [json.loads(body) for _, body in self.came]

    def types(self, count: int) -> list[str]:
        return [each["type"].removeprefix("com.gigs.") for each in self.events(count)]

    def until(self, happened: Callable[[], bool]) -> None:
        """Waits for what the deliveries lead to."""
        limit = time.monotonic() + 10
        while not happened() and time.monotonic() < limit:
            time.sleep(0.02)
