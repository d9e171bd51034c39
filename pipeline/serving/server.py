"""The site on a socket: a thread a connection, quiet about clients that go away."""

from __future__ import annotations

import socket
import socketserver
import sys
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pipeline.errors import PermanentError, SettingsError
from pipeline.serving.site import Answer, Asked, Site, plain

IDLE_SECONDS = 30


class Server(ThreadingHTTPServer):
    """Listens as soon as it is made; `serve_forever` answers."""

    request_queue_size = 64  # a page asks for several files at once

    def __init__(self, site: Site, *, host: str, port: int) -> None:
        self.site = site
        self.host = host
        self.address_family, address = _address(host, port)
        try:
            super().__init__(address, Handler)
        except OSError as error:
            raise PermanentError(
                f"serve: cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()}. "
                "Choose another one with --port, or stop what listens there."
            ) from None

    @property
    def url(self) -> str:
        """Where the page is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.server_address[1]}/"

    def server_bind(self) -> None:
        """Bind without asking the name service for our own name, which may take long."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up, and one line of anything else."""
        error = sys.exception() if sys.version_info >= (3, 12) else sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            print(f"serve: {type(error).__name__}: {error}", file=sys.stderr, flush=True)


class Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection and lets the site answer."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "tenantcast"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True  # headers and body are two writes
    headers = Message()  # until a request has been read

    def do_GET(self) -> None:
        """Answer with headers and body."""
        self._reply(
            self.server.site.answer(
                Asked(
                    self.path,
                    accept_encoding=", ".join(self.headers.get_all("Accept-Encoding", [])),
                    if_none_match=", ".join(self.headers.get_all("If-None-Match", [])),
                )
            )
        )

    do_HEAD = do_GET  # noqa: N815  (the name is the standard library's)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself, in our own form; the connection ends."""
        status = HTTPStatus(code)
        self.close_connection = True
        if status is HTTPStatus.NOT_IMPLEMENTED:
            self._reply(plain(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD"))
        else:
            self._reply(plain(status))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: paths hold the tenants' keys."""

    def _reply(self, answer: Answer) -> None:
        self.close_connection |= _has_body(self.headers)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _has_body(headers: Message) -> bool:
    """Whether a body follows: it is not read, so it must not be taken for the next request."""
    return headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers


def _address(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise SettingsError(f"serve: --host {host!r} is no address of this machine. Try 127.0.0.1.") from None
    return family, address
