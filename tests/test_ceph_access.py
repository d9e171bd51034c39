"""Who may do what in a bucket: the policies, the CORS rules and the presigned addresses, tried on a real Ceph."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from botocore.exceptions import ClientError

from pipeline.cli import main
from pipeline.doctor.place import check_conditions, check_store
from pipeline.installation import Installation
from pipeline.publish.caching import private_cache_control
from pipeline.publish.stores import open_store
from pipeline.run import run
from pipeline.settings import ROOT
from tests.ceph import Ceph
from tests.conftest import NOW, Sql, environment_of, on

pytestmark = pytest.mark.real

DEPLOY = ROOT / "deploy" / "s3"
PREFIX = "dashboards"
STATUS = f"{PREFIX}/v1/status.json"
APP = "https://app.example.com"  # the one that deploy/s3/cors.json names


class Reply:
    """What a browser sees: a status, headers in lower case, a body."""

    def __init__(self, url: str, method: str = "GET", **headers: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
        asked = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, asked, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()
        connection.close()


@pytest.fixture
def bucket(ceph: Ceph) -> str:
    """A bucket of the owner's in which our policies hold: one may publish, everybody may read by address."""
    name = ceph.bucket()
    grant(ceph, name, "publisher.json", "public-read.json")
    return name


def grant(ceph: Ceph, bucket: str, *files: str) -> None:
    """Give a bucket our policies as one. That of the publisher is written for a role, so here it is said for whom."""
    text = [(DEPLOY / file).read_text().replace("my-bucket", bucket) for file in files]
    statements = [statement for each in text for statement in json.loads(each)["Statement"]]
    publisher = {"AWS": [f"arn:aws:iam:::user/{ceph.publisher.name}"]}
    policy = {"Version": "2012-10-17", "Statement": [{"Principal": publisher} | each for each in statements]}
    ceph.owner.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def refusal(ask: Callable[[], Any]) -> str:
    """Give the code with which the store refuses; empty where it does not."""
    try:
        ask()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_the_publishers_policy_is_enough_for_a_run_and_no_more(
    ceph: Ceph, bucket: str, alone: pytest.MonkeyPatch, ready: Installation, sql: Sql
) -> None:
    sql.tenant()
    sql.request("2026-03-08T10:00:00Z")
    ceph.publisher.become(alone)
    installation = on(ready, f"s3://{bucket}/{PREFIX}")
    run(installation, NOW)
    sql("update tenants set deleted_at = now()")
    run(installation, NOW)
    assert "v1/status.json" in list(installation.store.list("v1"))
    assert list(installation.store.list("v1/t")) == [], "it may take away, too"

    client = ceph.publisher.client()
    ceph.owner.client().put_object(Bucket=bucket, Key="others/v1/a.json", Body=b"another's")
    for key in ("others/v1/a.json", f"{PREFIX}/a.json", f"{PREFIX}/v1", "v1/a.json"):
        assert refusal(lambda key=key: client.put_object(Bucket=bucket, Key=key, Body=b"")) == "AccessDenied", key
        assert refusal(lambda key=key: client.delete_object(Bucket=bucket, Key=key)) == "AccessDenied", key
    assert refusal(lambda: client.get_object(Bucket=bucket, Key="others/v1/a.json")) == "AccessDenied"
    for ask in (
        lambda: client.delete_bucket(Bucket=bucket),
        lambda: client.delete_bucket_policy(Bucket=bucket),
        lambda: client.get_bucket_policy(Bucket=bucket),
        lambda: client.put_bucket_acl(Bucket=bucket, ACL="public-read-write"),
        lambda: client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": []}),
    ):
        assert refusal(ask) == "AccessDenied"


def test_on_ceph_an_object_is_its_writers_so_that_it_may_change_its_acl_and_the_bucket_owner_needs_a_policy(
    ceph: Ceph, alone: pytest.MonkeyPatch
) -> None:
    """Amazon has objects belong to the bucket's owner and ACLs out of use; Ceph 16 knows no such setting."""
    bucket = ceph.bucket()
    grant(ceph, bucket, "publisher.json")
    ceph.publisher.become(alone)
    open_store(f"s3://{bucket}/{PREFIX}").put("v1/status.json", b"packed", cache_control="public")
    owner = ceph.owner.client()
    assert refusal(lambda: owner.get_object(Bucket=bucket, Key=STATUS)) == "AccessDenied"
    ceph.publisher.client().put_object_acl(Bucket=bucket, Key=STATUS, ACL="public-read")
    assert Reply(f"{ceph.endpoint}/{bucket}/{STATUS}").status == 200
    assert refusal(lambda: ceph.stranger.client().list_objects_v2(Bucket=bucket)) == "AccessDenied"


