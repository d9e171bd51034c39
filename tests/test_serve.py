"""The verb `serve`, run as a user runs it, asked over real sockets."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest

from pipeline.publish.content import content_type
from pipeline.serving.site import accepts_gzip
from pipeline.settings import ROOT
from tests.sample_documents import Sample, dashboard, publish, status

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)
DASHBOARD = "v1/t/Key_one-1/dashboard.json"
SHORT = "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400"
LONG = "public, max-age=31536000, s-maxage=86400, immutable"
CACHE_CONTROL = {
    "v1/status.json": "public, max-age=30, stale-if-error=86400",
    DASHBOARD: SHORT,
    "v1/t/Key_one-1/hourly/2026-11-22.9f2c81aa.json": LONG,
    "v1/platform/Key_two-2/summary.json": SHORT,
    "v1/platform/Key_two-2/daily/2026-11.0011aabb.json": LONG,
    "v1/schema/dashboard.json": "public, max-age=3600",
    "v1/tenantcast.d.ts": "public, max-age=3600",
}
GZIP = {"Accept-Encoding": "gzip"}


@dataclass(frozen=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Served:
    """A running `serve` on a port of its own."""

    def __init__(self, store: Path, process: subprocess.Popen[str], port: int) -> None:
        self.store, self.process, self.port = store, process, port

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
        connection = self.connect()
        try:
            return asked(connection, path, headers or {}, method)
        finally:
            connection.close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it; give the exit code and what it wrote to standard error."""
        self.process.send_signal(number)
        return self.process.wait(10), written(self.process.stderr)


def written(stream: IO[str] | None) -> str:
    """The rest of what a process that has ended wrote."""
    return stream.read() if stream else ""


def asked(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], method: str = "GET") -> Reply:
    """One request on a connection that may go on; no header is added but Host."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    return Reply(answer.status, dict(answer.getheaders()), answer.read())


def environment(store_url: str, home: Path) -> dict[str, str]:
    """Settings whose database does not answer: `serve` must not ask it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENANTCAST_")}
    return kept | {
        "TENANTCAST_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "TENANTCAST_SECRET": "0123456789abcdef0123456789abcdef",
        "TENANTCAST_HOME": str(home),
        "TENANTCAST_STORE_URL": store_url,
    }


def start(store_url: str, home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", "serve", *words],
        cwd=ROOT,
        env=environment(store_url, home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], 20)
    return process.stdout.readline() if ready else ""


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all the tests that only ask."""
    with serving(tmp_path_factory.mktemp("steady")) as served:
        _tempt(served.store)
        yield served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server for a test that changes its files or stops it."""
    with serving(tmp_path) as served:
        yield served


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    store = home / "public"
    files = {path: {"schema": 1, "path": path} for path in CACHE_CONTROL}
    files["v1/status.json"] = status(data_through=THROUGH)
    files[DASHBOARD] = dashboard(Sample("Kobo Ledger"), data_through=THROUGH)
    publish(store, files)
    process = start(store.as_uri(), home, "--port", "0")
    line = first_line(process)
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
    try:
        assert found, (line, process.poll())
        yield Served(store, process, int(found[1]))
    finally:
        process.kill()
        process.communicate()


def _tempt(store: Path) -> None:
    """Files outside, and links that lead there."""
    (store.parent / "outside.json").write_bytes(gzip.compress(b'{"secret": true}'))
    (store.parent / "elsewhere").mkdir()
    (store.parent / "elsewhere" / "dashboard.json").write_bytes(gzip.compress(b"{}"))
    schema = store / "v1" / "schema"
    (schema / "linked.json").symlink_to(store.parent / "outside.json")
    (schema / "folder.json").mkdir()
    (store / "v1" / "t" / "linked").symlink_to(store.parent / "elsewhere")


@pytest.mark.parametrize("path", CACHE_CONTROL)
def test_published_files_have_the_headers_of_the_contract(steady: Served, path: str) -> None:
    reply = steady.ask(f"/{path}", GZIP)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == content_type(path)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Cache-Control"] == CACHE_CONTROL[path]
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.body == (steady.store / path).read_bytes()


@pytest.mark.parametrize("header", [None, "", "br", "gzip;q=0", "identity"])
def test_a_client_without_gzip_gets_plain_json(steady: Served, header: str | None) -> None:
    reply = steady.ask(f"/{DASHBOARD}", {} if header is None else {"Accept-Encoding": header})
    assert "Content-Encoding" not in reply.headers
    assert reply.headers["Vary"] == "Accept-Encoding"
    assert reply.body == gzip.decompress((steady.store / DASHBOARD).read_bytes())


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip; q=0.0, *", False),
        ("x-gzip", True),
        ("gzipped", False),
        ("", False),
    ],
)
def test_accept_encoding(header: str, takes: bool) -> None:
    assert accepts_gzip(header) is takes


