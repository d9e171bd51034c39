"""Nothing of one tenant in another's files, whatever their ids look like; and no way from one folder to another."""

from __future__ import annotations

import gzip
import json
import re
import unicodedata
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from pipeline.installation import Installation
from pipeline.publish.keys import address, platform_address, tenant_key
from pipeline.run import run
from pipeline.serving.site import Asked, Site
from pipeline.settings import ROOT
from tests.conftest import NOW, Databases, Sql, address_of, installation_on, published
from tests.nginx import served

KNOWN = (
    "1", "10", "01", " 1", "1 ", "..", "../", "../1", "./1", "/", "\\", "%2e%2e", "%2e%2e/1", "%00", "1%00", "A", "a", "\u00e9",
    "e\u0301", "\u0130", "i\u0307", "\ufb01", "fi", "'", "''", '"', "'; drop table tenants --", "$1", ":id", "{}", "*", "null",
    "None", "t/1", "dashboard.json", "\u202e1", "\U0001f4a9", "x" * 2000, "\u4e2d" * 600,
)  # fmt: skip
PIECES = ("..", "/", "%2e", "%2f", "1", "0", "a", "A", "\u00e9", "e\u0301", "'", '"', "\\", ":", " ", ".json", "\u200b")
BUILT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join)
WILD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
IDS = st.one_of(st.sampled_from(KNOWN), BUILT, WILD)
FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def with_likes(ids: list[str]) -> list[str]:
    """The ids, and what each could be mistaken for."""
    likes = [like for each in ids for like in (*(unicodedata.normalize(form, each) for form in FORMS), each.swapcase())]
    return list(dict.fromkeys([*ids, *likes]))


def fill(sql: Sql, tenants: list[str]) -> None:
    """A tenant's name, endpoint and model say which one it is, and nothing that anybody else has."""
    for number, tenant in enumerate(tenants):
        sql("insert into tenants (id, name, plan) values (%s, %s, 'pro')", tenant, f"marker-{number}-")
        sql.request("2026-03-10T10:10:00Z", tenant, endpoint=f"/marker-{number}-")
        sql.usage("2026-03-09T10:10:00Z", tenant, quota_type=f"ai_tokens_marker-{number}-")


@seed(20260310)
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(ids=st.lists(IDS, min_size=8, max_size=12, unique=True))
def test_every_published_byte_belongs_to_the_tenant_of_its_path(
    databases: Databases, template: str, tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    """Trap 14."""

    installation = installation_on(databases.make(template), tmp_path_factory.mktemp("isolation"))
    tenants = with_likes(ids)
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        fill(Sql(connection), tenants)
    report = run(installation, NOW)
    installation.database.engine.dispose()
    assert report.publish.failures == {}
    owners = {tenant_key(installation.secret, tenant): tenant for tenant in tenants}
    assert len(owners) == len(tenants), "two tenants with one folder"
    seen = set()
    for path, content in published(installation).items():
        if not path.startswith("v1/t/"):
            continue
        assert re.fullmatch(r"v1/t/[0-9a-f]{32}/([a-z]+/)?[A-Za-z0-9.-]+\.json", path), "no id becomes part of a path"
        owner = owners[path.split("/")[2]]
        text = gzip.decompress(content).decode()
        document = json.loads(text)
        assert (document["tenant"]["id"] if "tenant" in document else document["tenant_id"]) == owner
        assert set(re.findall(r"marker-([0-9]+)-", text)) <= {str(tenants.index(owner))}
        seen.add(owner)
    assert seen == set(tenants)


def test_files_are_gzip_once_and_hold_no_clock(ready: Installation, sql: Sql) -> None:
    """Trap 13: the same document is the same bytes whenever it is written, and is a document after one unpacking."""
    fill(sql, ["1"])
    run(ready, NOW)
    for path, content in published(ready).items():
        assert content[:4] == b"\x1f\x8b\x08\x00", "gzip, no name of a file in it"
        assert content[4:8] == b"\0\0\0\0", f"{path} says when it was written"
        assert gzip.decompress(content)[:1] in {b"{", b"/"}, "a document, or the types, after one unpacking"


@pytest.mark.real
def test_guessing_walking_and_swapping_keys_leads_nowhere(ready: Installation, sql: Sql, tmp_path: Path) -> None:
    """Trap 14: by nginx as the edge has it, and by the preview: every mixture of one tenant's key with another's files."""
    tenants = with_likes([each for each in KNOWN if len(each) < 100])
    fill(sql, tenants)
    run(ready, NOW)
    keys = {address(ready, tenant).key: tenant for tenant in tenants} | {platform_address(ready).key: "the platform"}
    files = [path for path in published(ready) if path.startswith("v1/t/")]
    firsts = [path for path in files if path.endswith("dashboard.json")]
    pages = sorted(set(files) - set(firsts))[:40]
    guesses = {path.replace(path.split("/")[2], key) for path in pages for key in list(keys)[::5]} - set(files)
    guesses |= {f"v1/t/{tenant}/dashboard.json" for tenant in ("1", "10", "..", "%2e%2e", "A", "*")}
    guesses |= {f"v1/platform/{key}/summary.json" for key in keys if keys[key] != "the platform"}
    guesses |= {f"v1/t/{platform_address(ready).key}/dashboard.json"}
    guesses |= {f"v1/t/{key[:-1]}{digit}/dashboard.json" for key in list(keys)[:3] for digit in "0123456789abcdef"}
    guesses |= {f"v1/t/{key.upper()}/dashboard.json" for key in list(keys)[:3] if key.upper() != key}
    guesses |= {path.replace("/dashboard", "/./../dashboard") for path in firsts[:3]}
    guesses -= set(files)
    preview = Site(page=ROOT / "dashboard", store=tmp_path / "public")
    with served(ready, tmp_path / "nginx", "nginx.conf", {"/var/www/dashboards": f"{tmp_path}/public"}) as site:
        for path in sorted(guesses):
            reply = site.ask(f"/{path}")
            assert reply.status in {403, 404}, path
            assert not any(key.encode() in reply.body for key in keys)
            assert preview.answer(Asked(f"/{path}")).status in {403, 404}, path
        for path in firsts:
            assert json.loads(gzip.decompress(site.ask(f"/{path}").body))["tenant"]["id"] == keys[path.split("/")[2]]
