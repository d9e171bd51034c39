"""The SaaS's own writers: whatever they are allowed, whatever their session is like, their changes are marked."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from tests.conftest import NOW, Sql, address_of
from tests.test_init import RAW, STORED

MARKS = "select tenant_id, bucket_start, added, removed from pipeline.marks order by 1, 2"
HOSTILE = """
create schema hostile;
create function hostile.count() returns bigint language sql as 'select 0::bigint';
create function hostile.date_bin(interval, timestamptz, timestamptz) returns timestamptz language sql as 'select null::timestamptz';
create function hostile.isfinite(timestamptz) returns boolean language sql as 'select false';
create function hostile.utc(timestamptz) returns timestamptz language sql as 'select null::timestamptz';
create function hostile.no(timestamptz, timestamptz) returns boolean language sql as 'select null::boolean';
create operator hostile.>= (leftarg = timestamptz, rightarg = timestamptz, function = hostile.no);
create operator hostile.< (leftarg = timestamptz, rightarg = timestamptz, function = hostile.no);
create type hostile.timestamptz as (nothing int);
create table hostile.marks (source text);
create table hostile.new_rows (tenant_id text, created_at timestamptz);
grant usage on schema hostile to public;
"""


def hour(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_a_role_without_rights_on_the_ledger_in_a_hostile_session(ready: Installation, sql: Sql, zone: str) -> None:
    sql(HOSTILE)
    role = f"writer_{sql.one('select current_database()')}"
    sql(f"create role {role}")
    try:
        sql(f"grant insert, update, delete, truncate, select on api_requests to {role}")
        with psycopg.connect(address_of(ready), autocommit=True) as connection:
            connection.execute(f"set role {role}")
            for setting in (f"timezone = '{zone}'", "datestyle = 'German'", "intervalstyle = 'sql_standard'"):
                connection.execute(f"set {setting}")
            connection.execute("create temp table new_rows (tenant_id text, created_at timestamptz)")
            connection.execute("create temp table marks (source text)")
            connection.execute(
                "create function pg_temp.hour_of(timestamptz) returns timestamptz language sql as 'select null::timestamptz'"
            )
            connection.execute("set search_path = pg_temp, hostile, public, pg_catalog")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("delete from pipeline.marks")
            insert = "insert into public.api_requests (tenant_id, created_at) values (%s, %s)"
            connection.execute(insert, ("t1", "2026-03-08T22:59:59.999Z"))
            connection.execute(insert, ("t2", "2026-03-08T23:00:00Z"))
            assert sql(MARKS) == [("t1", hour("2026-03-08T22:00:00"), 1, 0), ("t2", hour("2026-03-08T23:00:00"), 1, 0)]
            two = ", ".join(["('t3', timestamp with time zone '2026-03-08 20:00:00Z')"] * 2)
            connection.execute(f"insert into public.api_requests (tenant_id, created_at) values {two}".encode())
            assert sql(f"{MARKS} offset 2") == [("t3", hour("2026-03-08T20:00:00"), 2, 0)]
            roll(ready, NOW)
            connection.execute(
                "update public.api_requests set created_at = '2026-03-08T21:30:00Z' where tenant_id = 't1'"
            )
            connection.execute("delete from public.api_requests where tenant_id = 't2'")
            roll(ready, NOW)
            assert sql(STORED) == [("t1", hour("2026-03-08T21:00:00"), 1), ("t3", hour("2026-03-08T20:00:00"), 2)]
            connection.execute("truncate public.api_requests")
            roll(ready, NOW)
            assert sql(STORED) == []
    finally:
        sql(f"drop owned by {role}")
        sql(f"drop role {role}")


def test_insert_on_conflict_marks_what_it_does(ready: Installation, sql: Sql) -> None:
    upsert = """insert into api_requests (id, tenant_id, created_at) values (1, 't1', '2026-03-08T10:00:00Z'),
        (2, 't2', '2026-03-08T11:00:00Z') on conflict (id) do update set created_at = '2026-03-08T12:00:00Z'"""
    sql(upsert)
    roll(ready, NOW)
    sql("delete from api_requests where id = 2")
    roll(ready, NOW)
    sql(upsert)
    assert sql(MARKS) == [
        ("t1", hour("2026-03-08T10:00:00"), 0, 1),
        ("t1", hour("2026-03-08T12:00:00"), 1, 0),
        ("t2", hour("2026-03-08T11:00:00"), 1, 0),
    ]
    roll(ready, NOW)
    assert sql(STORED) == sql(RAW)
    sql("insert into api_requests (id, created_at) values (1, now()) on conflict do nothing")
    assert sql(MARKS) == []


def test_copy_merge_and_cascades(ready: Installation, sql: Sql) -> None:
    with sql.connection.cursor().copy("copy api_requests (tenant_id, endpoint, created_at) from stdin") as copy:
        for row in range(50):
            copy.write_row((f"t{row % 3}", "/", f"2026-03-0{1 + row % 5} 10:00:00+00"))
    roll(ready, NOW)
    assert sql(STORED) == sql(RAW)
    if sql.connection.info.server_version >= 150000:
        sql(
            """merge into api_requests r using (select id, row_number() over (order by id) n from api_requests) s on r.id = s.id
            when matched and n % 3 = 0 then delete
            when matched and n % 3 = 1 then update set tenant_id = 't9', created_at = created_at - interval '2 hours'
            when matched then do nothing"""
        )
        sql(
            """merge into api_requests r using (values (0)) as s (id) on r.id = s.id
            when not matched then insert (tenant_id, created_at) values ('t8', '2026-03-08T10:00:00Z')"""
        )
        roll(ready, NOW)
        assert sql(STORED) == sql(RAW)
    for name in ("t0", "t1", "t2", "t8", "t9"):
        sql.tenant(name)
    sql("alter table api_requests add foreign key (tenant_id) references tenants on delete cascade on update cascade")
    sql("delete from tenants where id = 't2'")
    sql("update tenants set id = 't7' where id = 't0'")
    roll(ready, NOW)
    assert sql(STORED) == sql(RAW)
    assert {row[0] for row in sql(STORED)} & {"t0", "t2"} == set()


def test_a_row_that_goes_to_another_tenant_leaves_the_first(ready: Installation, sql: Sql) -> None:
    sql.request("2026-03-08T10:00:00Z")
    sql.request("2026-03-08T10:30:00Z")
    roll(ready, NOW)
    sql("update api_requests set tenant_id = 't2' where created_at = '2026-03-08T10:30:00Z'")
    roll(ready, NOW)
    assert sql(STORED) == [("t1", hour("2026-03-08T10:00:00"), 1), ("t2", hour("2026-03-08T10:00:00"), 1)]
    sql("update api_requests set tenant_id = null where tenant_id = 't2'")
    sql("update api_requests set tenant_id = 't3' where tenant_id = 't1'")
    roll(ready, NOW)
    assert sql(STORED) == [("t3", hour("2026-03-08T10:00:00"), 1)]
    assert sql("select reason, rows from rollup.rejected_hourly") == [("tenant_missing", 1)]


def test_statements_that_change_no_row_make_no_mark(ready: Installation, sql: Sql) -> None:
    sql("insert into api_requests (tenant_id) select 't1' where false")
    sql("update api_requests set endpoint = '/'")
    sql("delete from usage_records")
    assert sql.one("select count(*) from pipeline.marks") == 0


def test_an_hour_that_cannot_be_told_holds_nobody_up(ready: Installation, sql: Sql) -> None:
    sql("alter table api_requests alter created_at drop not null")
    sql.tenant()
    sql.request("2026-03-10T10:00:00Z")
    for time in ("infinity", "-infinity", "1001-01-01 00:30:00+00", "0044-03-15 12:00:00 BC", "0001-01-01 00:30:00+00", "4713-01-01 00:00:00+00 BC",
                 "9999-12-31 23:59:59+00", "294276-12-31 23:59:59.999999+00"):  # fmt: skip
        sql.request(time)
    sql("insert into api_requests (tenant_id, created_at) values ('t1', null)")
    run(ready, NOW)
    assert sql.one("select sum(requests) from rollup.api_hourly where bucket_start > '2020-01-01'") == 1
    sql("update api_requests set created_at = '2026-03-10T11:00:00Z' where created_at is null")
    sql("update api_requests set created_at = null where created_at = '2026-03-10T10:00:00Z'")
    sql("delete from api_requests where created_at < '1001-01-01' or created_at = 'infinity'")
    run(ready, NOW)
    assert sql("select bucket_start, requests from rollup.api_hourly where bucket_start > '2020-01-01'") == [
        (hour("2026-03-10T11:00:00"), 1)
    ]
