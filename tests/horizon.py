"""Raw rows that are purged beyond a horizon: what must stay as it was, and what the rollups stand for then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.conftest import Sql

# Marks are judged by the clock of the database. Hours before this day, give or take half a day, are frozen: the rows of
# a history lie some days away on either side.
FROZEN_UNTIL = datetime(2026, 3, 3, tzinfo=UTC)
COLUMNS = {
    "api_requests": "tenant_id, created_at, endpoint, status_code, duration_ms",
    "usage_records": "tenant_id, created_at, quota_type, amount",
}
FROZEN = "pipeline.has_hour(created_at) and pipeline.hour_of(created_at) < %s"
KEPT = """select 'api', tenant_id, bucket_start, endpoint, requests, duration_ms_sum from rollup.api_hourly where bucket_start < %s
    union all select 'usage', tenant_id, bucket_start, quota_type, records, amount from rollup.usage_hourly where bucket_start < %s
    union all select source, '', bucket_start, reason, rows, null from rollup.rejected_hourly
    where bucket_start < %s and bucket_start > '-infinity' and reason <> 'beyond_horizon'
    order by 1, 2, 3, 4"""
CAME_TOO_LATE = (
    """
    with rows as (
        select pipeline.hour_of(created_at) as bucket_start, 1 as n from {table} where """
    + FROZEN
    + """
        union all
        select pipeline.hour_of(created_at), -1 from kept.{table}
    )
    select bucket_start, sum(n) from rows group by 1
    having sum(n) > coalesce((
        select r.rows from rollup.rejected_hourly r
        where r.source = '{table}' and r.bucket_start = rows.bucket_start and r.reason = 'beyond_horizon'
    ), 0)"""
)


class Horizon:
    """Takes note of what is frozen, once the first run has been through."""

    def __init__(self, sql: Sql) -> None:
        now = sql.one("select clock_timestamp()")
        assert isinstance(now, datetime)
        self.days = round((now - FROZEN_UNTIL) / timedelta(days=1))
        self.until = now - timedelta(days=self.days)
        self.rollups: list[tuple[object, ...]] = []

    def fill(self, sql: Sql) -> None:
        """Have some rows that are going to be frozen."""
        for tenant in ("t1", "t2", None):
            sql.request("2026-02-20T23:30:00Z", tenant, endpoint="/frozen", status_code=404)
            sql.usage("2026-02-28T23:00:00Z", tenant)

    def note(self, sql: Sql) -> None:
        """Keep a copy of the raw rows that are frozen, and of their rollups."""
        sql("create schema kept")
        for table, columns in COLUMNS.items():
            sql(f"create table kept.{table} as select {columns} from {table} limit 0")
            sql(f"insert into kept.{table} select {columns} from {table} where {FROZEN}", self.until)
        self.rollups = self.frozen(sql)
        assert self.rollups, "nothing is frozen"

    def frozen(self, sql: Sql) -> list[tuple[object, ...]]:
        """Rollups of frozen hours."""
        return sql(KEPT, self.until, self.until, self.until)

    def purge(self, sql: Sql, table: str) -> None:
        """Delete raw rows beyond the horizon, as a SaaS does that keeps them for so long; those in other hands stay."""
        at = f"select id from {table} where {FROZEN} for update skip locked"
        sql(f"delete from {table} where id in ({at})", self.until)

    def restore(self, silent: Sql) -> None:
        """Put the rows back for which the frozen rollups stand, unseen: with them, all must be as if none had gone.

        What came for frozen hours must have been counted, and is forgotten.
        """
        assert self.frozen(silent) == self.rollups, "a frozen hour has changed"
        for table, columns in COLUMNS.items():
            assert silent(CAME_TOO_LATE.format(table=table), self.until) == [], (
                "rows came too late that nobody has counted"
            )
            silent(f"delete from {table} where {FROZEN}", self.until)
            silent(f"insert into {table} ({columns}) select * from kept.{table}")
        silent("delete from rollup.rejected_hourly where reason = 'beyond_horizon'")
        silent("delete from pipeline.rejected_by_tenant where reason = 'beyond_horizon'")
