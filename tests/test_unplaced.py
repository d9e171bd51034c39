"""Raw rows whose time is missing, infinite or absurd: counted under the hour -infinity, and nobody is stopped."""

from __future__ import annotations

import pytest

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.sources.install import install
from tests.conftest import NOW, Sql

ABSURD = (
    "infinity",
    "-infinity",
    "0044-03-15 12:00:00+00 BC",
    "1000-12-31 23:59:59+00",
    "9999-01-01 00:00:00+00",
    "294276-01-01 00:00:00+00",
)
COUNTED = "select source, reason, rows from rollup.rejected_hourly where bucket_start = '-infinity' order by 1, 2"


@pytest.fixture(params=["timestamptz", "timestamp"])
def nullable(ready: Installation, sql: Sql, request: pytest.FixtureRequest) -> Installation:
    for table in ("api_requests", "usage_records"):
        sql(f"alter table {table} alter created_at drop not null, alter created_at type {request.param}")
    install(ready)
    return ready


def test_they_are_counted_as_they_come_and_go(nullable: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-10T10:00:00Z")
    for at in (None, *ABSURD):
        sql("insert into api_requests (tenant_id, endpoint, status_code, created_at) values ('t1', '/', 200, %s)", at)
    sql("insert into usage_records (tenant_id, quota_type, amount, created_at) values (null, 'x', 1, null)")
    report = roll(nullable, NOW)
    assert report.rejected == {"created_at_unusable": 8}
    assert sql(COUNTED) == [("api_requests", "created_at_unusable", 7), ("usage_records", "created_at_unusable", 1)]
    assert sql.one("select sum(requests) from rollup.api_hourly") == 1
    assert roll(nullable, NOW).marks == 0
    sql("update api_requests set created_at = '2026-03-10 11:00' where created_at is null")
    sql("delete from api_requests where created_at = 'infinity'")
    sql("insert into api_requests (tenant_id, endpoint, status_code, created_at) values ('t2', '/', 200, null)")
    roll(nullable, NOW)
    assert sql(COUNTED) == [("api_requests", "created_at_unusable", 6), ("usage_records", "created_at_unusable", 1)]
    assert sql.one("select sum(requests) from rollup.api_hourly") == 2
    sql("truncate api_requests, usage_records")
    roll(nullable, NOW)
    assert sql(COUNTED) == []


def test_those_from_before_init_are_counted_once(nullable: Installation, sql: Sql) -> None:
    sql("alter table api_requests disable trigger user")
    sql(
        "insert into api_requests (tenant_id, endpoint, status_code, created_at) values ('t1', '/', 200, null), ('t1', '/', 200, 'infinity')"
    )
    sql("alter table api_requests enable trigger user")
    sql("delete from pipeline.watched")
    install(nullable)
    sql("delete from pipeline.watched")
    install(nullable)
    roll(nullable, NOW)
    assert sql(COUNTED) == [("api_requests", "created_at_unusable", 2)]
