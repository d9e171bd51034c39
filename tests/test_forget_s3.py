"""`forget` on S3: no object of the tenant is left but its tombstones, and the receipt counts what went."""

from __future__ import annotations

import pytest

from pipeline.export.exporting import export
from pipeline.forgetting.forgetting import forget
from pipeline.installation import Installation
from pipeline.publish import s3
from pipeline.publish.keys import tenant_key
from pipeline.publish.rotating import rotate
from pipeline.publish.stores import Store
from pipeline.run import run
from tests.buckets import Bucket
from tests.ceph import Ceph
from tests.conftest import NOW, Sql, document, on
from tests.test_forget import GONE, NAME, fill, names


def assert_nothing_is_left(installation: Installation, sql: Sql) -> None:
    """Publish tenants, one under two addresses, export them, forget that one."""
    fill(sql)
    run(installation, NOW)
    rotate(installation, GONE, at_once=False)
    run(installation, NOW)
    export(installation)
    keys = [tenant_key(installation.secret, GONE, generation) for generation in (1, 2)]
    before = contents(installation.store)
    own = {path for path in before if is_under(path, keys)}
    assert len([path for path, content in before.items() if names(path, content, (GONE, NAME))]) > len(own) > 10

    receipt = forget(installation, GONE)

    after = contents(installation.store)
    assert [path for path, content in after.items() if names(path, content, (GONE, NAME))] == []
    tombs = {f"v1/t/{key}/dashboard.json" for key in keys}
    assert {path for path in after if is_under(path, keys)} == tombs
    assert [list(document(installation, path)) for path in tombs] == [["schema", "seq", "gone"]] * 2
    gone = before.keys() - after.keys()
    assert gone >= own - tombs
    assert receipt.complete
    assert receipt.files == len(own)
    assert receipt.platform_files == len([path for path in gone if path.startswith("v1/platform/")]) > 0
    assert receipt.export_files == len([path for path in gone if path.startswith("v1/export/")]) > 0
    export(installation)
    run(installation, NOW)
    assert [path for path, content in contents(installation.store).items() if names(path, content, (GONE, NAME))] == []


def is_under(path: str, keys: list[str]) -> bool:
    return any(path.startswith(f"v1/t/{key}/") for key in keys)


def contents(store: Store) -> dict[str, bytes]:
    """Give all files of a store."""
    return {path: store.get(path) or b"" for path in store.list("v1")}


def test_on_a_bucket(ready: Installation, sql: Sql, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a folder is listed in more than one answer."""
    monkeypatch.setattr(s3, "LISTED", 5)
    assert_nothing_is_left(on(ready, f"s3://{bucket.name}/some/prefix"), sql)


@pytest.mark.real
def test_on_ceph(ready: Installation, sql: Sql, ceph: Ceph, alone: pytest.MonkeyPatch) -> None:
    ceph.owner.become(alone)
    assert_nothing_is_left(on(ready, f"s3://{ceph.bucket()}/some/prefix"), sql)
