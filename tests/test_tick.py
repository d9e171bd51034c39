"""Mark and roll: whatever happens to raw rows, the rollups are what a computation from scratch gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from pipeline.errors import BusyError, PermanentError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.rollups.ticking import ticking
from tests.conftest import NOW, Databases, Sql, address_of, installation_on

HOURLY = "select tenant_id, bucket_start, endpoint, requests from rollup.api_hourly order by 1, 2, 3"
DAILY = "select tenant_id, day::text, endpoint, requests from rollup.api_daily order by 1, 2, 3"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_requests_are_counted_by_hour_and_day_of_the_tenant(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-09T22:59:59.999Z", status_code=404, duration_ms=1.0006)
    sql.request("2026-03-09T23:00:00Z", status_code=503)
    sql.request("2026-03-09T23:10:00Z", endpoint="/v1/chat", duration_ms=None)
    roll(ready, NOW)
    assert sql(HOURLY) == [
        ("t1", at("2026-03-09T22:00:00"), "/", 1),
        ("t1", at("2026-03-09T23:00:00"), "/", 1),
        ("t1", at("2026-03-09T23:00:00"), "/v1/chat", 1),
    ]
    assert sql(DAILY) == [
        ("t1", "2026-03-09", "/", 1),
        ("t1", "2026-03-10", "/", 1),
        ("t1", "2026-03-10", "/v1/chat", 1),
    ]
    measures = "select client_errors, server_errors, duration_ms_sum::text, duration_count from rollup.api_daily order by day, endpoint"
    assert sql(measures) == [(1, 0, "1.001", 1), (0, 1, "100.000", 1), (0, 0, None, 0)]


def test_the_running_hour_waits_until_it_is_complete(ready: Installation, sql: Sql) -> None:
    """Trap 18: the present."""
    sql.tenant()
    sql.request("2026-03-10T12:10:00Z")
    roll(ready, NOW)
    assert sql(HOURLY) == []
    roll(ready, at("2026-03-10T13:00:00"))
    assert sql(HOURLY) == [("t1", at("2026-03-10T12:00:00"), "/", 1)]


def test_a_row_of_the_future_waits_for_its_hour(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-11T09:00:00Z")
    sql.request("2126-03-11T09:00:00Z")
    assert roll(ready, NOW).marks == 0
    assert roll(ready, at("2026-03-11T10:00:00")).marks == 1
    assert sql.one("select sum(requests) from rollup.api_hourly") == 1


def test_a_second_tick_changes_nothing(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-09T10:00:00Z")
    roll(ready, NOW)
    places = "select ctid::text, xmin::text from rollup.api_hourly union all select ctid::text, xmin::text from rollup.api_daily"
    before = sql(places)
    report = roll(ready, NOW)
    assert (report.marks, report.buckets, report.days) == (0, 0, 0)
    assert sql(places) == before


def test_update_marks_the_old_place_and_the_new(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.tenant("t2")
    sql.request("2026-03-08T22:30:00Z")
    sql.request("2026-03-08T22:40:00Z")
    roll(ready, NOW)
    sql(
        "update api_requests set created_at = '2026-03-08T23:30:00Z', tenant_id = 't2' where created_at < '2026-03-08T22:35:00Z'"
    )
    report = roll(ready, NOW)
    assert report.buckets == 2
    assert sql(HOURLY) == [
        ("t1", at("2026-03-08T22:00:00"), "/", 1),
        ("t2", at("2026-03-08T23:00:00"), "/", 1),
    ]
    assert sql(DAILY) == [("t1", "2026-03-08", "/", 1), ("t2", "2026-03-09", "/", 1)]


def test_deleted_rows_leave_no_trace(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-08T22:30:00Z")
    sql.usage("2026-03-08T22:30:00Z")
    roll(ready, NOW)
    sql("delete from api_requests")
    sql("delete from usage_records")
    roll(ready, NOW)
    for table in ("api_hourly", "api_daily", "usage_hourly", "usage_daily"):
        assert sql.one(f"select count(*) from rollup.{table}") == 0, table


def test_truncate_marks_all_that_is_stored(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-08T22:30:00Z")
    sql.request("2026-03-01T22:30:00Z")
    roll(ready, NOW)
    sql("truncate api_requests")
    sql.request("2026-03-01T22:31:00Z", endpoint="/again")
    roll(ready, NOW)
    assert sql(HOURLY) == [("t1", at("2026-03-01T22:00:00"), "/again", 1)]
    assert sql(DAILY) == [("t1", "2026-03-01", "/again", 1)]


def test_a_transaction_that_stays_open_is_counted_once_when_it_commits(ready: Installation, sql: Sql) -> None:
    """Trap 1: an open transaction."""
    sql.tenant()
    with psycopg.connect(address_of(ready)) as slow:
        slow.execute(
            "insert into api_requests (tenant_id, endpoint, created_at) values ('t1', '/slow', '2026-03-10T10:59:00Z')"
        )
        sql.request("2026-03-10T11:01:00Z")
        for _ in range(3):
            roll(ready, NOW)
            assert sql(HOURLY) == [("t1", at("2026-03-10T11:00:00"), "/", 1)]
        slow.commit()
    roll(ready, NOW)
    roll(ready, NOW)
    assert sql(HOURLY) == [
        ("t1", at("2026-03-10T10:00:00"), "/slow", 1),
        ("t1", at("2026-03-10T11:00:00"), "/", 1),
    ]


def test_a_rolled_back_insert_is_never_counted(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    with psycopg.connect(address_of(ready)) as writer:
        writer.execute("insert into api_requests (tenant_id, created_at) values ('t1', '2026-03-10T10:59:00Z')")
        writer.rollback()
    assert roll(ready, NOW).marks == 0
    assert sql(HOURLY) == []


def test_only_one_tick_is_at_work(ready: Installation) -> None:
    with ticking(ready.database), pytest.raises(BusyError, match="Another tick"):
        roll(ready, NOW)


def test_going_back_is_refused(ready: Installation, sql: Sql) -> None:
    roll(ready, NOW)
    with pytest.raises(PermanentError, match="lies behind"):
        roll(ready, at("2026-03-10T11:30:00"))
    assert sql("select state from pipeline.runs") == [("done",)], "a wish that is refused is no failed run"


def test_before_init_the_message_says_what_to_do(blank: Installation) -> None:
    with pytest.raises(PermanentError, match="python -m pipeline init"):
        roll(blank, NOW)


def test_many_tenants_of_an_hour_are_read_by_scan_and_few_by_lookup_with_equal_results(
    ready: Installation, sql: Sql
) -> None:
    sql("insert into tenants (id, name, plan) select 't' || i, 'T', 'pro' from generate_series(1, 60) i")
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
        select 't' || (1 + i % 60), '/e' || i % 7, case when i % 13 = 0 then 500 else 200 end, i % 900,
            timestamptz '2026-03-05 00:00Z' + i * interval '37 seconds'
        from generate_series(1, 6000) i"""
    )
    roll(ready, NOW)
    everything = "select tenant_id, bucket_start, endpoint, requests, server_errors, duration_ms_sum, duration_sketch::text from rollup.api_hourly order by 1, 2, 3"
    scanned = sql(everything)
    sql(
        "insert into pipeline.marks (source, tenant_id, bucket_start) select distinct 'api_requests', tenant_id, bucket_start from rollup.api_hourly where tenant_id < 't3'"
    )
    assert roll(ready, NOW).buckets > 0
    assert sql(everything) == scanned
    recomputed = sql(
        """select tenant_id, date_trunc('hour', created_at), endpoint, count(*), count(*) filter (where status_code >= 500), sum(duration_ms)
        from api_requests group by 1, 2, 3 order by 1, 2, 3"""
    )
    assert [(*row[:5], float(str(row[5]))) for row in scanned] == recomputed


