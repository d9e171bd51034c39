"""Rollup tables are partitioned by time: made ahead, dropped by retention, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from pipeline.database.queries import SQL
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.sources.install import install
from tests.conftest import NOW, Sql, address_of, installation_on

PARTITIONS = """select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'rollup.{}'::regclass order by 1"""
HOURS = "select bucket_start, sum(requests) from rollup.api_hourly group by 1 order by 1"
MONTH = timedelta(days=31)


def names(sql: Sql, rollup: str) -> list[object]:
    return [row[0] for row in sql(PARTITIONS.format(rollup))]


def test_partitions_are_made_for_what_comes_and_for_what_is_there(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2025-12-31T23:30:00Z")
    sql.usage("2025-02-10T10:00:00Z")
    report = roll(ready, NOW)
    ahead = ["api_hourly_2026_03", "api_hourly_2026_04"]
    assert names(sql, "api_hourly") == [
        "api_hourly_2025_12",
        "api_hourly_2026_01",
        *ahead,
        "api_hourly_past",
    ]
    assert names(sql, "api_daily") == ["api_daily_2025", "api_daily_2026", "api_daily_past"]
    assert set(report.partitions_made) >= {"usage_hourly_2025_02", "usage_daily_2026"}
    assert sql("select tableoid::regclass::text, requests from rollup.api_daily") == [("rollup.api_daily_2026", 1)]
    assert roll(ready, NOW).partitions_made == []


def test_rows_of_the_far_past_and_of_scattered_months_have_their_place(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for at in (
        "1001-01-01T00:00:00Z",
        "1969-07-20T20:17:00Z",
        "1999-12-31T23:59:59Z",
        "2003-05-05T05:00:00Z",
        "2014-01-01T00:00:00Z",
    ):
        sql.request(at)
        sql.usage(at)
    roll(ready, NOW)
    assert sql.one("select sum(requests) from rollup.api_daily") == 5
    assert sql.one("select sum(records) from rollup.usage_daily") == 5
    assert len(names(sql, "api_hourly")) < 20, "no month between them has a partition"


def test_hours_go_after_400_days_and_days_stay(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2025-01-15T10:00:00Z")
    sql.request("2025-03-15T10:00:00Z")
    run(ready, NOW - timedelta(days=30))
    days = sql("select * from rollup.api_daily order by day")
    report = run(ready, NOW).rollup
    assert "api_hourly_2025_01" in report.partitions_dropped
    assert [row[0] for row in sql(HOURS)] == [datetime(2025, 3, 15, 10, tzinfo=UTC)]
    assert sql("select * from rollup.api_daily order by day") == days
    assert sql.one("select hours_from from pipeline.progress") == datetime(2025, 2, 3, tzinfo=UTC)
    assert run(ready, NOW).rollup.partitions_dropped == []


def test_what_comes_for_dropped_hours_is_counted_and_changes_nothing(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2025-01-15T10:00:00Z")
    sql.request("2025-02-02T10:00:00Z")
    roll(ready, NOW)
    days = sql("select * from rollup.api_daily order by day")
    hours = sql(HOURS)
    for at in ("2025-01-15T10:30:00Z", "2025-01-15T10:40:00Z", "1990-01-01T00:00:00Z", "2025-02-02T23:59:00Z"):
        sql.request(at)
        report = roll(ready, NOW)
        assert report.rejected == {"beyond_horizon": 1}
    sql("delete from api_requests where created_at < '2025-02-01Z'")
    roll(ready, NOW)
    assert sql("select * from rollup.api_daily order by day") == days
    assert sql(HOURS) == hours
    counted = "select bucket_start, rows from rollup.rejected_hourly where reason = 'beyond_horizon' order by 1"
    assert [row[1] for row in sql(counted)] == [1, 2, 1]
    assert sql.one("select count(*) from pipeline.rejected_by_tenant") == 3
    assert sql.one("select count(*) from pipeline.purged_hours") == 0
    sql.request("2025-02-03T00:00:00Z")
    roll(ready, NOW)
    assert sql.one("select sum(requests) from rollup.api_daily") == 3, "from there on hours are whole"


def test_a_new_zone_leaves_the_days_whose_hours_are_gone(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for day in ("2025-01-15", "2025-01-31", "2025-02-01", "2025-02-02", "2025-02-03", "2025-02-04", "2026-03-01"):
        sql.request(f"{day}T00:30:00Z")
        sql.usage(f"{day}T23:30:00Z")
    roll(ready, NOW)
    sql("update tenants set timezone = 'America/Los_Angeles'")
    roll(ready, NOW)
    counted = "select day::text, sum(requests)::int from rollup.api_daily group by day order by day"
    kept = [("2025-01-15", 1), ("2025-01-31", 1), ("2025-02-01", 1), ("2025-02-02", 1)]
    assert sql(counted) == [*kept, ("2025-02-03", 1), ("2026-02-28", 1)]


def test_days_go_where_that_is_asked_for(ready: Installation, sql: Sql, tmp_path: Path) -> None:
    sql.tenant()
    sql.request("2023-06-01T10:00:00Z")
    sql.request("2025-06-01T10:00:00Z")
    short = installation_on(address_of(ready), tmp_path, TENANTCAST_DAILY_RETENTION_DAYS="500")
    report = run(short, NOW).rollup
    assert "api_daily_2023" in report.partitions_dropped
    assert sql("select day::text from rollup.api_daily") == [("2025-06-01",)]
    assert str(sql.one("select days_from from pipeline.progress")) == "2024-01-01"


def test_hourly_pages_of_dropped_hours_are_looked_at_again(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2025-01-15T10:00:00Z")
    sql.request("2026-02-15T10:00:00Z")
    run(ready, NOW - timedelta(days=20))
    assert roll(ready, NOW).partitions_dropped
    assert sql("select tenant_id, day from pipeline.queue") == [("t1", None)]


def test_readers_do_not_wait_and_are_not_waited_for_long(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2025-01-15T10:00:00Z")
    roll(ready, NOW - MONTH * 3)
    with psycopg.connect(address_of(ready)) as reader:
        assert reader.execute("select count(*) from rollup.api_hourly").fetchone() == (1,)
        done = threading.Thread(target=lambda: roll(ready, NOW))
        done.start()
        with psycopg.connect(address_of(ready), autocommit=True) as other:
            other.execute("set statement_timeout = '1s'")
            while done.is_alive():
                other.execute("select count(*) from rollup.api_hourly").fetchone()
        done.join()
        assert reader.execute("select count(*) from rollup.api_hourly").fetchone() is not None
    attached = "select count(*) from pg_inherits where inhparent = 'rollup.api_hourly'::regclass and inhdetachpending"
    assert sql.one(attached) == 1, "the long reader is still there: the rest is left for the next tick"
    assert "api_hourly_2025_01" in roll(ready, NOW).partitions_dropped
    assert sql("select to_regclass('rollup.api_hourly_2025_01')") == [(None,)]
    assert sql.one("select sum(requests) from rollup.api_daily") == 1


def test_old_hours_that_go_at_once_share_a_partition(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for year in range(2000, 2026):
        sql.request(f"{year}-01-15T10:00:00Z")
        sql.request(f"{year}-07-15T10:00:00Z")
    report = roll(ready, NOW)
    assert sum(name.startswith("api_hourly") for name in report.partitions_made) < 8
    assert sql.one("select sum(requests) from rollup.api_daily") == 52
    assert [row[0].year for row in sql(HOURS)] == [2025]  # type: ignore[attr-defined]


def test_an_empty_partition_is_not_dropped_before_its_time_is_over(ready: Installation, sql: Sql) -> None:
    sql(
        "select pipeline.add_partition('api_hourly', 'api_hourly_2024_05', '2024-05-01 00:00:00+00', '2024-06-01 00:00:00+00')"
    )
    assert roll(ready, NOW).partitions_dropped == []
    sql.tenant()
    sql.request("2024-07-15T10:00:00Z")
    assert set(roll(ready, NOW).partitions_dropped) >= {"api_hourly_2024_05", "api_hourly_2024_07", "api_hourly_past"}


def test_a_partition_that_somebody_took_off_is_left_alone(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-02-15T10:00:00Z")
    roll(ready, NOW)
    sql("alter table rollup.api_hourly detach partition rollup.api_hourly_2026_02")
    assert roll(ready, NOW).partitions_dropped == []
    assert sql.one("select count(*) from rollup.api_hourly_2026_02") == 1
    sql.request("2026-02-15T11:00:00Z")
    assert "api_hourly_2026_02_2" in roll(ready, NOW).partitions_made


def test_a_drop_that_was_cut_short_is_finished(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2025-01-15T10:00:00Z")
    roll(ready, NOW - MONTH * 3)
    sql("alter table rollup.api_hourly detach partition rollup.api_hourly_2025_01")
    sql("insert into pipeline.dropping values ('api_hourly_2025_01')")
    assert "api_hourly_2025_01" in roll(ready, NOW).partitions_dropped
    assert sql("select to_regclass('rollup.api_hourly_2025_01')") == [(None,)]


FIRST_FORM = """
drop table rollup.api_hourly, rollup.usage_hourly, rollup.api_daily, rollup.usage_daily cascade;
create table rollup.api_hourly (
    tenant_id text not null, bucket_start timestamptz not null, endpoint text collate "C" not null,
    requests bigint not null, client_errors bigint not null, server_errors bigint not null,
    duration_ms_sum numeric, duration_ms_min numeric, duration_ms_max numeric, duration_count bigint not null,
    duration_sketch rollup.sketch, primary key (tenant_id, bucket_start, endpoint));
