"""The s3:// store on a real Ceph, which checks signatures and conditions."""

from __future__ import annotations

import pytest

from pipeline.errors import PermanentError
from pipeline.publish.stores import open_store
from tests.ceph import Account, Ceph

pytestmark = pytest.mark.real


def become(account: Account, alone: pytest.MonkeyPatch) -> None:
    """Let the pipeline work as this user."""
    for name, value in account.settings.items():
        alone.setenv(name, value)


def test_nobody_else_reads_or_writes(ceph: Ceph, alone: pytest.MonkeyPatch) -> None:
    bucket = ceph.bucket()
    become(ceph.owner, alone)
    store = open_store(f"s3://{bucket}")
    store.check()
    store.put("v1/a.json", b"packed", cache_control="public")
    assert store.get("v1/a.json") == b"packed"

    become(ceph.stranger, alone)
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
    become(ceph.owner, alone)
    with pytest.raises(PermanentError, match=r"s3://not-there/p/: 404\. Check the bucket's name"):
        open_store("s3://not-there/p").check()
    alone.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(PermanentError, match=r"403\. Check the bucket's name, TENANTCAST_STORE_URL and the AWS cred"):
        open_store(f"s3://{bucket}").check()
    with pytest.raises(PermanentError, match="SignatureDoesNotMatch") as caught:
        open_store(f"s3://{bucket}").put("v1/a.json", b"packed", cache_control="public")
    assert "wrong" not in str(caught.value)