def test_doctor_writes_nothing_to_find_that_conditions_hold_and_finds_who_may_only_look(
    ceph: Ceph, bucket: str, alone: pytest.MonkeyPatch, ready: Installation
) -> None:
    ceph.publisher.become(alone)
    assert list(check_conditions(on(ready, f"s3://{bucket}/{PREFIX}"))) == []
    assert "Contents" not in ceph.owner.client().list_objects_v2(Bucket=bucket)
    looking = json.loads((DEPLOY / "publisher.json").read_text().replace("my-bucket", bucket))
    looking["Statement"] = [{"Principal": "*"} | looking["Statement"][1]]
    ceph.owner.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(looking))
    ceph.stranger.become(alone)
    installation = on(ready, f"s3://{bucket}/{PREFIX}")
    assert list(check_store(installation)) == []
    [finding] = check_conditions(installation)
    assert (finding.name, "AccessDenied" in finding.what) == ("store", True)


def test_everybody_reads_by_address_and_nobody_lists_or_writes(
    ceph: Ceph, bucket: str, alone: pytest.MonkeyPatch
) -> None:
    ceph.publisher.become(alone)
    store = open_store(f"s3://{bucket}/{PREFIX}")
    store.put("v1/status.json", b"packed", cache_control="public")
    ceph.owner.client().put_object(Bucket=bucket, Key=f"{PREFIX}/private", Body=b"secret")
    at = f"{ceph.endpoint}/{bucket}"
    read = Reply(f"{at}/{STATUS}")
    assert (read.status, read.body, read.headers["content-encoding"]) == (200, b"packed", "gzip")
    assert Reply(f"{at}/{PREFIX}/private").status == 403
    assert Reply(f"{at}/{PREFIX}/v1/t/not-there.json").status == 403, "nobody learns which keys there are"
    for listing in (at, f"{at}/", f"{at}?list-type=2&prefix={PREFIX}/v1/", f"{at}?versions", f"{at}?uploads"):
        assert Reply(listing).status == 403, listing
    for method in ("PUT", "DELETE"):
        assert Reply(f"{at}/{STATUS}", method, Content_Length="0").status == 403, method

    stranger = ceph.stranger.client()
    assert stranger.get_object(Bucket=bucket, Key=STATUS)["Body"].read() == b"packed"
    for ask in (
        lambda: stranger.list_objects_v2(Bucket=bucket),
        lambda: stranger.put_object(Bucket=bucket, Key=STATUS, Body=b"another's"),
        lambda: stranger.delete_object(Bucket=bucket, Key=STATUS),
        lambda: stranger.get_object(Bucket=bucket, Key=f"{PREFIX}/private"),
    ):
        assert refusal(ask) == "AccessDenied"
    assert store.get("v1/status.json") == b"packed"


def test_a_page_of_an_origin_that_is_listed_reads_and_no_other(
    ceph: Ceph, bucket: str, alone: pytest.MonkeyPatch
) -> None:
    ceph.publisher.become(alone)
    open_store(f"s3://{bucket}/{PREFIX}").put("v1/status.json", b"packed", cache_control="public")
    rules = json.loads((DEPLOY / "cors.json").read_text())
    ceph.owner.client().put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)
    url = f"{ceph.endpoint}/{bucket}/{STATUS}"
    asks = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "if-none-match"}
    preflight = Reply(url, "OPTIONS", Origin=APP, **asks)
    assert preflight.status in {200, 204}
    assert preflight.headers["access-control-allow-origin"] == APP
    assert "GET" in preflight.headers["access-control-allow-methods"]
    assert "if-none-match" in preflight.headers["access-control-allow-headers"].lower()
    assert preflight.headers["access-control-max-age"] == "86400"
    read = Reply(url, Origin=APP)
    assert (read.status, read.headers["access-control-allow-origin"]) == (200, APP)
    assert "etag" in read.headers["access-control-expose-headers"].lower()
    for other in ("https://evil.example.com", f"{APP}.evil.com", "http://app.example.com", f"{APP}:8443", "null"):
        assert Reply(url, "OPTIONS", Origin=other, **asks).status == 403, other
        assert "access-control-allow-origin" not in Reply(url, Origin=other).headers, other
    writing = asks | {"Access_Control_Request_Method": "PUT"}
    assert Reply(url, "OPTIONS", Origin=APP, **writing).status == 403


