"""Credentials that end in the middle of a run: it says so, and readers are told nothing that is not so."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSRequest, AWSResponse

from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.run import run
from tests.buckets import Bucket
from tests.checks import STATUS, Reader, assert_as_from_scratch, assert_nothing_unknown
from tests.conftest import NOW, Databases, Sql, document, on

REFUSAL = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
SAID = "The store cannot be used: s3://…: ExpiredToken. Check the bucket's name, TENANTCAST_STORE_URL and the AWS credentials."
STEP = 3  # requests; so many more are answered in each run
MOST_REQUESTS, LONGER_THAN_A_RUN = 20, 200


class Ending:
    """Credentials that are good for so many requests more."""

    def __init__(self, store: Any) -> None:
        self.left = 0
        store.client.meta.events.register("before-send.s3", self.judge)

    def judge(self, request: AWSRequest, **_: object) -> AWSResponse | None:
        """Let a request through, or answer in the store's place."""
        self.left -= 1
        if self.left >= 0:
            return None
        return AWSResponse(request.url, 400, {"Content-Type": "application/xml"}, Answer(REFUSAL))


class Answer(io.BytesIO):
    """A body, as botocore reads one."""

    def stream(self, **_: object) -> list[bytes]:
        """Give all of it."""
        return [self.read()]


def test_a_run_says_so_and_nothing_is_announced_until_all_is_up(  # noqa: PLR0917  fixtures
    ready: Installation, sql: Sql, bucket: Bucket, databases: Databases, template: str, tmp_path: Path
) -> None:
    place = f"s3://{bucket.name}/p"
    installation, losing = on(ready, place), on(ready, place)
    reader, ending = Reader(installation), Ending(losing.store)
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
    run(installation, NOW)
    announced, said = document(installation, STATUS), []
    for answered in range(0, LONGER_THAN_A_RUN, STEP):
        for tenant in ("t1", "t2"):
            sql.request("2026-03-08T11:00:00Z", tenant)
        ending.left = answered
        try:
            report = run(losing, NOW)
        except PermanentError as error:
            said.append(str(error))
            assert document(installation, STATUS) == announced
            reader.look()
        else:
            break
    assert len(said) > MOST_REQUESTS // STEP
    assert {re.sub("s3://.*: E", "s3://…: E", each) for each in said} == {SAID}
    assert (report.publish.failures, report.status.stale, report.status.platform_failure) == ({}, [], None)
    assert_nothing_unknown(installation, sql)
    assert_as_from_scratch(installation, databases, template, home=tmp_path / "fresh", at=NOW)
