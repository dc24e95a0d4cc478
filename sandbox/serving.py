"""HTTP as the upstreams serve it: threads, keep-alive, TLS, and connections that can be cut without an answer."""

import errno
import socket
import sqlite3
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, BinaryIO
from urllib.parse import unquote

from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from sandbox.bodies import BadBody, sent
from sandbox.saying import complain_of_ourselves

WsgiApp = Callable[..., Any]
BODYLESS = {"204", "304"}


class HangUp(Exception):
    """Raised by an app to cut the connection: a reset or a plain close, without an answer or in the middle of one."""

    def __init__(self, reset: bool, half_of: Response | None = None) -> None:
        super().__init__("the connection is cut")
        self.reset, self.half_of = reset, half_of


class Lines:
    """The lines of a head, and whether they ended too soon."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.ended = stream, False

    def readline(self, limit: int = -1) -> bytes:
        line = self._stream.readline(limit)
        self.ended = self.ended or not line
        return line


class Conversation(BaseHTTPRequestHandler):
    """One connection of a client; requests follow each other on it until either side closes."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 65536
    # seconds of silence, in the middle of a request or between two: whoever says nothing for so long is gone
    timeout = 120
    server: "Listener"

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            # the client went away, or never finished its handshake
            self.close_connection = True

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """The journal of calls is kept by the wire; a request log would only repeat it."""

    def parse_request(self) -> bool:
        """A head that ends with the connection is none: nobody acts on half of one."""
        whole, self.rfile = self.rfile, Lines(self.rfile)
        try:
            return super().parse_request() and not self.rfile.ended
        finally:
            self.rfile = whole

    def answer(self) -> None:
        try:
            environ = self._environ(sent(self.headers, self.rfile))
        except BadBody as bad:
            self.send_error(bad.status, bad.text)
            return
        try:
            chunks, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except HangUp as cut:
            if cut.half_of is not None:
                self._begin(cut.half_of)
            self._cut(cut.reset)
            return
        except sqlite3.OperationalError as error:
            # the disk is full, for one; upstreams have words of their own for it, people's pages have these
            chunks, status, headers = [f"nothing was changed: {error}".encode()], "503 SERVICE UNAVAILABLE", Headers()
        except Exception:  # the outermost edge: a fault of the sandbox itself is logged and answered, never a silent hang
            complain_of_ourselves()
            chunks, status, headers = [b"the sandbox itself failed; its log says how"], "500 INTERNAL SERVER ERROR", Headers()
        self._send(status, list(headers), b"".join(chunks))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def _begin(self, answer: Response) -> None:
        """The head and half of the body; of an answer without a body not even a whole line."""
        body = answer.get_data()
        if body:
            headers = [(name, value) for name, value in answer.headers if name != "Content-Length"]
            self._send(answer.status, [*headers, ("Content-Length", str(len(body)))], body[: len(body) // 2])
        else:
            self.wfile.write(b"HTTP/1.")
            self.wfile.flush()

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        named = {name.lower() for name, _ in headers}
        if "content-length" not in named and code not in BODYLESS:
            headers.append(("Content-Length", str(len(body))))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and code not in BODYLESS:
            self.wfile.write(body)
        self.wfile.flush()

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        host, port = self.server.server_address[:2]
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command, "SCRIPT_NAME": "", "PATH_INFO": unquote(path, "latin-1"), "QUERY_STRING": query,
            "RAW_URI": self.path, "REQUEST_URI": self.path, "REMOTE_ADDR": self.client_address[0], "SERVER_NAME": str(host),
            "SERVER_PORT": str(port), "SERVER_PROTOCOL": self.request_version, "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "wsgi.version": (1, 0), "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "https" if self.server.tls else "http", "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        for name, value in self.headers.items():
            environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ

    def _cut(self, reset: bool) -> None:
        """Close below TLS and HTTP: the client sees a reset or an end of stream, never a byte."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())


class Listener(ThreadingMixIn, TCPServer):
    """A listening port for one WSGI app."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, app: WsgiApp, port: int, tls: ssl.SSLContext | None) -> None:
        self.app, self.tls = app, tls
        super().__init__(("127.0.0.1", port), Conversation)

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            connection, address = super().get_request()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                # the caller asks again at once: without a pause it would do nothing else
                time.sleep(0.05)
            raise
        if self.tls:
            # the handshake happens at the first read, in the connection's own thread
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        # a client that went away before anything was read is no fault of ours
        if not isinstance(sys.exception(), OSError):
            complain_of_ourselves()

    def shutdown_request(self, request: Any) -> None:
        if request.fileno() != -1:
            super().shutdown_request(request)


class Door:
    """The port of an HTTP upstream, which can be closed and opened again while the app behind it lives on."""

    def __init__(self, app: WsgiApp, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._app, self._tls, self.port = app, tls, port
        self._listener: Listener | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Raises OSError when the port is taken."""
        with self._lock:
            if self._listener is None:
                self._listener = Listener(self._app, self.port, self._tls)
                self.port = int(self._listener.server_address[1])
                threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        with self._lock:
            if self._listener is not None:
                self._listener.shutdown()
                self._listener.server_close()
                self._listener = None
