"""A real nginx with the files of deploy/, each on a port of its own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.installation import Installation
from pipeline.settings import ROOT

DEPLOY = ROOT / "deploy"
APP = "https://app.example.com"
LINK_SECRET = "a-link-secret-of-its-own-0123456"
MAIN = """
{user}
daemon off;
master_process off;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{}}
http {{
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/nginx-maps.conf;
    include {home}/site.conf;
}}
"""


@dataclass(frozen=True)
class Reply:
    """What a browser sees."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Site:
    """A running nginx and what it serves."""

    port: int
    installation: Installation
    errors: Path

    def ask(self, path: str, *, method: str = "GET", zipped: bool = True, **headers: str) -> Reply:
        """Send one request, the path as it is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, path, skip_accept_encoding=True)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Accept-Encoding": "gzip"} if zipped else {}).items() | given.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        return reply


@contextmanager
def served(
    installation: Installation, home: Path, name: str, ours: Mapping[str, str], *, signed: bool = False
) -> Iterator[Site]:
    """Run nginx with `deploy/<name>`, in which `ours` stands in place of what is the operator's to set."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home.mkdir()
    listen = {"nginx.conf": "127.0.0.1:8080", "nginx-store.conf": "127.0.0.1:8081"}[name]
    conf = _set((DEPLOY / name).read_text(encoding="utf-8"), {listen: f"127.0.0.1:{port}", **ours})
    conf = conf.replace("/etc/nginx/tenantcast/", f"{home}/")
    (home / "site.conf").write_text(conf.replace("# include", "include") if signed else conf, encoding="utf-8")
    for other in ("nginx-maps.conf", "nginx-headers.inc"):
        (home / other).write_text((DEPLOY / other).read_text(encoding="utf-8"), encoding="utf-8")
    included = (DEPLOY / "nginx-signed.inc").read_text(encoding="utf-8")
    (home / "nginx-signed.inc").write_text(_set(included, {"set-your-link-secret": LINK_SECRET}), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "main.conf").write_text(MAIN.format(home=home, user=user), encoding="utf-8")
    command = ["/usr/sbin/nginx", "-p", str(home), "-e", str(home / "error.log"), "-c", str(home / "main.conf")]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        _await_port(server, port)
        yield Site(port, installation, home / "error.log")
    finally:
        server.terminate()
        server.communicate(timeout=10)


def _set(conf: str, ours: Mapping[str, str]) -> str:
    for written, value in ours.items():
        assert written in conf, f"{written} is not in the file any more"
        conf = conf.replace(written, value)
    return conf


def _await_port(server: subprocess.Popen[str], port: int) -> None:
    for _ in range(100):
        assert server.poll() is None, server.communicate()[1]
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nginx does not listen")
