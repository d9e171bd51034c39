"""deploy/nginx.conf in a real nginx: what it serves, with which headers, and what it does not."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.publish.caching import cache_control
from pipeline.publish.content import content_type, is_zipped
from pipeline.publish.keys import address
from pipeline.run import run
from pipeline.serving.site import PAGE_TYPES, pages_of
from pipeline.settings import ROOT
from tests.conftest import NOW, Sql, published
from tests.nginx import APP, Site, served

pytestmark = pytest.mark.real


@pytest.fixture
def site(ready: Installation, sql: Sql, tmp_path: Path) -> Iterator[Site]:
    """The files of tenants 1 and 10, of the platform and of the export."""
    for tenant in ("1", "10"):
        sql.tenant(tenant)
        sql.request("2026-03-08T10:00:00Z", tenant)
    run(ready, NOW)
    export(ready)
    with served(ready, tmp_path / "nginx", "nginx.conf", {"/var/www/dashboards": f"{tmp_path}/public"}) as running:
        yield running


def test_every_file_comes_as_it_lies_there_with_its_headers(site: Site) -> None:
    """Trap 13."""
    files = published(site.installation)
    assert {path.rsplit(".", 1)[1] for path in files} == {"json", "parquet", "ts"}
    for path, content in files.items():
        reply = site.ask(f"/{path}")
        assert (reply.status, reply.body) == (200, content), path
        assert reply.headers["cache-control"] == cache_control(path), path
        assert reply.headers["content-type"] == content_type(path), path
        assert reply.headers.get("content-encoding") == ("gzip" if is_zipped(path) else None), path
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "nginx/" not in reply.headers["server"]


def test_who_cannot_read_gzip_gets_it_unpacked(site: Site) -> None:
    path = address(site.installation, "1").path
    reply = site.ask(f"/{path}", zipped=False)
    assert "content-encoding" not in reply.headers
    assert json.loads(reply.body)["tenant"]["id"] == "1"
    assert "accept-encoding" in reply.headers["vary"].lower()


def test_an_etag_changes_with_the_content_however_soon(site: Site) -> None:
    """Trap 13: nginx makes it of the second and the size: here both versions have the same of either but for the store's care."""
    path, store = "v1/t/" + "0" * 32 + "/dashboard.json", site.installation.store
    etags = []
    for number in range(3):
        packed = gzip.compress(b'{"seq": %d}' % number, mtime=0)
        store.put(path, packed, cache_control="")
        reply = site.ask(f"/{path}")
        assert reply.body == packed
        etags.append(reply.headers["etag"])
        assert site.ask(f"/{path}", If_None_Match=etags[-1]).status == 304
        assert site.ask(f"/{path}", If_Modified_Since=reply.headers["last-modified"]).status == 304
    assert len(set(etags)) == 3
    assert site.ask(f"/{path}", If_None_Match=etags[0]).status == 200


def test_a_304_says_again_how_long_it_holds(site: Site) -> None:
    path = f"/{address(site.installation, '1').path}"
    again = site.ask(path, If_None_Match=site.ask(path).headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == cache_control(path)


def test_only_the_frontends_origin_may_read(site: Site) -> None:
    path = f"/{address(site.installation, '1').path}"
    others = (
        "https://evil.example",
        f"{APP}.evil.example",
        f"{APP}:8443",
        APP.replace("https", "http"),
        "null",
        "*",
        "",
    )
    for origin, allowed in ((APP, APP), *((other, None) for other in others)):
        for method, status in (("GET", 200), ("OPTIONS", 204)):
            reply = site.ask(path, method=method, Origin=origin, Access_Control_Request_Method="GET")
            assert reply.status == status
            assert reply.headers.get("access-control-allow-origin") == allowed
            assert reply.headers.get("access-control-allow-credentials") == (allowed and "true")
            asked = allowed if method == "OPTIONS" else None
            assert reply.headers.get("access-control-allow-methods") == (asked and "GET, HEAD")
            assert "origin" in reply.headers["vary"].lower()
    assert (
        site.ask(path, method="OPTIONS", Origin=APP).headers["access-control-allow-headers"] == "If-None-Match, Range"
    )
    assert "access-control-allow-origin" not in site.ask(path).headers


def test_a_page_of_the_origin_learns_of_what_is_not_there(site: Site) -> None:
    """Else a browser says no more than that the request failed, and nobody would ask for the dashboard again."""
    reply = site.ask(f"/v1/t/{'0' * 32}/dashboard.json", Origin=APP)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (404, APP)


def test_nothing_else_is_there(site: Site) -> None:
    """Trap 14: no walking, no guessing, no way out of the root, no folder, no draft, no second name."""
    one, ten = (address(site.installation, tenant) for tenant in ("1", "10"))
    root = site.installation.settings.home / "public"
    (root / "secret.json").write_bytes(b"not published")
    (root / "v1" / "t" / one.key / ".draft-x").write_bytes(b"half")
    page = next(path for path in published(site.installation) if f"{one.key}/daily/" in path)
    paths = [
        "/", "/v1", "/v1/", "/v1/t/", f"/v1/t/{one.key}", f"/v1/t/{one.key}/", f"/v1/t/{one.key}/daily/",
        f"/v1/t/{one.key}/.draft-x", f"/{one.path}.gz", "/secret.json", "/v1/../secret.json",
        "/v1/t/%2e%2e/%2e%2e/secret.json", f"/v1/t/{one.key}/..%2f..%2f..%2fsecret.json", "/v1/t/1/dashboard.json",
        f"/v1/t/{one.key[:-1]}/dashboard.json", f"/v1/t/{one.key.upper()}x/dashboard.json", f"/v1/t/{'0' * 32}/dashboard.json",
        f"/{page.replace(one.key, ten.key)}", f"/v1/platform/{one.key}/summary.json", f"/v1/export/{one.key}/manifest.json",
    ]  # fmt: skip
    for path in paths:
        reply = site.ask(path)
        assert reply.status in {400, 403, 404}, path
        assert reply.headers.get("cache-control", "no-store") == "no-store", path
        assert one.key not in reply.body.decode(), path
    for method in ("POST", "PUT", "DELETE"):
        assert site.ask(f"/{one.path}", method=method).status in {403, 405}
    assert site.ask(f"/{one.path}", method="HEAD").status == 200


def test_the_pages_lie_beside_the_files(site: Site) -> None:
    """Under the policy that each of them holds; nothing but a header can say who may frame it."""
    root = site.installation.settings.home / "public"
    subprocess.run([sys.executable, "scripts/pages", str(root)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for name, content in pages_of(ROOT / "dashboard").items():
        reply = site.ask(f"/{name}")
        assert (reply.status, gzip.decompress(reply.body)) == (200, content.encode()), name
        assert reply.headers["content-type"] == PAGE_TYPES[Path(name).suffix], name
        assert reply.headers["cache-control"] == "no-cache", name
        policy = reply.headers["content-security-policy"]
        assert policy == "frame-ancestors 'none'" if name.endswith(".html") else "default-src 'none'" in policy, name
    assert site.ask("/").body == site.ask("/index.html").body
    assert site.ask("/").headers["content-security-policy"] == "frame-ancestors 'none'"


def test_no_key_is_in_a_log(site: Site) -> None:
    key = address(site.installation, "1").key
    site.ask(f"/v1/t/{key}/dashboard.json")
    site.ask(f"/v1/t/{key}/nothing.json")
    assert key not in site.errors.read_text(encoding="utf-8")
    assert not list(site.errors.parent.rglob("access*"))
