"""What rollups must be, from raw rows alone, in plain SQL: hours and days are both counted from the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.conftest import Sql

Row = tuple[Any, ...]
UNUSABLE_ZONE = "Asia/Kolkata"  # its tenants have hours, and no days until it is corrected

EVENTS = """
    with bounds as (select %s::timestamptz as through),
    placed as (
        select r.*, date_trunc('hour', r.created_at, 'UTC') as bucket_start,
            case when t.timezone is distinct from 'Asia/Kolkata' then
                (r.created_at at time zone coalesce(t.timezone, 'Africa/Lagos'))::date end as day
        from {table} r cross join bounds left join tenants t on t.id = r.tenant_id
        where r.created_at < bounds.through and r.created_at >= '1001-01-01Z' and r.tenant_id is not null
    )"""
API_EVENTS = (
    EVENTS.format(table="api_requests")
    + """,
    events as (
        select tenant_id, {grain} as grain, coalesce(endpoint, '') as endpoint, status_code,
            case when duration_ms >= 0 and duration_ms < 31622400000.001 then round((duration_ms * 1000)::numeric)::bigint end as us
        from placed where {grain} is not null
    ),
    keyed as (
        select tenant_id, grain, endpoint, rollup.sketch_key(us) as key, count(*) as n
        from events where us is not null group by 1, 2, 3, 4
    ),
    sketched as (
        select tenant_id, grain, endpoint, array_agg(key::int order by key) as keys, array_agg(n order by key) as counts
        from keyed group by 1, 2, 3
    ),
    counted as (
        select tenant_id, grain, endpoint, count(*), count(*) filter (where status_code / 100 = 4 and status_code < 500),
            count(*) filter (where status_code / 100 = 5), sum(us) / 1000.0, min(us) / 1000.0, max(us) / 1000.0, count(us),
            min(us), max(us)
        from events group by 1, 2, 3
    )
    select c.*, s.keys, s.counts from counted c left join sketched s using (tenant_id, grain, endpoint)"""
)
USAGE_EVENTS = (
    EVENTS.format(table="usage_records")
    + """
    select tenant_id, {grain}, quota_type, sum(amount), count(*) from placed
    where {grain} is not null and quota_type is not null and amount >= 0 and amount <> 'NaN'
    group by 1, 2, 3"""
)
REJECTED = """
    with bounds as (select %s::timestamptz as through),
    wrong as (
        select 'api_requests' as source, created_at, w.reason from api_requests, lateral (values
            (case when tenant_id is null then 'tenant_missing' end),
            (case when duration_ms = 'NaN' or duration_ms = 'Infinity' then 'duration_not_finite' end),
            (case when duration_ms < 0 then 'duration_negative' end),
            (case when duration_ms = 4e10 then 'duration_too_long' end),
            (case when status_code is null then 'status_missing' when status_code = 999 then 'status_unknown' end)
        ) w (reason)
        union all
        select 'usage_records', created_at, w.reason from usage_records, lateral (values
            (case when tenant_id is null then 'tenant_missing' end),
            (case when quota_type is null then 'quota_type_missing' end),
            (case when amount is null then 'amount_missing' when amount = 'NaN' then 'amount_not_finite'
                when amount < 0 then 'amount_negative' end)
        ) w (reason)
    )
    select source, date_trunc('hour', created_at, 'UTC')::text, reason, count(*) from wrong, bounds
    where reason is not null and created_at < through and created_at >= '1001-01-01Z' group by 1, 2, 3
    union all
    select 'api_requests', '-infinity', 'created_at_unusable', count(*) from api_requests
    where (created_at >= '1001-01-01Z' and created_at < '9999-01-01Z') is not true having count(*) > 0
    union all
    select 'usage_records', '-infinity', 'created_at_unusable', count(*) from usage_records
    where (created_at >= '1001-01-01Z' and created_at < '9999-01-01Z') is not true having count(*) > 0"""
RECOMPUTED = {
    "api_hourly": API_EVENTS.format(grain="bucket_start"),
    "api_daily": API_EVENTS.format(grain="day"),
    "usage_hourly": USAGE_EVENTS.format(grain="bucket_start"),
    "usage_daily": USAGE_EVENTS.format(grain="day"),
    "rejected_hourly": REJECTED,
}
API_STORED = """select tenant_id, {grain}, endpoint, requests, client_errors, server_errors, duration_ms_sum, duration_ms_min,
    duration_ms_max, duration_count, (duration_sketch).min_us, (duration_sketch).max_us, (duration_sketch).keys::int[],
    (duration_sketch).counts from rollup.{table}"""
USAGE_STORED = "select tenant_id, {grain}, quota_type, amount, records from rollup.{table}"
STORED = {
    "api_hourly": API_STORED.format(grain="bucket_start", table="api_hourly"),
    "api_daily": API_STORED.format(grain="day", table="api_daily"),
    "usage_hourly": USAGE_STORED.format(grain="bucket_start", table="usage_hourly"),
    "usage_daily": USAGE_STORED.format(grain="day", table="usage_daily"),
    "rejected_hourly": "select source, bucket_start::text, reason, rows from rollup.rejected_hourly",
}


def stored(sql: Sql) -> dict[str, list[Row]]:
    """All rollups."""
    return {name: _sorted(sql(statement)) for name, statement in STORED.items()}


def recomputed(sql: Sql) -> dict[str, list[Row]]:
    """What plain SQL over the raw rows says the rollups must be."""
    through = sql.one("select data_through from pipeline.progress")
    return {name: _sorted(sql(statement, through)) for name, statement in RECOMPUTED.items()}


def places(sql: Sql) -> list[Row]:
    """Where each stored row lies: it moves when it is written again."""
    return [
        row
        for name in STORED
        for row in sql(
            f"select '{name}', tableoid::regclass::text, ctid::text, xmin::text from rollup.{name} order by 2, 3"
        )
    ]


def _sorted(rows: Sequence[Row]) -> list[Row]:
    """In the order of the grain, which is the first three columns."""
    return sorted(rows, key=lambda row: row[:3])