@pytest.mark.parametrize("path", [f"/{DASHBOARD}", "/", "/tenant.js"])
def test_known_bytes_are_not_sent_again(steady: Served, path: str) -> None:
    first = steady.ask(path, GZIP)
    tag = first.headers["ETag"]
    assert re.fullmatch(r'"[^"]+"', tag), "a strong tag"
    assert steady.ask(path).headers["ETag"] != tag, "other bytes, other tag"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = steady.ask(path, GZIP | {"If-None-Match": known})
        assert (again.status, again.body) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers[name] == first.headers[name]
    assert steady.ask(path, GZIP | {"If-None-Match": '"other"'}).status == 200


def test_a_tag_follows_the_content_and_not_the_clock(served: Served) -> None:
    file = served.store / DASHBOARD
    tag = served.ask(f"/{DASHBOARD}", GZIP).headers["ETag"]
    os.utime(file, (1, 1))
    assert served.ask(f"/{DASHBOARD}", GZIP).headers["ETag"] == tag
    before = file.stat()
    file.write_bytes(gzip.compress(b'{"schema": 2}', mtime=0))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert served.ask(f"/{DASHBOARD}", GZIP | {"If-None-Match": tag}).status == 200


@pytest.mark.parametrize("path", [f"/{DASHBOARD}", "/", "/nothing"])
def test_head_is_get_without_the_body(steady: Served, path: str) -> None:
    get, head = steady.ask(path, GZIP), steady.ask(path, GZIP, "HEAD")
    assert head.status == get.status
    assert head.body == b""
    assert {**head.headers, "Date": ""} == {**get.headers, "Date": ""}


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1",
        "/v1/",
        "/v1/t/",
        "/v1/t/Key_one-1",
        "/v1/t/Key_one-1/",
        "/v1/t/nobody/dashboard.json",
        f"/{DASHBOARD}.gz",
        f"/{DASHBOARD}/",
        f"/{DASHBOARD}%00",
        f"/{DASHBOARD}%0a",
        "/v1/t/Key_one-1/../Key_one-1/dashboard.json",
        "/v1/t/Key_one-1/%2e%2e/Key_one-1/dashboard.json",
        "/v1/t/..%2f..%2f..%2foutside.json",
        "/v1/schema/..%5coutside.json",
        "/v1/schema/%252e%252e.json",
        "/../outside.json",
        "/%2e%2e/outside.json",
        "//outside.json",
        "/../pipeline/settings.py",
        "/..%2ftests/sample_documents.py",
        "/dashboard/app.js",
        "/.tenant.js",
        "/tenant%ff.js",
        "/app.js",
        "/v1/schema/" + "a" * 5000 + ".json",
        "/v1/schema/linked.json",
        "/v1/schema/folder.json",
        "/v1/t/linked/dashboard.json",
        "outside.json",
        "*",
    ],
)
def test_all_else_is_not_there(steady: Served, path: str) -> None:
    reply = steady.ask(path, GZIP)
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.body == b"not found\n"