def test_hours_add_up_to_days(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.tenant("t2", timezone="America/New_York")
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
        select 't' || (1 + i % 2), '/' || i % 3, 200, i * 0.123, timestamptz '2026-03-07 00:00Z' + i * interval '7 minutes'
        from generate_series(1, 600) i"""
    )
    roll(ready, NOW)
    totals = "select tenant_id, endpoint, sum(requests), sum(duration_ms_sum), sum(duration_count), rollup.merge(duration_sketch)::text from rollup.{} group by 1, 2 order by 1, 2"
    assert sql(totals.format("api_daily")) == sql(totals.format("api_hourly"))
    split = sql(
        """select d.tenant_id, d.day, d.requests, (select sum(h.requests) from rollup.api_hourly h where h.tenant_id = d.tenant_id
            and (h.bucket_start at time zone case d.tenant_id when 't1' then 'Africa/Lagos' else 'America/New_York' end)::date = d.day)
        from (select tenant_id, day, sum(requests) requests from rollup.api_daily group by 1, 2) d"""
    )
    assert len(split) > 4
    assert all(row[2] == row[3] for row in split)


CLOCKS = {  # hours around a day, and how many of them are the day's
    ("Atlantic/Azores", "2026-10-25"): 25,  # 01:00 becomes 00:00
    ("America/Havana", "2026-11-01"): 25,  # 01:00 becomes 00:00
    ("America/Havana", "2026-03-08"): 23,  # 00:00 becomes 01:00
    ("Asia/Beirut", "2026-03-29"): 23,  # 00:00 becomes 01:00
    ("Asia/Beirut", "2026-10-24"): 25,  # midnight becomes 23:00
    ("America/Scoresbysund", "2026-03-28"): 23,  # 23:00 becomes midnight
    ("America/Scoresbysund", "2026-10-24"): 25,  # midnight becomes 23:00
    ("Asia/Magadan", "2014-10-26"): 26,  # 02:00 becomes 00:00
    ("Pacific/Apia", "2011-12-29"): 24,  # the next day is left out
    ("America/New_York", "2026-03-08"): 23,
    ("Africa/Lagos", "2026-03-08"): 24,
    ("Africa/Lagos", "1900-01-01"): 24,  # 13 minutes and some seconds off the hour then
}


@pytest.mark.parametrize(("zone", "day"), CLOCKS)
def test_a_day_starts_with_the_first_hour_that_has_its_date(sql: Sql, zone: str, day: str) -> None:
    """And ends where the next starts, so that each hour is of one day, also where midnight comes twice or never."""
    hours = """
        with hours as (
            select h.at, (h.at at time zone %s)::date as day
            from generate_series(%s::date::timestamptz - interval '3 days', %s::date::timestamptz + interval '4 days', '1 hour') h (at)
        )
        select
            count(*) filter (where day <> %s::date) = 0,
            count(*),
            min(at) = pipeline.day_start(%s, %s),
            max(at) + interval '1 hour' = pipeline.day_start(%s::date + 1, %s)
        from hours where at >= pipeline.day_start(%s, %s) and at < pipeline.day_start(%s::date + 1, %s)"""
    found = sql(hours, zone, day, day, day, day, zone, day, zone, day, zone, day, zone)
    assert found == [(True, CLOCKS[zone, day], True, True)]


def test_a_day_that_a_zone_leaves_out_has_no_hours(sql: Sql) -> None:
    bounds = (
        "select pipeline.day_start('2011-12-30', 'Pacific/Apia') = pipeline.day_start('2011-12-31', 'Pacific/Apia')"
    )
    assert sql.one(bounds) is True


@pytest.mark.parametrize(
    ("zone", "first", "second"),
    [
        ("Atlantic/Azores", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ("America/Havana", "2026-11-01T04:30:00Z", "2026-11-01T05:30:00Z"),
    ],
)
def test_a_day_whose_midnight_comes_twice_has_both_hours(
    ready: Installation, sql: Sql, zone: str, first: str, second: str
) -> None:
    sql.tenant(timezone=zone)
    sql.request(second)
    sql.usage(second)
    roll(ready, at("2026-11-03T12:30:00"))
    sql.request(first)
    sql.usage(first)
    roll(ready, at("2026-11-03T12:30:00"))
    day = first[:10]
    assert sql(DAILY) == [("t1", day, "/", 2)]
    assert sql("select day::text, records from rollup.usage_daily") == [(day, 2)]


def test_a_changed_zone_derives_all_days_anew(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-08T22:30:00Z")
    sql.request("2026-03-08T23:30:00Z")
    roll(ready, NOW)
    assert [row[1] for row in sql(DAILY)] == ["2026-03-08", "2026-03-09"]
    sql("update tenants set timezone = 'America/New_York'")
    roll(ready, NOW)
    assert sql(DAILY) == [("t1", "2026-03-08", "/", 2)]


@pytest.mark.parametrize(
    ("zone", "problem"),
    [
        ("Asia/Kolkata", "not whole hours"),
        ("Australia/Lord_Howe", "not whole hours"),
        ("Africa/Lagoon", "unknown time zone"),
    ],
)
def test_an_unusable_zone_holds_nobody_up(ready: Installation, sql: Sql, zone: str, problem: str) -> None:
    sql.tenant(timezone=zone)
    sql.tenant("t2")
    sql.request("2026-03-08T22:30:00Z")
    sql.request("2026-03-08T22:30:00Z", "t2")
    roll(ready, NOW)
    assert sql(DAILY) == [("t2", "2026-03-08", "/", 1)]
    assert sql.one("select sum(requests) from rollup.api_hourly") == 2
    assert problem in str(sql.one("select problem from pipeline.zones where timezone = %s", zone))
    sql("update tenants set timezone = null where id = 't1'")
    roll(ready, NOW)
    assert sql(DAILY) == [("t1", "2026-03-08", "/", 1), ("t2", "2026-03-08", "/", 1)]


def test_a_zone_that_could_not_be_used_is_looked_at_again(ready: Installation, sql: Sql) -> None:
    sql.tenant(timezone="Europe/Kyiv")
    sql.request("2026-03-09T10:00:00Z")
    sql("insert into pipeline.zones values ('Europe/Kyiv', 'unknown time zone Europe/Kyiv')")
    roll(ready, NOW)
    assert sql("select timezone, problem from pipeline.zones") == [("Europe/Kyiv", None)]
    assert sql("select day::text from rollup.api_daily") == [("2026-03-09",)]


def test_rows_of_an_unknown_tenant_are_rolled_up(ready: Installation, sql: Sql) -> None:
    sql.request("2026-03-08T22:30:00Z", "nobody")
    roll(ready, NOW)
    assert sql(DAILY) == [("nobody", "2026-03-08", "/", 1)]


def test_bad_rows_are_counted_by_reason_and_stop_nobody(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    hour = "2026-03-08T22:30:00Z"
    for duration in ("NaN", "Infinity", "-1", "1e12"):
        sql.request(hour, duration_ms=float(duration))
    sql.request(hour, status_code=0)
    sql.request(hour, status_code=999)
    sql.request(hour, status_code=None)
    sql.request(hour, None)
    sql.request(hour, endpoint="/" + "x" * 10_000)
    sql.request(hour, endpoint=None)
    for amount in ("NaN", "-5", "1e40"):
        sql.usage(hour, amount=amount)
    sql.usage(hour, amount=None)
    sql.usage(hour, quota_type=None)
    sql.usage(hour)
    roll(ready, NOW)
    counted = sql("select source, reason, rows from rollup.rejected_hourly order by 1, 2")
    assert counted == [
        ("api_requests", "duration_negative", 1),
        ("api_requests", "duration_not_finite", 2),
        ("api_requests", "duration_too_long", 1),
        ("api_requests", "endpoint_too_long", 1),
        ("api_requests", "status_missing", 1),
        ("api_requests", "status_unknown", 2),
        ("api_requests", "tenant_missing", 1),
        ("usage_records", "amount_missing", 1),
        ("usage_records", "amount_negative", 1),
        ("usage_records", "amount_not_finite", 1),
        ("usage_records", "amount_too_large", 1),
        ("usage_records", "quota_type_missing", 1),
    ]
    assert sql.one("select sum(requests) from rollup.api_hourly") == 9
    assert sql("select quota_type, amount::text, records from rollup.usage_daily") == [("ai_tokens_m-1", "1000", 1)]
    sql("delete from api_requests where status_code = 999 or tenant_id is null")
    roll(ready, NOW)
    after = dict(sql("select reason, rows from rollup.rejected_hourly where source = 'api_requests'"))
    assert after["status_unknown"] == 1
    assert "tenant_missing" not in after


def test_durations_of_months_and_amounts_past_2_to_53_are_exact(ready: Installation, sql: Sql) -> None:
    """Trap 16: integers past 2^53, and sums."""
    sql.tenant()
    sql.request("2026-03-08T22:30:00Z", duration_ms=7_776_000_000.001)
    sql.usage("2026-03-08T22:30:00Z", amount="9007199254740993")
    sql.usage("2026-03-08T22:31:00Z", amount="0.1")
    sql.usage("2026-03-08T22:32:00Z", amount="0.2")
    roll(ready, NOW)
    assert sql.one("select duration_ms_sum::text from rollup.api_daily") == "7776000000.001"
    assert sql.one("select amount::text from rollup.usage_daily") == "9007199254740993.3"


TYPED = {
    "uuid": ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"),
    "bigint": (1, 10),
    "text": ("../", "Ünï 'quoted\" / 1"),
}


@pytest.mark.parametrize("kind", TYPED)
@pytest.mark.parametrize("time", ["timestamptz", "timestamp"])
def test_tenant_ids_keep_their_type_and_naive_times_are_utc(
    databases: Databases, tmp_path: object, kind: str, time: str
) -> None:
    address = databases.make()
    first, second = TYPED[kind]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("set timezone = 'America/New_York'")
        connection.execute(f"create table tenants (id {kind} primary key, name text, plan text, created_at {time})")
        connection.execute(
            f"""create table api_requests (id serial, tenant_id {kind}, endpoint varchar(80), status_code smallint,
            duration_ms numeric(12, 3), created_at {time})"""
        )
        connection.execute(
            f"create table usage_records (id serial, tenant_id {kind}, quota_type text, amount int, created_at {time})"
        )
        connection.execute(f"create table subscriptions (id serial, tenant_id {kind}, plan text, status text)")
        connection.execute(
            "insert into tenants values (%s, 'One', 'pro', now()), (%s, 'Ten', 'pro', now())", (first, second)
        )
        connection.execute(
            "insert into api_requests (tenant_id, endpoint, created_at) values (%s, '/early', '2026-03-09 10:59:59+00')",
            (first,),
        )
        installation = installation_on(address, tmp_path)  # type: ignore[arg-type]
        from pipeline.sources.install import install  # noqa: PLC0415

        install(installation)
        connection.execute(
            "insert into api_requests (tenant_id, endpoint, duration_ms, created_at) values (%s, '/late', 5, '2026-03-09 11:00:00+00')",
            (second,),
        )
        connection.execute(
            "insert into usage_records (tenant_id, quota_type, amount, created_at) values (%s, 'ai_tokens_m', 7, '2026-03-09 11:00:00+00')",
            (second,),
        )
        roll(installation, NOW)
        found = connection.execute(
            "select tenant_id, bucket_start at time zone 'UTC', endpoint from rollup.api_hourly order by endpoint"
        ).fetchall()
        assert [(str(row[0]), str(row[1]), row[2]) for row in found] == [
            (str(first), "2026-03-09 10:00:00", "/early"),
            (str(second), "2026-03-09 11:00:00", "/late"),
        ]
        types = connection.execute(
            "select distinct data_type from information_schema.columns where table_schema = 'rollup' and column_name = 'tenant_id'"
        ).fetchall()
        assert types == [(kind,)]
    installation.database.engine.dispose()


def test_purging_raw_rows_beyond_the_horizon_leaves_rollups_as_they_were(ready: Installation, sql: Sql) -> None:
    """Trap 21: deleting, truncating: rollups stay. Inside the horizon a deletion is a correction. What comes later is counted."""
    settings = replace(ready.settings, raw_horizon_days=30)
    purging = Installation(settings)
    now = datetime.now(UTC).replace(minute=30)
    old, recent = now - timedelta(days=40), now - timedelta(days=10)
    sql.tenant()
    for when in (old, old, recent, recent):
        sql.request(when.isoformat())
        sql.usage(when.isoformat())
    roll(purging, now)
    counted = "select sum(requests), (select sum(requests) from rollup.api_daily), (select sum(records) from rollup.usage_daily) from rollup.api_hourly"
    assert sql(counted) == [(4, 4, 4)], "the first tick rolls up all that is there"
    sql("delete from api_requests where created_at < now() - interval '30 days'")
    roll(purging, now)
    assert sql(counted) == [(4, 4, 4)]
    sql("truncate usage_records")
    roll(purging, now)
    assert sql(counted) == [(4, 4, 2)], "the two inside the horizon are gone, the two beyond stay"
    sql("delete from api_requests where id = (select min(id) from api_requests)")
    roll(purging, now)
    assert sql(counted) == [(3, 3, 2)]
    sql.request(old.isoformat())
    sql.request(old.isoformat())
    roll(purging, now)
    assert sql(counted) == [(3, 3, 2)]
    assert sql("select source, reason, rows from rollup.rejected_hourly") == [("api_requests", "beyond_horizon", 2)]
    sql.request(old.isoformat())
    roll(purging, now)
    assert sql.one("select rows from rollup.rejected_hourly") == 3


def purging_at(ready: Installation) -> tuple[Installation, datetime]:
    """The installation with a horizon of 30 days, and a time long before that."""
    purging = Installation(replace(ready.settings, raw_horizon_days=30))
    return purging, datetime.now(UTC) - timedelta(days=40)


LATE = "select tenant_id, requests from rollup.api_hourly order by 1"
REFUSED = "select source, reason, rows from rollup.rejected_hourly"


def test_what_came_in_time_for_an_hour_that_was_purged_before_the_tick_is_counted(
    ready: Installation, sql: Sql
) -> None:
    purging, old = purging_at(ready)
    sql.request(old.isoformat())
    sql.request(old.isoformat(), "t2")
    roll(purging, datetime.now(UTC))
    sql.request(old.isoformat(), "t2")
    sql.request(old.isoformat(), None)
    sql("update pipeline.marks set marked_at = now() - interval '20 days'")
    sql("delete from api_requests where tenant_id = 't1'")
    roll(purging, datetime.now(UTC))
    assert sql(LATE) == [("t1", 1), ("t2", 1)]
    assert sql(REFUSED) == [("api_requests", "beyond_horizon", 2)]
    assert sql("select count(*) from pipeline.marks") == [(0,)]


def test_a_purged_hour_stays_as_it_was_when_a_row_in_time_commits_after_the_tick(ready: Installation, sql: Sql) -> None:
    purging, old = purging_at(ready)
    edge = old + timedelta(days=10, hours=2)
    for _ in range(5):
        sql.request(edge.isoformat())
        sql.usage(edge.isoformat())
    roll(purging, datetime.now(UTC))
    with psycopg.connect(address_of(ready)) as writer:
        writer.execute("insert into api_requests (tenant_id, created_at) values ('t1', %s)", (edge,))
        sql("delete from api_requests")
        sql("update pipeline.marks set marked_at = now() + interval '4 hours'")
        roll(purging, datetime.now(UTC))
        assert sql(LATE) == [("t1", 5)]
        writer.commit()
    sql.usage(edge.isoformat())
    roll(purging, datetime.now(UTC))
    assert sql(LATE) == [("t1", 5)]
    assert sql(REFUSED) == [("api_requests", "beyond_horizon", 1)]
    assert sql("select records from rollup.usage_hourly") == [(6,)], "the other table's hour is not purged"
    assert sql("select source, bucket_start from pipeline.purged_hours") == [
        ("api_requests", edge.replace(minute=0, second=0, microsecond=0))
    ]


def test_a_row_in_time_beside_one_beyond_the_horizon_redoes_an_hour_that_is_whole(
    ready: Installation, sql: Sql
) -> None:
    """Nothing was purged, so the raw rows say all."""
    purging, old = purging_at(ready)
    sql.request(old.isoformat())
    roll(purging, datetime.now(UTC))
    sql.request(old.isoformat())
    sql("update pipeline.marks set marked_at = now() - interval '20 days'")
    sql.request(old.isoformat(), "t2")
    roll(purging, datetime.now(UTC))
    assert sql.one("select sum(requests) from rollup.api_hourly where tenant_id = 't1'") == 2
    assert sql("select count(*) from pipeline.purged_hours") == [(0,)]


def test_nothing_is_frozen_without_a_horizon_or_before_the_first_tick(ready: Installation, sql: Sql) -> None:
    purging, old = purging_at(ready)
    for _ in range(3):
        sql.request(old.isoformat())
    sql("delete from api_requests where id = (select min(id) from api_requests)")
    roll(purging, datetime.now(UTC))
    assert sql(LATE) == [("t1", 2)], "the first tick rolls up all that is there"
    assert sql("select count(*) from pipeline.purged_hours") == [(0,)]
    sql("delete from api_requests where id = (select min(id) from api_requests)")
    roll(purging, datetime.now(UTC))
    assert sql(LATE) == [("t1", 2)]
    assert sql("select count(*) from pipeline.purged_hours") == [(1,)]
    sql.request(old.isoformat())
    sql.request(old.isoformat())
    roll(ready, datetime.now(UTC))
    assert sql(LATE) == [("t1", 2)], "what was purged stays purged, also for somebody who has not set the horizon"
    assert sql(REFUSED) == [("api_requests", "beyond_horizon", 2)]
    sql("delete from pipeline.purged_hours")
    sql.request(old.isoformat())
    roll(ready, datetime.now(UTC))
    assert sql(LATE) == [("t1", 4)], "without a horizon, raw rows say all"


def test_looking_at_a_table_again_takes_no_row_for_late_and_no_hour_for_purged(ready: Installation, sql: Sql) -> None:
    """A dropped trigger, a restored dump or other bounds: the whole table is marked, also beyond the horizon."""
    purging, old = purging_at(ready)
    for _ in range(5):
        sql.request(old.isoformat())
        sql.usage(old.isoformat())
    roll(purging, datetime.now(UTC))
    for break_it in (
        "drop trigger tenantcast_truncate on api_requests",
        "update pipeline.watched set oid = oid::bigint + 1",
    ):
        sql(break_it)
        roll(purging, datetime.now(UTC))
        assert sql(LATE) == [("t1", 5)]
        assert sql(REFUSED) == []
        assert sql("select count(*) from pipeline.purged_hours") == [(0,)]


def test_an_outage_does_not_freeze_what_was_in_time(ready: Installation, sql: Sql) -> None:
    purging = Installation(replace(ready.settings, raw_horizon_days=30))
    now = datetime.now(UTC)
    sql.tenant()
    roll(purging, now)
    sql.request((now - timedelta(days=40)).isoformat())
    sql("update pipeline.marks set marked_at = now() - interval '20 days'")
    roll(purging, now)
    assert sql.one("select sum(requests) from rollup.api_hourly") == 1
