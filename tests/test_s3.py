"""The s3:// store against a running S3 server: what is uploaded, how, how often, and what errors say."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from typing import Any

import pandas as pd
import psycopg
import pytest

from pipeline.contract.documents import contract_files
from pipeline.errors import PermanentError, SettingsError, TenantcastError, TransientError
from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.publish import s3
from pipeline.publish.keys import address, platform_address
from pipeline.publish.s3 import S3Store
from pipeline.publish.stores import open_store
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import ROOT
from tests.buckets import CREDENTIALS, Bucket, free_port
from tests.conftest import NOW, Databases, Sql, address_of, environment_of, installation_on, on, published

CACHE_CONTROL = {
    "status.json": "public, max-age=30, stale-if-error=86400",
    "dashboard.json": "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400",
    "summary.json": "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400",
    "schema": "public, max-age=3600",
    "page": "public, max-age=31536000, s-maxage=86400, immutable",
}


def fill(sql: Sql) -> None:
    """Two tenants with a few days of rows."""
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        for day in range(1, 11):
            sql.request(f"2026-03-{day:02}T10:15:00Z", tenant, endpoint=f"/{day % 3}", duration_ms=day * 7)
            sql.usage(f"2026-03-{day:02}T10:15:00Z", tenant)


def test_a_run_uploads_what_the_file_store_holds_with_all_that_a_browser_needs(
    ready: Installation, sql: Sql, bucket: Bucket, databases: Databases, template: str
) -> None:
    """Trap 13."""
    fill(sql)
    run(on(ready, f"s3://{bucket.name}/some/prefix"), NOW)
    found = {key: bucket.object(key) for key in bucket.writes()}
    pages = (
        "status; of each tenant a dashboard, ten days, a month, its costs, its weeks, its months; three of the platform"
    )
    contract = {f"some/prefix/{path}": content for path, content in contract_files().items()}
    assert len(found) == 1 + 2 * (1 + 10 + 1 + 1 + 1 + 1) + 3 + len(contract), pages
    for key, content in contract.items():
        assert gzip.decompress(found[key]["Content"]) == content
        assert found[key]["ContentType"] == ("text/plain; charset=utf-8" if key.endswith(".ts") else "application/json")
        assert (found[key]["ContentEncoding"], found[key]["CacheControl"]) == ("gzip", CACHE_CONTROL["schema"])
    for key in found.keys() - contract.keys():
        held = found[key]
        name = key.rsplit("/", 1)[-1]
        assert held["ContentType"] == "application/json"
        assert held["ContentEncoding"] == "gzip"
        assert held["CacheControl"] == CACHE_CONTROL.get(name, CACHE_CONTROL["page"]), key
        assert json.loads(gzip.decompress(held["Content"]))["schema"] == 1

    other = installation_on(databases.make(template), ready.settings.home)
    with psycopg.connect(address_of(other), autocommit=True) as connection:
        fill(Sql(connection))
    run(other, NOW)
    assert {key.removeprefix("some/prefix/"): held["Content"] for key, held in found.items()} == published(other)


def test_a_second_run_uploads_nothing_but_status(ready: Installation, sql: Sql, bucket: Bucket) -> None:
    fill(sql)
    installation = on(ready, f"s3://{bucket.name}")
    run(installation, NOW)
    first = bucket.writes()
    run(installation, NOW)
    second = bucket.writes()
    assert second.pop("v1/status.json") != first.pop("v1/status.json")
    assert second == first
    sql.request("2026-03-05T11:00:00Z", "t2")
    run(installation, NOW)
    third = bucket.writes()
    folder = address(installation, "t2").path.rsplit("/", 1)[0]
    platform = platform_address(installation).path.rsplit("/", 1)[0]
    new = {key for key in third if third[key] != second.get(key)} - {"v1/status.json"}
    assert {key.split(".")[0] for key in new} == {
        *(
            f"{folder}/{name}"
            for name in (
                "dashboard",
                "hourly/2026-03-05",
                "daily/2026-03",
                "weekly/2026",
                "monthly/2026",
                "costs/2026-03",
            )
        ),
        *(f"{platform}/{name}" for name in ("summary", "daily/2026-03", "tenants/1")),
    }


def test_an_export_uploads_parquet_as_it_is_and_only_what_differs(
    ready: Installation, sql: Sql, bucket: Bucket
) -> None:
    fill(sql)
    installation = on(ready, f"s3://{bucket.name}/some/prefix")
    roll(installation, NOW)
    report = export(installation)
    first = bucket.writes()
    manifest = bucket.object(f"some/prefix/{report.manifest}")
    assert (manifest["ContentType"], manifest["ContentEncoding"]) == ("application/json", "gzip")
    listed = json.loads(gzip.decompress(manifest["Content"]))["files"]
    folder = f"some/prefix/{report.manifest.rpartition('/')[0]}"
    assert {f"{folder}/{file['path']}" for file in listed} | {f"{folder}/manifest.json"} == set(first)
    [days] = [f"{folder}/{file['path']}" for file in listed if file["table"] == "api_daily"]
    held = bucket.object(days)
    assert held["ContentType"] == "application/vnd.apache.parquet"
    assert "ContentEncoding" not in held
    assert held["CacheControl"] == CACHE_CONTROL["page"]
    assert pd.read_parquet(io.BytesIO(held["Content"]))["requests"].sum() == 20
    export(installation)
    second = bucket.writes()
    assert {key for key in second if second[key] != first.get(key)} == {f"{folder}/manifest.json"}


@pytest.mark.parametrize(
    ("written", "prefix"), [("", ""), ("/", ""), ("/one", "one/"), ("/one/", "one/"), ("/one/two//", "one/two/")]
)
def test_a_prefix_stands_before_every_key(bucket: Bucket, written: str, prefix: str) -> None:
    store = open_store(f"s3://{bucket.name}{written}")
    store.check()
    assert store.get("v1/a.json") is None
    store.put("v1/a.json", b"packed", cache_control="public")
    assert list(bucket.writes()) == [f"{prefix}v1/a.json"]
    assert store.get("v1/a.json") == b"packed"
    assert store.url("v1/a.json") == f"s3://{bucket.name}/{prefix}v1/a.json"
    store.delete("v1/a.json")
    store.delete("v1/never-there.json")
    assert store.get("v1/a.json") is None


def test_the_address_of_a_tenant(ready: Installation, sql: Sql, bucket: Bucket) -> None:
    sql.tenant()
    installation = on(ready, f"s3://{bucket.name}/p")
    run(installation, NOW)
    found = address(installation, "t1")
    assert found.url == f"s3://{bucket.name}/p/v1/t/{found.key}/dashboard.json"


def test_bodies_go_as_they_are_over_https_too(alone: pytest.MonkeyPatch) -> None:
    """A checksum in a trailer would make it `gzip,aws-chunked`, which some stores keep as content."""
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": "https://127.0.0.1:9"}).items():
        alone.setenv(name, value)
    store, sent = S3Store(bucket="any", prefix=""), []

    def stop(request: Any, **_: Any) -> None:
        sent.append(request)
        raise RuntimeError("far enough")

    store.client.meta.events.register("before-send.s3.PutObject", stop)
    with pytest.raises(RuntimeError, match="far enough"):
        store.put("v1/a.json", b"packed", cache_control="public")
    headers = {name.lower(): value for name, value in sent[0].headers.items()}
    assert headers["content-encoding"] == b"gzip"
    assert headers["content-length"] == "6"
    assert "transfer-encoding" not in headers


def error_of(store_url: str) -> TenantcastError:
    """What is said when nothing can be written: one line."""
    with pytest.raises(TenantcastError) as caught:
        open_store(store_url).check()
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_wrong_bucket_says_so(bucket: Bucket) -> None:
    error = error_of("s3://not-there/p")
    assert isinstance(error, PermanentError)
    assert "s3://not-there/p" in str(error)
    assert "404" in str(error)
    with pytest.raises(PermanentError, match=r"s3://not-there/v1/x: NoSuchBucket. Check the bucket's name"):
        open_store("s3://not-there").put("v1/x", b"", cache_control="public")
    with pytest.raises(PermanentError, match="NoSuchBucket"):
        open_store("s3://not-there").get("v1/x")


def test_a_bucket_that_cannot_exist_says_so(bucket: Bucket) -> None:
    error = error_of("s3://not_a bucket")
    assert isinstance(error, PermanentError)
    assert "Invalid bucket name" in str(error)


def test_no_credentials_says_what_to_set(alone: pytest.MonkeyPatch) -> None:
    error = error_of("s3://some-bucket")
    assert isinstance(error, PermanentError)
    assert "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(error)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("AWS_ACCESS_KEY_ID", "half", "AWS_SECRET_ACCESS_KEY"), ("AWS_PROFILE", "nobody", r"\(nobody\)")],
)
def test_half_a_configuration_names_what_is_missing(
    alone: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    alone.setenv(name, value)
    with pytest.raises(PermanentError, match=said):
        open_store("s3://some-bucket")


def test_an_endpoint_that_is_no_address_is_a_wrong_setting(alone: pytest.MonkeyPatch) -> None:
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": "localhost:9000"}).items():
        alone.setenv(name, value)
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL: Invalid endpoint: localhost:9000"):
        open_store("s3://some-bucket")


def test_an_endpoint_that_is_down_may_come_back(alone: pytest.MonkeyPatch) -> None:
    port = free_port()
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}).items():
        alone.setenv(name, value)
    alone.setattr(s3, "CONFIG", s3.CONFIG.merge(s3.Config(retries={"mode": "standard", "total_max_attempts": 1})))
    error = error_of("s3://some-bucket")
    assert isinstance(error, TransientError)
    assert f"127.0.0.1:{port}" in str(error)
    assert "Check AWS_ENDPOINT_URL and the network" in str(error)


def test_the_command_line_fails_in_one_line(ready: Installation, bucket: Bucket) -> None:
    installation = on(ready, "s3://not-there/p")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "run", "--as-of", NOW.isoformat()],
        env=environment_of(installation), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("error: The store cannot be used: s3://not-there/p")
    assert "Traceback" not in done.stderr