def test_a_damaged_file_is_an_error_and_not_an_answer(served: Served) -> None:
    whole = (served.store / DASHBOARD).read_bytes()
    for damaged in (whole[:-20], b"not gzip", whole[:100] + b"\0\0\0\0" + whole[104:]):
        (served.store / DASHBOARD).write_bytes(damaged)
        for headers in (GZIP, {}):
            reply = served.ask(f"/{DASHBOARD}", headers)
            assert (reply.status, reply.headers["Cache-Control"]) == (500, "no-store")
    (served.store / "v1" / "schema" / "circle.json").symlink_to("circle.json")
    assert served.ask("/v1/schema/circle.json").status in (404, 500)
    assert served.stop() == (0, "")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?x=1", "text/html; charset=utf-8"),
        ("/tenant.js", "text/javascript; charset=utf-8"),
        ("/operator.html", "text/html; charset=utf-8"),
        ("/detail.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ],
)
def test_the_page_comes_under_a_strict_policy(steady: Served, path: str, content_type: str) -> None:
    reply = steady.ask(path, GZIP)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == content_type
    assert reply.headers["Cache-Control"] == "no-cache"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    policy = set(re.sub(r" 'sha256-[^']+'", "", reply.headers["Content-Security-Policy"]).split("; "))
    assert policy == {
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "img", "manifest", "worker")),
        *(f"{kind} 'none'" for kind in ("base-uri", "form-action", "frame-ancestors")),
    }
    assert gzip.decompress(reply.body) == steady.ask(path).body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_are_refused(steady: Served, method: str) -> None:
    reply = steady.ask(f"/{DASHBOARD}", {}, method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_connection_is_used_again(steady: Served) -> None:
    connection = steady.connect()
    socket_used = set()
    for path in (f"/{DASHBOARD}", "/nothing", "/v1/status.json"):
        asked(connection, path, GZIP)
        socket_used.add(id(connection.sock))
    assert len(socket_used) == 1
    connection.close()


def test_head_and_304_send_nothing_after_their_headers(steady: Served) -> None:
    for request in ("HEAD / HTTP/1.1", "GET / HTTP/1.1\r\nIf-None-Match: *", "HEAD /nothing HTTP/1.1"):
        with socket.create_connection(("127.0.0.1", steady.port), timeout=10) as client:
            client.sendall(f"{request}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            received = b"".join(iter(lambda: client.recv(65536), b""))
        assert received.startswith(b"HTTP/1.1 ")
        assert received.endswith(b"\r\n\r\n")


def test_a_body_is_not_taken_for_a_request(steady: Served) -> None:
    with socket.create_connection(("127.0.0.1", steady.port), timeout=10) as client:
        inner = b"GET /v1/status.json HTTP/1.1\r\nHost: x\r\n\r\n"
        client.sendall(b"GET /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(inner), inner))
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.count(b"HTTP/1.1 ") == 1


def test_an_idle_connection_holds_nobody_up(steady: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", steady.port)) for _ in range(20)]
    idle[0].sendall(b"GET /v1/sta")
    began = time.monotonic()
    assert steady.ask("/v1/status.json").status == 200
    assert time.monotonic() - began < 2
    for client in idle:
        client.close()


def test_clients_that_hang_up_leave_no_trace(served: Served) -> None:
    for request in (
        b"",
        b"GET /tenant.js HTTP",
        b"GET /tenant.js HTTP/1.1\r\nHost: x\r\n\r\n" * 500,
        b"\x16\x03\x01\r\n\r\n",
    ):
        client = socket.create_connection(("127.0.0.1", served.port))
        client.sendall(request)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close with a reset
        client.close()
    assert served.ask("/v1/status.json").status == 200
    assert served.stop() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_also_with_connections_open(served: Served, number: signal.Signals) -> None:
    connection = served.connect()
    asked(connection, "/", {})
    began = time.monotonic()
    assert served.stop(number) == (0, "")
    assert time.monotonic() - began < 3
    connection.close()


def test_a_used_port_is_one_clear_line(steady: Served, tmp_path: Path) -> None:
    second = start(steady.store.as_uri(), tmp_path, "--port", str(steady.port))
    _, errors = second.communicate(timeout=20)
    assert second.returncode == 1
    assert errors.count("\n") == 1
    assert f"port {steady.port}" in errors
    assert "--port" in errors


@pytest.mark.parametrize(
    ("store_url", "words", "says"),
    [
        ("s3://bucket/prefix", (), "only a file:// store"),
        ("file:///tmp/none", ("--host", "no.such.host.invalid"), "--host"),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, store_url: str, words: tuple[str, ...], says: str) -> None:
    process = start(store_url, tmp_path, "--port", "0", *words)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert errors.count("\n") == 1
    assert says in errors


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_wrong_port_is_refused(tmp_path: Path, port: str) -> None:
    process = start("file:///tmp/none", tmp_path, f"--port={port}")
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"{port!r} is not a port" in errors


def test_an_empty_store_is_said_and_the_page_is_there(tmp_path: Path) -> None:
    process = start((tmp_path / "a folder").as_uri(), tmp_path, "--port", "0")
    told = first_line(process)
    found = re.search(r":(\d+)/#KEY, .*/(operator.html)#KEY$", told)
    assert found, told
    served = Served(tmp_path, process, int(found[1]))
    assert [served.ask(f"/{page}").status for page in ("", found[2])] == [200, 200]
    assert served.ask("/v1/status.json").status == 404
    assert served.stop() == (0, "")
    assert "Nothing is published" in written(process.stdout)


def test_the_keys_are_never_written(served: Served) -> None:
    served.ask(f"/{DASHBOARD}")
    served.ask("/v1/t/Key_nobody/dashboard.json")
    assert served.stop() == (0, "")
    assert "Key_" not in written(served.process.stdout)
