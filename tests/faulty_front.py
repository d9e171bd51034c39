"""A front before an S3 server that fails as real ones do: too busy, gone before or after the work, silent."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
# Headers of a hop, not of the message.
OWN = {"connection", "content-length", "transfer-encoding", "expect"}


class FaultyFront:
    """What is to go wrong next, a word a request: `busy`, `cut` before the work, `lost` or `mute` after it; then no more.

    `seen` holds the requests as they came: method and path.
    """

    def __init__(self, behind: str) -> None:
        self.behind = urlsplit(behind)
        self.faults: list[str] = []
        self.seen: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.address = ""

    def next_fault(self, method: str, path: str) -> str:
        """Note a request; give what goes wrong with it."""
        with self.lock:
            self.seen.append((method, path))
            return self.faults.pop(0) if self.faults else ""

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Have the server behind do a request; give status, headers, body."""
        assert self.behind.hostname
        connection = http.client.HTTPConnection(self.behind.hostname, self.behind.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


@contextmanager
def faulty_front(behind: str) -> Iterator[FaultyFront]:
    """Run a front before a server."""
    front = FaultyFront(behind)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = front.next_fault(self.command, self.path)
            if fault == "cut":
                self.close_connection = True
                return
            if fault == "busy":
                self._answer(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
                return
            sent = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
            answer = front.forward(self.command, self.path, sent, body)
            if fault == "mute":
                front.over.wait(30)
            if fault in {"lost", "mute"}:
                self.close_connection = True
                return
            self._answer(*answer)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _serve  # noqa: N815  as http.server has it

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    front.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield front
    finally:
        front.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
