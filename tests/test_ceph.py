"""The s3:// store on a real Ceph, which checks signatures and conditions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from pipeline.errors import OvertakenError, PermanentError
from pipeline.installation import Installation
from pipeline.publish.fencing import put_newer
from pipeline.publish.stores import ABSENT, ChangedError, open_store
from pipeline.run import run
from tests.ceph import Ceph
from tests.conftest import NOW, Sql, on
from tests.test_fencing import PATH, numbered
from tests.test_s3 import CACHE_CONTROL, fill

pytestmark = pytest.mark.real


def test_nobody_else_reads_or_writes(ceph: Ceph, alone: pytest.MonkeyPatch) -> None:
    bucket = ceph.bucket()
    ceph.owner.become(alone)
    store = open_store(f"s3://{bucket}")
    store.check()
    store.put("v1/a.json", b"packed", cache_control="public")
    assert store.get("v1/a.json") == b"packed"

    ceph.stranger.become(alone)
    other = open_store(f"s3://{bucket}")
    with pytest.raises(PermanentError, match="403"):
        other.check()
    with pytest.raises(PermanentError, match="AccessDenied"):
        other.get("v1/a.json")
    with pytest.raises(PermanentError, match="AccessDenied"):
        other.put("v1/a.json", b"another's", cache_control="public")
    assert store.get("v1/a.json") == b"packed"


def test_a_wrong_secret_and_a_missing_bucket_end_clearly(ceph: Ceph, alone: pytest.MonkeyPatch) -> None:
    bucket = ceph.bucket()
    ceph.owner.become(alone)
    with pytest.raises(PermanentError, match=r"s3://not-there/p/: 404\. Check the bucket's name"):
        open_store("s3://not-there/p").check()
    alone.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(PermanentError, match=r"403\. Check the bucket's name, TENANTCAST_STORE_URL and the AWS cred"):
        open_store(f"s3://{bucket}").check()
    with pytest.raises(PermanentError, match="SignatureDoesNotMatch") as caught:
        open_store(f"s3://{bucket}").put("v1/a.json", b"packed", cache_control="public")
    assert "wrong" not in str(caught.value)


def test_a_run_leaves_what_the_contract_says_and_the_next_one_writes_nothing_but_status(
    ceph: Ceph, alone: pytest.MonkeyPatch, ready: Installation, sql: Sql
) -> None:
    fill(sql)
    bucket = ceph.bucket()
    ceph.owner.become(alone)
    installation = on(ready, f"s3://{bucket}/some/prefix")
    run(installation, NOW)
    first = held(ceph, bucket)
    assert len(first) > 40
    for key, found in first.items():
        name = key.rsplit("/", 1)[-1]
        if key.startswith("some/prefix/v1/schema/") or name == "tenantcast.d.ts":
            expected = CACHE_CONTROL["schema"]
        else:
            expected = CACHE_CONTROL.get(name, CACHE_CONTROL["page"])
        kind = "text/plain; charset=utf-8" if name.endswith(".ts") else "application/json"
        assert (found["ContentType"], found["ContentEncoding"], found["CacheControl"]) == (kind, "gzip", expected)
    assert run(installation, NOW).publish.files_written == 0
    second = held(ceph, bucket)
    changed = {key for key in second if second[key]["ETag"] != first.get(key, {}).get("ETag")}
    assert changed == {"some/prefix/v1/status.json"}
    assert {key for key in second if second[key]["LastModified"] != first[key]["LastModified"]} <= changed


def held(ceph: Ceph, bucket: str) -> dict[str, dict[str, Any]]:
    """Give what the store says of each object."""
    client = ceph.owner.client()
    keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket)["Contents"]]
    return {key: client.head_object(Bucket=bucket, Key=key) for key in keys}


def test_of_sixteen_that_race_for_a_version_one_wins(ceph: Ceph, alone: pytest.MonkeyPatch) -> None:
    """Trap 5."""
    address = f"s3://{ceph.bucket()}/p"
    ceph.owner.become(alone)
    stores = [open_store(address) for _ in range(16)]
    versions = [ABSENT]

    def write(racer: int) -> str | None:
        try:
            content = numbered(len(versions), racer=str(racer))
            return stores[racer].put(PATH, content, cache_control="public", over=versions[-1])
        except ChangedError:
            return None

    with ThreadPoolExecutor(16) as racers:
        for _ in range(5):
            [winner] = [version for version in racers.map(write, range(16)) if version is not None]
            up = stores[0].look(PATH)
            assert up is not None
            assert up.version == winner
            versions.append(winner)
    assert all(before != after for before, after in pairwise(versions))


def test_in_any_order_the_highest_seq_stays(ceph: Ceph, alone: pytest.MonkeyPatch) -> None:
    """Trap 5."""
    address = f"s3://{ceph.bucket()}/p"
    ceph.owner.become(alone)

    def write(seq: int) -> None:
        try:
            put_newer(open_store(address), PATH, numbered(seq), seq=seq)
        except OvertakenError:
            return

    with ThreadPoolExecutor(8) as racers:
        list(racers.map(write, [3, 8, 1, 6, 2, 7, 4, 5]))
    assert open_store(address).get(PATH) == numbered(8)
