"""`url --signed`: grants that open one folder for a time, checked by a real nginx; and what is minted for whom."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipeline.cli import main
from pipeline.errors import SettingsError
from pipeline.export.exporting import export
from pipeline.grants.cloudfront import CloudFront
from pipeline.grants.grant import Grant, parse_ttl
from pipeline.grants.minting import mint, pages_of
from pipeline.installation import Installation
from pipeline.publish.keys import address, export_folder, platform_address
from pipeline.run import run
from pipeline.settings import load_settings
from tests.conftest import NOW, Sql, address_of, environment_of, installation_on, published
from tests.nginx import APP, LINK_SECRET, Site, served

QUARTER = timedelta(minutes=15)
CDN = "https://cdn.example.com"
NGINX = {"TENANTCAST_LINK_SECRET": LINK_SECRET, "TENANTCAST_PUBLIC_URL": CDN}
HOSTILE = ("1", "10", "..", "../1", "%2e%2e", "\u00e9", "e\u0301", "A", "a", "' or 1=1", "*")


@pytest.fixture
def up(ready: Installation, sql: Sql) -> Iterator[Installation]:
    """Tenants with ids that have been mistaken for one another, and settings for nginx."""
    for tenant in HOSTILE:
        sql.tenant(tenant)
    for tenant in ("1", "10"):
        sql.request("2026-03-08T10:00:00Z", tenant)
    made = installation_on(address_of(ready), ready.settings.home, **NGINX)
    run(made, NOW)
    export(made)
    yield made
    made.database.engine.dispose()


@pytest.fixture
def site(up: Installation, tmp_path: Path) -> Iterator[Site]:
    ours = {"/var/www/dashboards": f"{tmp_path}/public"}
    with served(up, tmp_path / "nginx", "nginx.conf", ours, signed=True) as running:
        yield running


def granted(installation: Installation, path: str, *, at: datetime | None = None) -> Grant:
    return mint(installation, path, at=at or datetime.now(UTC), ttl=QUARTER, with_pages=True)


def asked(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.mark.real
def test_a_grant_opens_its_folder_whole_in_the_query_or_in_cookies(site: Site, up: Installation) -> None:
    firsts = [address(up, "1").path, platform_address(up).path, f"{export_folder(up.secret)}/manifest.json"]
    opened = set()
    for path in firsts:
        grant = granted(up, path)
        cookies = "; ".join(f"{name}={value}" for name, value in grant.cookies.items())
        for link in (path, *(page.path for page in grant.pages)):
            reply = site.ask(f"/{link}?{grant.query}", Origin=APP)
            assert (reply.status, reply.body) == (200, published(up)[link])
            assert reply.headers["cache-control"].startswith("private, "), "else a cache would open it to others"
            assert site.ask(f"/{link}", Cookie=cookies).body == reply.body
            assert site.ask(f"/{link}").status == 403
            opened.add(link)
        assert [site.ask(asked(each.url)).status for each in grant.pages] == [200] * len(grant.pages)
    folders = {path.rsplit("/", 1)[0] for path in firsts}
    assert opened == {path for path in published(up) if any(path.startswith(f"{each}/") for each in folders)}
    status = site.ask("/v1/status.json")
    assert (status.status, status.headers["cache-control"].split(",")[0]) == (200, "public")


@pytest.mark.real
def test_a_grant_opens_no_other_folder_whoever_it_was_minted_for(site: Site, up: Installation) -> None:
    """Trap 14."""
    paths = {tenant: address(up, tenant).path for tenant in HOSTILE}
    paths |= {"platform": platform_address(up).path, "export": f"{export_folder(up.secret)}/manifest.json"}
    for mine in paths:
        query = granted(up, paths[mine]).query
        opened = [other for other in paths if site.ask(f"/{paths[other]}?{query}").status == 200]
        assert opened == [mine]


@pytest.mark.real
def test_what_was_tampered_with_or_has_expired_is_refused(site: Site, up: Installation) -> None:
    """Trap 14."""
    one, ten = address(up, "1"), address(up, "10")
    good, gone = granted(up, one.path), granted(up, one.path, at=datetime.now(UTC) - QUARTER - timedelta(seconds=2))
    given = dict(parse_qsl(good.query))
    later = str(int(given["expires"]) + 1)
    away = "/v1/t/" + ten.key
    cases = {
        "expired": f"/{one.path}?{gone.query}",
        "expired, later time": f"/{one.path}?expires={given['expires']}&md5={parse_qs(gone.query)['md5'][0]}",
        "longer": f"/{one.path}?expires={later}&md5={given['md5']}",
        "no time": f"/{one.path}?md5={given['md5']}",
        "no hash": f"/{one.path}?expires={given['expires']}",
        "empty": f"/{one.path}?expires=&md5=",
        "another hash": f"/{one.path}?expires={given['expires']}&md5={given['md5'][::-1]}",
        "through ..": f"/v1/t/{one.key}/../{ten.key}/dashboard.json?{good.query}",
        "through %2e%2e": f"/v1/t/{one.key}/%2e%2e/{ten.key}/dashboard.json?{good.query}",
        "through %2f": f"/v1/t/{one.key}%2f..%2f{ten.key}/dashboard.json?{good.query}",
        "doubled slashes": f"//v1//t//{ten.key}/dashboard.json?{good.query}",
        "encoded letters": f"/%76%31/t/{ten.key}/dashboard.json?{good.query}",
        "another's after a good one": f"{away}/dashboard.json?{good.query}&x=/{one.path}",
    }
    for name, path in cases.items():
        reply = site.ask(path)
        assert reply.status == 403, name
        assert reply.headers["cache-control"] == "no-store", name
    assert site.ask(f"/v1/t/{ten.key}/../{one.key}/dashboard.json?{good.query}").status == 200, (
        "the way there is nothing"
    )
    wrong = f"/v1/t/{'0' * 32}/dashboard.json"
    assert [site.ask(wrong).status, site.ask(f"/{one.path}").status] == [403, 403], "nobody learns which keys there are"
    preflight = site.ask(f"/{one.path}", method="OPTIONS", Origin=APP)
    assert (preflight.status, preflight.headers["access-control-allow-credentials"]) == (204, "true")


@pytest.fixture(scope="module")
def private_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[RSAPrivateKey, Path]:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    path = tmp_path_factory.mktemp("cloudfront") / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key, path


def test_cloudfront_is_given_a_policy_over_one_folder_that_its_key_has_signed(
    private_key: tuple[RSAPrivateKey, Path],
) -> None:
    """As far as it can be checked without CloudFront: by its rules for custom policies."""
    key, path = private_key
    folder = f"v1/t/{'a' * 32}"
    page = f"{folder}/daily/2026-03.0123456789ab.json"
    grant = CloudFront(CDN, "K2EXAMPLE", path).mint(f"{folder}/dashboard.json", [page], at=NOW, ttl=QUARTER)
    said = {name: _decoded(value) for name, value in parse_qsl(grant.query) if name != "Key-Pair-Id"}
    assert json.loads(said["Policy"]) == {
        "Statement": [
            {
                "Resource": f"{CDN}/{folder}/*",
                "Condition": {"DateLessThan": {"AWS:EpochTime": int((NOW + QUARTER).timestamp())}},
            }
        ]
    }
    key.public_key().verify(said["Signature"], said["Policy"], PKCS1v15(), hashes.SHA1())
    assert set(grant.cookies) == {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}
    assert grant.cookies["CloudFront-Key-Pair-Id"] == "K2EXAMPLE"
    assert (grant.url, grant.cookie_path) == (f"{CDN}/{folder}/dashboard.json?{grant.query}", f"/{folder}/")
    assert [link.url for link in grant.pages] == [f"{CDN}/{page}?{grant.query}"]


def _decoded(value: str) -> bytes:
    return base64.b64decode(value.replace("-", "+").replace("_", "=").replace("~", "/"))


@pytest.mark.parametrize(
    "content", [None, b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_cannot_be_used_is_named_and_not_shown(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="TENANTCAST_CLOUDFRONT_PRIVATE_KEY: ") as caught:
        CloudFront(CDN, "K2EXAMPLE", path).mint("v1/t/a/dashboard.json", [], at=NOW, ttl=QUARTER)
    assert "AAAA" not in str(caught.value)


def test_pages_are_all_that_a_dashboard_leads_to(up: Installation) -> None:
    path = address(up, "1").path
    folder = path.rsplit("/", 1)[0]
    current = {name for name in published(up) if name.startswith(f"{folder}/")}
    assert set(pages_of(up, path)) == current - {path}


def test_the_verb_prints_addresses_that_open_for_a_time(
    up: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (environment_of(up) | NGINX).items():
        monkeypatch.setenv(name, value)
    path = address(up, "1").path
    assert main(["url", "1"]) == 0
    assert capsys.readouterr().out.strip() == f"{CDN}/{path}"
    assert main(["url", "1", "--signed", "--ttl", "2h", "--pages", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kind"] == "nginx"
    left = datetime.fromisoformat(told["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    assert told["url"] == f"{CDN}/{path}?{told['query']}"
    assert [page["path"] for page in told["pages"]] == pages_of(up, path)
    assert main(["url", "--platform", "--signed"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"{CDN}/{platform_address(up).path}?expires=")
    assert shown.out.count("\n") == 1
    assert shown.err.startswith("opens until 20")
    for wrong, says in (
        (["url", "1", "--ttl", "1h"], "--ttl and --pages go with --signed"),
        (["url", "1", "--signed", "--rotate"], "rotate first"),
        (["url", "1", "--signed", "--ttl", "8d"], "--ttl: '8d' is not a time"),
        (["url", "1", "--signed", "--ttl", ""], "--ttl: '' is not a time"),
    ):
        assert main(wrong) == 2
        assert says in capsys.readouterr().err
    monkeypatch.delenv("TENANTCAST_LINK_SECRET")
    assert main(["url", "1", "--signed"]) == 2
    assert "nothing that serves the files checks a grant" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [("90s", timedelta(seconds=90)), ("15m", QUARTER), ("12h", timedelta(hours=12)), ("7d", timedelta(days=7))],
)
def test_times_to_live(given: str, expected: timedelta) -> None:
    assert parse_ttl(given) == expected


@pytest.mark.parametrize("given", ["", "15", "0m", "-1h", "1.5h", "15 m", "8d", "169h", "999999d", "m", "\u0661m"])
def test_what_is_no_time_to_live(given: str) -> None:
    with pytest.raises(SettingsError, match="--ttl"):
        parse_ttl(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"LINK_SECRET": LINK_SECRET}, "LINK_SECRET: needs TENANTCAST_PUBLIC_URL"),
        ({"LINK_SECRET": 'short"; }', "PUBLIC_URL": CDN}, "LINK_SECRET: expected at least 16"),
        ({"LINK_SECRET": LINK_SECRET, "SECRET": LINK_SECRET, "PUBLIC_URL": CDN}, "LINK_SECRET: the same as a secret"),
        ({"PUBLIC_URL": "cdn.example.com"}, "PUBLIC_URL: .* is not an address"),
        ({"PUBLIC_URL": f"{CDN}/*"}, "PUBLIC_URL: .* is not an address"),
        ({"PUBLIC_URL": "https://user:hunter2@cdn.example.com"}, "PUBLIC_URL: .* is not an address"),
        ({"CLOUDFRONT_KEY_ID": "K2", "PUBLIC_URL": CDN}, "KEY_ID: needs TENANTCAST_CLOUDFRONT_PRIVATE_KEY"),
        ({"CLOUDFRONT_PRIVATE_KEY": "/key.pem"}, "PRIVATE_KEY: needs TENANTCAST_CLOUDFRONT_KEY_ID"),
        (
            {"CLOUDFRONT_KEY_ID": "K2", "CLOUDFRONT_PRIVATE_KEY": "/k", "LINK_SECRET": LINK_SECRET, "PUBLIC_URL": CDN},
            "either CloudFront or nginx",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=f"TENANTCAST_.*{says}"):
        load_settings({f"TENANTCAST_{name}": value for name, value in given.items()})