@pytest.fixture
def signed(
    ceph: Ceph, alone: pytest.MonkeyPatch, ready: Installation, sql: Sql, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., dict[str, Any]]]:
    """What `url` mints for tenants in a bucket that nobody but its owner may read."""
    for tenant in ("1", "10"):
        sql.tenant(tenant)
        sql.request("2026-03-08T10:00:00Z", tenant)
    ceph.owner.become(alone)
    installation = on(ready, f"s3://{ceph.bucket()}/{PREFIX}")
    run(installation, NOW)
    for name, value in environment_of(installation).items():
        alone.setenv(name, value)

    def mint(*asked: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["url", *asked, "--signed", "--json"]) == 0
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    yield mint
    installation.database.engine.dispose()


def test_a_presigned_address_opens_its_file_and_no_other_for_its_time(
    ceph: Ceph, signed: Callable[..., dict[str, Any]]
) -> None:
    """Trap 14."""
    told, ten = signed("1", "--ttl", "15m", "--pages"), signed("10", "--ttl", "15m")
    links = [told["url"], *(page["url"] for page in told["pages"])]
    assert len(links) == 6
    assert [Reply(link).status for link in links] == [200] * 6
    answer = Reply(told["url"])
    assert json.loads(gzip.decompress(answer.body))["tenant"]["id"] == "1"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == private_cache_control("v1/t/key/dashboard.json")
    assert Reply(links[1]).headers["cache-control"].startswith("private, max-age=31536000")

    one, query = told["url"].split("?")
    other = ten["url"].split("?")[0]
    folder, key = one.rsplit("/", 1)[0], other.rsplit("/", 2)[1]
    given = dict(parse_qsl(query))
    tampered = {
        "nothing signed": one,
        "another tenant's": f"{other}?{query}",
        "a page": f"{told['pages'][0]['url'].split('?')[0]}?{query}",
        "status.json": f"{one.split('/v1/')[0]}/v1/status.json?{query}",
        "the bucket": f"{one.split(f'/{PREFIX}/')[0]}?{query}",
        "through ..": f"{folder}/../{key}/dashboard.json?{query}",
        "through %2e%2e": f"{folder}/%2e%2e/{key}/dashboard.json?{query}",
        "through %2f": f"{folder}%2f..%2f{key}/dashboard.json?{query}",
        "doubled slashes": f"{other.replace('/v1/t/', '/v1//t//')}?{query}",
        "longer": f"{one}?{urlencode(given | {'X-Amz-Expires': '604800'})}",
        "later": f"{one}?{urlencode(given | {'X-Amz-Date': '20991231T000000Z'})}",
        "for everybody": f"{one}?{query.replace('private', 'public')}",
        "another signature": f"{one}?{urlencode(given | {'X-Amz-Signature': given['X-Amz-Signature'][::-1]})}",
        "somebody else's": f"{one}?{query.replace('owner-key', 'stranger-key')}",
    }
    opened = {name: reply.status for name, url in tampered.items() if (reply := Reply(url)).status != 403}
    assert opened == {}
    for method in ("PUT", "DELETE"):
        assert Reply(told["url"], method, Content_Length="0").status == 403
    assert Reply(told["url"]).body == answer.body


def test_a_presigned_address_expires(signed: Callable[..., dict[str, Any]]) -> None:
    """Trap 14."""
    url, later = signed("1", "--ttl", "1s")["url"], signed("1", "--ttl", "1h")["url"]
    deadline = time.monotonic() + 30
    while Reply(url).status == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [Reply(url).status, Reply(later).status] == [403, 200]
