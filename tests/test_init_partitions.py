"""Partitioned raw tables: rows by any way in or out are counted once, and partitions may come and go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.sources.install import install
from tests.conftest import NOW, Sql, address_of
from tests.test_init import RAW, STORED, TABLES, sql_on

ROWS = "(id bigint default 1, tenant_id text, endpoint text, status_code int, duration_ms float, created_at {time})"
BY_TIME = [
    "create table api_requests {rows} partition by range (created_at)",
    "create table feb partition of api_requests for values from ('2026-02-01') to ('2026-03-01')",
    "create table mar partition of api_requests for values from ('2026-03-01') to ('2026-04-01')",
]
TWO_LEVELS = [
    *BY_TIME[:2],
    "create table mar_all partition of api_requests for values from ('2026-03-01') to ('2026-04-01') partition by range (created_at)",
    "create table mar partition of mar_all for values from ('2026-03-01') to ('2026-03-08')",
    "create table mar_2 partition of mar_all for values from ('2026-03-08') to (maxvalue)",
]
BY_TENANT_IN_TIME = [
    *BY_TIME[:2],
    "create table mar partition of api_requests for values from ('2026-03-01') to ('2026-04-01') partition by hash (tenant_id)",
    "create table mar_0 partition of mar for values with (modulus 2, remainder 0)",
    "create table mar_1 partition of mar for values with (modulus 2, remainder 1)",
]
TIME_IN_TENANT = [
    "create table api_requests {rows} partition by hash (tenant_id)",
    "create table half_0 partition of api_requests for values with (modulus 2, remainder 0) partition by range (created_at)",
    "create table half_1 partition of api_requests for values with (modulus 2, remainder 1)",
    "create table mar partition of half_0 for values from ('2026-03-01') to ('2026-04-01')",
    "create table feb partition of half_0 default",
]
LAYOUTS = {
    "by time": BY_TIME,
    "two levels": TWO_LEVELS,
    "by tenant in time": BY_TENANT_IN_TIME,
    "time in tenant": TIME_IN_TENANT,
}


@pytest.fixture
def sql(blank: Installation) -> Iterator[Sql]:
    """SQL on the database of `blank`, with all tables of the SaaS but api_requests."""
    with sql_on(blank) as sql:
        for statement in TABLES.split(";\n"):
            if "api_requests" not in statement:
                sql(statement)
        yield sql


def create(sql: Sql, layout: list[str], time: str = "timestamptz") -> None:
    for statement in layout:
        sql(statement.format(rows=ROWS.format(time=time)))


def add_rows(sql: Sql, table: str = "api_requests", *, start: str, hours: int, tenants: int = 6) -> None:
    sql(
        f"""insert into {table} (tenant_id, endpoint, created_at)
        select 't' || t, '/', %s::timestamptz + h * interval '1 hour' from generate_series(1, {tenants}) t, generate_series(0, {hours - 1}) h""",
        start,
    )


def agrees(installation: Installation, sql: Sql) -> bool:
    """Whether the rollups, brought up to date, are what the raw rows give; a second tick has nothing to do."""
    roll(installation, NOW)
    return sql(STORED) == sql(RAW) and roll(installation, NOW).marks == 0


def marked(sql: Sql) -> list[tuple[object, ...]]:
    """What marks are there: the hours as text, each once."""
    return sql("select distinct to_char(bucket_start, 'MM-DD HH24') from pipeline.marks order by 1")


@pytest.mark.parametrize(
    ("layout", "time"),
    [
        *((layout, "timestamptz") for layout in LAYOUTS),
        *(("two levels", time) for time in ("timestamp", "timestamptz(3)", "timestamp(0)")),
    ],
)
def test_rows_by_every_way_in_are_counted_once(blank: Installation, sql: Sql, layout: str, time: str) -> None:
    create(sql, LAYOUTS[layout], time)
    add_rows(sql, start="2026-02-28T20:00:00Z", hours=6)
    install(blank)
    assert agrees(blank, sql)
    add_rows(sql, start="2026-02-28T22:00:00Z", hours=3)
    assert agrees(blank, sql)
    straight = "insert into {} (tenant_id, endpoint, created_at) select tenant_id, '/', '{}' from {} limit 3"
    sql(straight.format("mar", "2026-03-01 07:00", "mar"))
    sql(straight.format("feb", "2026-02-14 07:00", "feb"))
    assert agrees(blank, sql)
    move = "update api_requests set created_at = created_at {} interval '3 hours' where created_at between '2026-02-28 22:00' and '2026-03-01 01:00'"
    sql(move.format("+"))
    assert agrees(blank, sql)
    sql(move.format("-"))
    sql("update api_requests set tenant_id = 't' || (1 + right(tenant_id, 1)::int % 6)")
    assert agrees(blank, sql)
    sql("delete from mar where tenant_id in ('t1', 't2')")
    sql("delete from api_requests where tenant_id = 't3'")
    assert agrees(blank, sql)
    sql("truncate feb")
    assert agrees(blank, sql)
    assert sql("select count(*) > 0 from api_requests") == [(True,)]
    add_rows(sql, start="2026-02-28T20:00:00Z", hours=6)
    sql("truncate api_requests")
    add_rows(sql, start="2026-02-28T23:00:00Z", hours=1)
    assert agrees(blank, sql)
    assert sql.one("select count(distinct bucket_start) from rollup.api_hourly") == 1


def test_a_row_that_moves_between_partitions_marks_both_places(blank: Installation, sql: Sql) -> None:
    create(sql, BY_TIME)
    add_rows(sql, start="2026-02-28T20:00:00Z", hours=1, tenants=1)
    install(blank)
    roll(blank, NOW)
    sql("update api_requests set created_at = '2026-03-02T05:00:00Z'")
    assert sql("select to_char(bucket_start, 'MM-DD HH24'), added, removed, whole from pipeline.marks order by 1") == [
        ("02-28 20", 0, 1, False),
        ("03-02 05", 1, 0, False),
    ]
    assert agrees(blank, sql)
    assert sql.one("select sum(requests) from rollup.api_hourly") == 1


def test_partitions_that_are_made_or_attached_later_are_adopted(blank: Installation, sql: Sql) -> None:
    create(sql, TWO_LEVELS)
    install(blank)
    sql("create table jan partition of api_requests for values from ('2026-01-01') to ('2026-02-01')")
    add_rows(sql, "jan", start="2026-01-05T00:00:00Z", hours=4)
    sql(
        "create table y2025 (like api_requests including defaults) partition by range (created_at)"
    )  # filled before it is attached, with a level of its own
    sql("create table dec partition of y2025 for values from ('2025-12-01') to ('2026-01-01')")
    add_rows(sql, "dec", start="2025-12-05T00:00:00Z", hours=4)
    sql("alter table api_requests attach partition y2025 for values from ('2025-01-01') to ('2026-01-01')")
    assert agrees(blank, sql)
    add_rows(sql, "dec", start="2025-12-06T00:00:00Z", hours=2)
    add_rows(sql, "jan", start="2026-01-06T00:00:00Z", hours=2)
    sql("delete from dec where created_at < '2025-12-05T02:00:00Z'")
    assert agrees(blank, sql)
    made = dict(
        sql(
            """select t.relname::text, count(*) from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
            where c.relname like 'tenantcast%%' and obj_description(c.oid) like 'Tenantcast: %%' and indisvalid group by 1"""
        )
    )
    assert made == {"feb": 2, "mar": 2, "mar_2": 2, "jan": 2, "dec": 2, "usage_records": 2}


def test_a_busy_new_partition_gets_its_indexes_another_time(
    blank: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    create(sql, BY_TIME)
    install(blank)
    sql("create table jan partition of api_requests for values from ('2026-01-01') to ('2026-02-01')")
    roll(blank, NOW)
    sql("drop table jan")
    sql("create table jan partition of api_requests for values from ('2026-01-01') to ('2026-02-01')")
    monkeypatch.setattr("pipeline.sources.adopt.INDEX_TIMEOUT", "200ms")
    install_triggers_only(blank, monkeypatch)
    with psycopg.connect(address_of(blank)) as long:
        long.execute("insert into jan (tenant_id, endpoint, created_at) values ('t1', '/', '2026-01-05T00:00:00Z')")
        roll(blank, NOW)
        assert "jan: an index waits for long transactions" in capsys.readouterr().err
    assert agrees(blank, sql)
    assert sql("select count(*) from pg_index where indrelid = 'jan'::regclass and indisvalid") == [(2,)]
    assert sql("select count(*) from pg_index where not indisvalid") == [(0,)]


def install_triggers_only(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.sources.adopt.ensure_indexes", lambda *_, **__: [])
        roll(installation, NOW)


def test_what_goes_with_a_detached_or_dropped_partition_goes_from_the_rollups(blank: Installation, sql: Sql) -> None:
    create(sql, BY_TIME)
    sql("create table jan partition of api_requests for values from ('2026-01-01') to ('2026-02-01')")
    install(blank)
    for start in ("2026-01-05T00:00:00Z", "2026-02-05T00:00:00Z", "2026-03-05T00:00:00Z"):
        add_rows(sql, start=start, hours=2)
    assert agrees(blank, sql)
    sql("drop table jan")
    report = roll(blank, NOW)
    assert (report.marks, report.oldest) == (2, datetime.fromisoformat("2026-01-05T00:00:00Z"))
    assert sql(STORED) == sql(RAW)
    sql("alter table api_requests detach partition feb concurrently")
    assert agrees(blank, sql)
    add_rows(sql, "feb", start="2026-02-07T00:00:00Z", hours=2)
    assert agrees(blank, sql)
    sql("alter table api_requests attach partition feb for values from ('2026-02-01') to ('2026-03-01')")
    assert agrees(blank, sql)
    assert sql.one("select count(distinct bucket_start) from rollup.api_hourly") == 6
    sql("drop table feb")
    sql("create table feb partition of api_requests for values from ('2026-02-01') to ('2026-03-01')")
    add_rows(sql, "feb", start="2026-02-06T00:00:00Z", hours=1)
    assert agrees(blank, sql)


@pytest.mark.parametrize("way", ["drop table jan", "alter table api_requests detach partition jan", "truncate jan"])
def test_a_partition_that_goes_beyond_the_horizon_leaves_rollups_as_they_were(
    blank: Installation, sql: Sql, way: str
) -> None:
    """Trap 21: a row that commits after that is counted, even where it was written in time."""
    now = datetime.now(UTC)
    old, inside, recent = (now - timedelta(days=days) for days in (40, 25, 10))
    purging = Installation(replace(blank.settings, raw_horizon_days=30))
    create(sql, BY_TIME[:1])
    edge = now - timedelta(days=20)
    sql(f"create table jan partition of api_requests for values from (minvalue) to ('{edge.isoformat()}')")
    sql(f"create table feb partition of api_requests for values from ('{edge.isoformat()}') to (maxvalue)")
    install(purging)
    for start in (old, inside, recent):
        add_rows(sql, start=start.isoformat(), hours=1)
    roll(purging, now)
    kept = [row for row in sql(STORED) if row[1] != inside.replace(minute=0, second=0, microsecond=0)]
    sql(way)
    roll(purging, now)
    assert sql(STORED) == kept, "what was inside the horizon goes, what was beyond stays"
    sql(
        "insert into pipeline.marks (source, tenant_id, bucket_start, added, marked_at) values ('api_requests', 't1', %s, 1, %s)",
        old.replace(minute=0, second=0, microsecond=0),
        old,
    )
    roll(purging, now)
    assert sql(STORED) == kept
    assert sql("select rows from rollup.rejected_hourly where reason = 'beyond_horizon'") == [(1,)]


@pytest.mark.parametrize("layout", ["by tenant in time", "time in tenant"])
def test_a_dropped_partition_without_bounds_in_time(blank: Installation, sql: Sql, layout: str) -> None:
    create(sql, LAYOUTS[layout])
    install(blank)
    add_rows(sql, start="2026-02-28T20:00:00Z", hours=6)
    assert agrees(blank, sql)
    part = "mar_0" if layout == "by tenant in time" else "half_1"
    assert sql.one(f"select count(*) from {part}") != 0
    sql(f"drop table {part}")
    assert agrees(blank, sql)


def test_a_truncated_partition_marks_no_more_than_its_own_hours(blank: Installation, sql: Sql) -> None:
    create(sql, BY_TENANT_IN_TIME)
    install(blank)
    add_rows(sql, start="2026-02-28T20:00:00Z", hours=6)
    roll(blank, NOW)
    sql("truncate mar_1")
    assert roll(blank, NOW).marks == 2
    sql("truncate mar")
    assert roll(blank, NOW).marks == 2
    assert sql(STORED) == sql(RAW)


def test_truncate_by_a_writer_whose_snapshot_is_older_than_the_rollups(blank: Installation, sql: Sql) -> None:
    create(sql, BY_TIME)
    install(blank)
    with psycopg.connect(address_of(blank)) as writer:
        writer.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        writer.execute("select count(*) from tenants")
        add_rows(sql, start="2026-02-28T20:00:00Z", hours=6)
        roll(blank, NOW)
        writer.execute("truncate api_requests")
    assert agrees(blank, sql)
    assert sql(STORED) == []


def test_the_table_itself_may_be_replaced(blank: Installation, sql: Sql) -> None:
    create(sql, BY_TIME)
    install(blank)
    add_rows(sql, start="2026-02-28T20:00:00Z", hours=6)
    roll(blank, NOW)
    sql("alter table api_requests rename to old")
    create(sql, [BY_TIME[0]])
    sql("create table apr partition of api_requests for values from ('2026-03-01') to ('2026-05-01')")
    add_rows(sql, start="2026-03-05T00:00:00Z", hours=2)
    assert agrees(blank, sql)


@pytest.mark.parametrize("harm", ["drop trigger tenantcast_delete on feb", "alter table feb disable trigger user"])
def test_lost_triggers_are_put_back_and_what_was_missed_is_marked(blank: Installation, sql: Sql, harm: str) -> None:
    create(sql, BY_TIME)
    install(blank)
    add_rows(sql, start="2026-02-05T00:00:00Z", hours=3)
    add_rows(sql, start="2026-03-05T00:00:00Z", hours=3)
    roll(blank, NOW)
    sql(harm)
    sql("delete from feb where created_at < '2026-02-05T01:00:00Z'")
    assert marked(sql) == []
    assert roll(blank, NOW).marks > 0
    assert sql(STORED) == sql(RAW)
    sql("delete from feb where created_at < '2026-02-05T02:00:00Z'")
    assert marked(sql) == [("02-05 01",)]
    assert agrees(blank, sql)


def test_tables_that_inherit_the_old_way_are_partitions_too(blank: Installation, sql: Sql) -> None:
    create(sql, ["create table api_requests {rows}", "create table old (more int) inherits (api_requests)"])
    add_rows(sql, "old", start="2026-02-05T00:00:00Z", hours=3)
    install(blank)
    assert agrees(blank, sql)
    add_rows(sql, "old", start="2026-02-05T00:00:00Z", hours=3)
    sql("delete from api_requests where tenant_id = 't1'")
    assert agrees(blank, sql)


def test_a_foreign_partition_is_refused(blank: Installation, sql: Sql) -> None:
    create(sql, BY_TIME)
    sql("create foreign data wrapper nowhere")
    sql("create server far foreign data wrapper nowhere")
    sql(
        "create foreign table jan partition of api_requests for values from ('2026-01-01') to ('2026-02-01') server far"
    )
    with pytest.raises(
        PermanentError, match=r"^api_requests: partition public\.jan is a foreign table; .*Detach it, or copy"
    ):
        install(blank)