create index api_hourly_bucket_start on rollup.api_hourly using brin (bucket_start) with (pages_per_range = 16, autosummarize = on);
create table rollup.usage_hourly (
    tenant_id text not null, bucket_start timestamptz not null, quota_type text collate "C" not null,
    amount numeric not null, records bigint not null, primary key (tenant_id, bucket_start, quota_type));
create index usage_hourly_bucket_start on rollup.usage_hourly using brin (bucket_start) with (pages_per_range = 16, autosummarize = on);
create table rollup.api_daily (
    tenant_id text not null, day date not null, endpoint text collate "C" not null,
    requests bigint not null, client_errors bigint not null, server_errors bigint not null,
    duration_ms_sum numeric, duration_ms_min numeric, duration_ms_max numeric, duration_count bigint not null,
    duration_sketch rollup.sketch, primary key (tenant_id, day, endpoint));
create index api_daily_day on rollup.api_daily using brin (day) with (pages_per_range = 16, autosummarize = on);
create table rollup.usage_daily (
    tenant_id text not null, day date not null, quota_type text collate "C" not null,
    amount numeric not null, records bigint not null, primary key (tenant_id, day, quota_type));
create index usage_daily_day on rollup.usage_daily using brin (day) with (pages_per_range = 16, autosummarize = on);
alter table pipeline.progress drop column hours_from, drop column days_from;
drop table pipeline.marked_days;
insert into rollup.api_hourly select 't1', '2026-02-10 10:00Z', '/', 1, 0, 0, 100, 100, 100, 1, null;
insert into rollup.api_daily select 't1', '2026-02-10', '/', 1, 0, 0, 100, 100, 100, 1, null;
update pipeline.progress set schema_version = 1, data_through = '2026-02-28 23:00Z';
"""


def test_each_migration_has_a_number_of_its_own() -> None:
    numbers = [path.name[:5] for path in (SQL / "migrations").iterdir()]
    assert len(numbers) == len(set(numbers)), "of two with one number, only one would be run"
    assert all(number[:4].isdigit() and number[4] == "_" for number in numbers)


def test_a_database_of_the_first_version_is_migrated_by_init(ready: Installation, sql: Sql) -> None:
    sql.connection.execute(FIRST_FORM.encode())
    with pytest.raises(PermanentError, match="Run: python -m pipeline init"):
        roll(ready, NOW)
    install(ready)
    install(ready)
    assert sql.one("select count(*) from pipeline.marks where bucket_start = '-infinity'") == 2
    sql.tenant()
    sql.request("2026-03-10T10:00:00Z")
    sql.request("2026-02-20T10:00:00Z")
    roll(ready, NOW)
    assert sql("select tableoid::regclass::text, count(*) from rollup.api_hourly group by 1 order by 1") == [
        ("rollup.api_hourly_2026_03", 1),
        ("rollup.api_hourly_past", 2),
    ]
    assert sql("select tableoid::regclass::text, count(*) from rollup.api_daily group by 1") == [
        ("rollup.api_daily_past", 3)
    ]


def test_a_database_of_a_newer_version_is_refused(ready: Installation, sql: Sql) -> None:
    sql("update pipeline.progress set schema_version = 99")
    for work in (install, roll):
        with pytest.raises(PermanentError, match="version"):
            work(ready)


def test_a_migration_waits_for_a_reader_without_making_others_wait_long(ready: Installation, sql: Sql) -> None:
    sql.connection.execute(FIRST_FORM.encode())
    with psycopg.connect(address_of(ready)) as reader:
        reader.execute("select count(*) from rollup.api_hourly")
        upgrade = threading.Thread(target=lambda: install(ready))
        upgrade.start()
        with psycopg.connect(address_of(ready), autocommit=True) as other:
            other.execute("set statement_timeout = '5s'")
            until = time.monotonic() + 4
            while time.monotonic() < until:
                other.execute("select count(*) from rollup.api_hourly").fetchone()
        assert upgrade.is_alive()
        reader.rollback()
    upgrade.join()
    assert sql("select requests from rollup.api_hourly") == [(1,)]
