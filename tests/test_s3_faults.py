"""The s3:// store before a server that is busy, cuts the line or says nothing: it goes on, or ends with a clear error."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.errors import PermanentError, TransientError
from pipeline.publish import s3
from pipeline.publish.s3 import S3Store
from pipeline.publish.stores import ABSENT, ChangedError
from tests.buckets import Bucket
from tests.faulty_front import FaultyFront, faulty_front

PATH = "v1/status.json"
TRIES = s3.CONFIG.retries["total_max_attempts"]


@pytest.fixture
def front(bucket: Bucket, endpoint: str, alone: pytest.MonkeyPatch) -> Iterator[FaultyFront]:
    """A front before the bucket's server, through which the pipeline reaches it; whoever is silent is left soon."""
    with faulty_front(endpoint) as made:
        alone.setenv("AWS_ENDPOINT_URL", made.address)
        alone.setattr(s3, "CONFIG", s3.CONFIG.merge(s3.Config(read_timeout=0.3)))
        yield made


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client waits before it tries again, in seconds; it does not really wait."""
    found: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=found.append))
    return found


@pytest.fixture
def store(front: FaultyFront, bucket: Bucket, pauses: list[float]) -> S3Store:
    return S3Store(bucket=bucket.name, prefix="p")


@pytest.mark.parametrize("fault", ["busy", "cut", "lost", "mute"])
@pytest.mark.parametrize("over", [None, "version"])
def test_a_write_gets_through_and_counts_as_one(
    front: FaultyFront, store: S3Store, bucket: Bucket, fault: str, over: str | None
) -> None:
    """Also where it had arrived and no answer came: then its own condition refuses the second try."""
    if over == "version":
        over = store.put(PATH, b"first", cache_control="public")
    front.seen.clear()
    front.faults[:] = [fault, fault]
    version = store.put(PATH, b"packed", cache_control="public", over=over)
    assert [method for method, _ in front.seen][:3] == ["PUT", "PUT", "PUT"]
    assert store.look(PATH) == s3.Held(b"packed", version)
    if over is not None and fault in {"lost", "mute"}:
        assert len(bucket.writes()[f"p/{PATH}"]) == 2, "the same was not written twice"


def test_a_write_that_was_overtaken_while_no_answer_came_is_a_lost_race(
    front: FaultyFront, store: S3Store, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = store.put(PATH, b"first", cache_control="public")
    forward = front.forward

    def overtaken(method: str, *rest: Any) -> Any:
        answer = forward(method, *rest)
        if method == "PUT" and len(front.seen) == 2:
            bucket.client.put_object(Bucket=bucket.name, Key=f"p/{PATH}", Body=b"another's")
        return answer

    monkeypatch.setattr(front, "forward", overtaken)
    front.faults[:] = ["lost"]
    with pytest.raises(ChangedError) as caught:
        store.put(PATH, b"packed", cache_control="public", over=version)
    assert caught.value.up == store.look(PATH)
    assert store.get(PATH) == b"another's"


@pytest.mark.parametrize("fault", ["busy", "cut", "mute"])
def test_reading_listing_and_deleting_go_on_too(front: FaultyFront, store: S3Store, fault: str) -> None:
    store.put(PATH, b"packed", cache_control="public")
    for ask in (store.check, lambda: store.get(PATH), lambda: list(store.list("v1")), lambda: store.delete(PATH)):
        front.seen.clear()
        front.faults[:] = [fault]
        ask()
        assert len(front.seen) == 2
    assert store.get(PATH) is None


@pytest.mark.parametrize(
    ("fault", "said"), [("busy", "SlowDown"), ("cut", "Connection was closed"), ("mute", "Read timeout")]
)
def test_who_never_answers_is_left_after_a_few_tries_with_pauses_that_differ(
    front: FaultyFront, store: S3Store, pauses: list[float], fault: str, said: str
) -> None:
    front.faults[:] = [fault] * TRIES * 2
    for _ in range(2):
        with pytest.raises(TransientError, match=said) as caught:
            store.put(PATH, b"packed", cache_control="public", over=ABSENT)
        assert "\n" not in str(caught.value)
    assert len(front.seen) == TRIES * 2
    assert len(pauses) == len(set(pauses)) == (TRIES - 1) * 2, "with jitter, so that many do not come back at once"
    for tried, most in enumerate((1, 2, 4, 8) * 2):
        assert 0 < pauses[tried] < most


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "ExpiredToken"])
def test_wrong_credentials_end_it_at_once(
    front: FaultyFront, store: S3Store, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    refusal = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()
    status = 400 if code == "ExpiredToken" else 403
    monkeypatch.setattr(front, "forward", lambda *_: (status, {"Content-Type": "application/xml"}, refusal))
    for ask in (lambda: store.put(PATH, b"packed", cache_control="public", over=ABSENT), lambda: store.get(PATH)):
        front.seen.clear()
        with pytest.raises(PermanentError, match=f"{code}. Check the bucket's name, TENANTCAST_STORE_URL and the AWS"):
            ask()
        assert len(front.seen) == 1


def test_a_bucket_that_is_gone_ends_it_at_once(front: FaultyFront, bucket: Bucket, pauses: list[float]) -> None:
    store = S3Store(bucket="not-there", prefix="")
    with pytest.raises(PermanentError, match="NoSuchBucket"):
        store.put(PATH, b"packed", cache_control="public", over=ABSENT)
    assert (len(front.seen), pauses) == (1, [])
