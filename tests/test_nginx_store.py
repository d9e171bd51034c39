"""deploy/nginx-store.conf in a real nginx in front of an S3 server: what it keeps, and what it says when that is down."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from pipeline.documents.encode import compress
from pipeline.grants.secure_link import SecureLinks
from pipeline.publish.caching import DASHBOARD, PAGE, STATUS
from tests.buckets import ALONE, CREDENTIALS, UNUSED, free_port, wait_for
from tests.conftest import NOW
from tests.nginx import APP, DEPLOY, LINK_SECRET, Reply, Site, served

pytestmark = pytest.mark.real

KEY = "0123456789abcdef" * 2
FOLDER = f"v1/t/{KEY}"
BUCKET, PREFIX = "files", "dashboards"
FAR = NOW.replace(year=2100)
SOON = "max-age=1, stale-if-error=86400"
OBJECTS = {
    "v1/status.json": STATUS,
    f"{FOLDER}/dashboard.json": DASHBOARD,
    f"{FOLDER}/daily/2026-03.0123456789ab.json": PAGE,
}


@dataclass
class Edge:
    """The nginx, and the store behind it."""

    site: Site
    server: subprocess.Popen[bytes]
    client: Any
    port: int
    log: Path

    def put(self, path: str, content: bytes, cache_control: str) -> None:
        self.client.put_object(
            Bucket=BUCKET,
            Key=f"{PREFIX}/{path}",
            Body=content,
            ContentType="application/json",
            ContentEncoding="gzip",
            CacheControl=cache_control,
        )

    def stop(self) -> None:
        """Take the store away."""
        self.server.terminate()
        self.server.wait(10)

    def seen(self) -> int:
        """How many requests for objects have reached the store."""
        return self.log.read_text(encoding="utf-8").count(f'"GET /{BUCKET}/{PREFIX}/v1/')


@pytest.fixture(params=[False], ids=["open"])
def edge(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    for name in UNUSED:
        monkeypatch.delenv(name, raising=False)
    for name, value in (ALONE | CREDENTIALS).items():
        monkeypatch.setenv(name, value)
    port = free_port()
    ours = {
        "127.0.0.1:9000": f"127.0.0.1:{port}",
        "my-bucket/dashboards": f"{BUCKET}/{PREFIX}",
        "/var/cache/nginx/tenantcast": f"{tmp_path}/cache",
    }
    with (tmp_path / "moto").open("wb") as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        try:
            wait_for(port, server)
            client = boto3.session.Session().client("s3", endpoint_url=f"http://127.0.0.1:{port}")
            client.create_bucket(Bucket=BUCKET)
            policy = (DEPLOY / "s3" / "public-read.json").read_text(encoding="utf-8")
            client.put_bucket_policy(Bucket=BUCKET, Policy=policy.replace("my-bucket", BUCKET))
            with served(None, tmp_path / "nginx", "nginx-store.conf", ours, signed=request.param) as site:
                made = Edge(site, server, client, port, tmp_path / "moto")
                for path, cache_control in OBJECTS.items():
                    made.put(path, packed(path), cache_control)
                yield made
        finally:
            server.terminate()
            server.wait(10)


def packed(said: str) -> bytes:
    return compress(said.encode())


def test_files_come_as_they_were_uploaded_and_once_from_the_store(edge: Edge) -> None:
    for path, cache_control in OBJECTS.items():
        replies = [edge.site.ask(f"/{path}", Origin=APP) for _ in range(3)]
        assert {(reply.status, reply.body) for reply in replies} == {(200, packed(path))}
        for reply in replies:
            assert reply.headers["cache-control"] == cache_control
            assert reply.headers["content-encoding"] == "gzip"
            assert reply.headers["access-control-allow-origin"] == APP
            assert not {"x-amz-request-id", "x-amz-id-2", "x-amz-version-id"} & set(reply.headers)
        assert edge.site.ask(f"/{path}", zipped=False).body == path.encode()
        assert edge.site.ask(f"/{path}", If_None_Match=replies[0].headers["etag"]).status == 304
        assert edge.site.ask(f"/{path}?nobody=asked").body == packed(path)
    assert edge.seen() == len(OBJECTS)


def until(edge: Edge, path: str, seen: Callable[[Reply], bool]) -> Reply:
    """Ask again until an answer is as awaited; every answer before it is a good one, too."""
    for _ in range(200):
        reply = edge.site.ask(f"/{path}", Origin=APP)
        assert reply.status == 200
        if seen(reply):
            return reply
        time.sleep(0.05)
    raise AssertionError(f"no answer was as awaited, the last is {reply.headers}")


def test_an_object_that_changes_has_another_etag_once_it_is_fetched_anew(edge: Edge) -> None:
    path = "v1/status.json"
    edge.put(path, packed("one"), SOON)
    first = edge.site.ask(f"/{path}")
    edge.put(path, packed("two"), PAGE)
    second = until(edge, path, lambda reply: reply.body == packed("two"))
    assert first.body == packed("one")
    assert first.headers["etag"] != second.headers["etag"]
    assert edge.site.ask(f"/{path}", If_None_Match=first.headers["etag"]).status == 200
    assert edge.site.ask(f"/{path}", If_None_Match=second.headers["etag"]).status == 304


def test_while_the_store_is_down_the_last_answers_go_on(edge: Edge) -> None:
    """Trap 13."""
    path = f"{FOLDER}/dashboard.json"
    edge.put(path, packed("the last one"), SOON)
    before = edge.site.ask(f"/{path}")
    edge.stop()
    reply = until(edge, path, lambda reply: reply.headers["x-cache"] == "STALE")
    assert (reply.body, reply.headers["etag"]) == (packed("the last one"), before.headers["etag"])
    assert reply.headers["access-control-allow-origin"] == APP
    never = edge.site.ask("/v1/status.json")
    assert (never.status, never.headers["cache-control"]) == (502, "no-store")
    assert KEY not in edge.site.errors.read_text(encoding="utf-8")


def test_what_is_not_there_and_what_is_nobodys_business(edge: Edge) -> None:
    edge.put("secret.json", packed("not published"), "max-age=60")
    for path in (f"/{FOLDER}/nothing.0123456789ab.json", f"/v1/t/{'f' * 32}/dashboard.json", "/index.html", "/"):
        reply = edge.site.ask(path, Origin=APP)
        assert (reply.status, reply.headers["cache-control"]) == (404, "no-store"), path
    asked = edge.seen()
    for path in ("/secret.json", "/v1/", "/v1/../secret.json", f"/{FOLDER}/", "/?list-type=2&prefix=v1/x", "/v1/t"):
        assert edge.site.ask(path).status == 404, path
    assert edge.seen() == asked
    for method in ("PUT", "POST", "DELETE"):
        assert edge.site.ask(f"/{FOLDER}/dashboard.json", method=method).status in {403, 404, 405}


@pytest.mark.parametrize("edge", [True], indirect=True, ids=["signed"])
def test_a_grant_is_asked_for_what_lies_in_the_cache_too(edge: Edge) -> None:
    path = f"{FOLDER}/dashboard.json"
    assert edge.site.ask(f"/{path}").status == 403
    assert edge.seen() == 0
    query = SecureLinks("https://cdn.example.com", LINK_SECRET).mint(path, [], at=NOW, ttl=NOW - NOW).query
    assert edge.site.ask(f"/{path}?{query}").status == 403
    query = SecureLinks("https://cdn.example.com", LINK_SECRET).mint(path, [], at=FAR, ttl=NOW - NOW).query
    assert [edge.site.ask(f"/{path}?{query}").status for _ in range(2)] == [200, 200]
    assert edge.seen() == 1
    assert edge.site.ask(f"/{path}").status == 403
