"""`rollup.platform_daily`: what raw rows, costs and MRR give, whatever was edited, and nothing written twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.installation import Installation
from pipeline.reconcile.reconciling import reconcile
from pipeline.rollups import tick
from pipeline.rollups.tick import roll
from tests.conftest import NOW, Sql, address_of, installation_on

HOUR = timedelta(hours=1)
DAYS = "select day::text, active_tenants, requests, ai_tokens, cost, mrr, unknown_costs from rollup.platform_daily order by day"
RIGHT = """
    with through as (select data_through as at from pipeline.progress),
    events as (
        select tenant_id, created_at, 1 as requests, 0 as tokens from api_requests
        union all
        select tenant_id, created_at, 0, case when starts_with(quota_type, 'ai_tokens_') then amount else 0 end
        from usage_records where quota_type is not null and amount >= 0
    ),
    active as (
        select (created_at at time zone %s)::date as day, count(distinct tenant_id) as tenants,
            sum(requests) as requests, sum(tokens) as tokens
        from events, through where created_at < at and tenant_id is not null group by 1
    ),
    costs as (select day, sum(amount) as cost, count(*) filter (where amount is null) as unknown from rollup.cost_daily group by 1),
    mrr as (select day, sum(mrr) as mrr from rollup.mrr_daily group by 1)
    select day::text, coalesce(tenants, 0), coalesce(requests, 0), coalesce(tokens, 0), cost, mrr, coalesce(unknown, 0)
    from active full join costs using (day) full join mrr using (day) order by day"""


def days(sql: Sql) -> list[tuple[object, ...]]:
    return sql(DAYS)


def written(sql: Sql) -> list[tuple[object, ...]]:
    """Where each row lies: it moves when it is written again."""
    statement = "select '{0}', ctid::text, xmin::text, day::text from {0} order by 2"
    return [
        row for table in ("rollup.platform_daily", "pipeline.activity_daily") for row in sql(statement.format(table))
    ]


def test_a_day_is_the_platforms_and_counts_every_tenant(ready: Installation, sql: Sql) -> None:
    """Trap 8 for the platform: 23:00Z is the next day in Lagos, whatever zone the tenant's own days are in."""
    sql.tenant("t1", timezone="America/New_York")
    sql.tenant("t2")
    sql.tenant("t3", timezone="Asia/Kolkata")
    sql.request("2026-03-08T22:59:59Z", "t1")
    sql.request("2026-03-08T23:00:00Z", "t1")
    sql.request("2026-03-09T10:00:00Z", "t2")
    sql.usage("2026-03-09T10:00:00Z", "t2", amount=7)
    sql.usage("2026-03-09T10:00:00Z", "t2", amount=5, quota_type="storage_gb")
    sql.request("2026-03-09T10:00:00Z", "t3")
    sql.usage("2026-03-09T10:00:00Z", "nobody-yet", amount="0.5")
    sql.request("2026-03-09T10:00:00Z", None)
    roll(ready, NOW)
    assert days(sql) == [("2026-03-08", 1, 1, 0, None, None, 1), ("2026-03-09", 4, 3, Decimal("7.5"), None, None, 4)]


def test_a_plan_that_nobody_is_on_any_more_does_not_make_an_unknown_mrr_nothing(ready: Installation, sql: Sql) -> None:
    for plan, amount, ended in (("left", 100, "2026-03-05T12:00Z"), ("pro", None, None)):
        sql(
            "insert into subscriptions (tenant_id, plan, status, monthly_amount, started_at, ended_at)"
            " values ('t1', %s, 'active', %s, '2026-03-04T12:00Z', %s)",
            plan,
            amount,
            ended,
        )
    roll(ready, NOW)
    assert [row[5] for row in days(sql)[:3]] == [100, None, None]


def test_only_what_changed_is_written(ready: Installation, sql: Sql) -> None:
    for tenant in ("t1", "t2", "t3"):
        sql.tenant(tenant)
        for day in range(1, 10):
            sql.request(f"2026-03-0{day}T10:00:00Z", tenant)
    roll(ready, NOW)
    before = written(sql)
    assert roll(ready, NOW).platform_days == 0
    assert written(sql) == before
    sql.request("2026-03-03T11:00:00Z", "t2")
    assert roll(ready, NOW).platform_days == 1
    gone = [row for row in before if row not in written(sql)]
    assert [(row[0], row[3]) for row in gone] == [
        ("rollup.platform_daily", "2026-03-03"),
        ("pipeline.activity_daily", "2026-03-03"),
    ]


def test_a_day_that_loses_its_last_row_goes(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-03T11:00:00Z")
    roll(ready, NOW)
    sql("delete from api_requests")
    roll(ready, NOW)
    assert days(sql) == []
    assert sql("select * from pipeline.activity_daily") == []


def test_hours_of_a_killed_tick_are_counted_after_a_tick_that_ends_before_them(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second works as of an earlier hour, as a process does that was begun before the first one."""
    sql.tenant()
    sql.request("2026-03-10T13:30:00Z")
    sql.usage("2026-03-10T14:10:00Z", amount=3)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tick, "redo_platform", killed)
        with pytest.raises(KeyboardInterrupt):
            roll(ready, NOW + 3 * HOUR)
    roll(ready, NOW)
    assert [row[1:4] for row in days(sql)] == [(0, 0, 0)]
    roll(ready, NOW + 2 * HOUR)
    assert [row[1:4] for row in days(sql)] == [(1, 1, 0)]
    roll(ready, NOW + 3 * HOUR)
    assert [row[1:4] for row in days(sql)] == [(1, 1, 3)]
    assert sql.one("select count(*) from pipeline.marked_activity") == 0
    assert reconcile(ready).agrees


def test_another_zone_moves_all_days(ready: Installation, sql: Sql) -> None:
    sql.tenant(timezone="Africa/Lagos")
    sql.request("2026-03-08T23:30:00Z")
    sql.request("2026-03-08T10:30:00Z")
    roll(ready, NOW)
    assert [row[:3] for row in days(sql)] == [("2026-03-08", 1, 1), ("2026-03-09", 1, 1)]
    other = installation_on(address_of(ready), ready.settings.home, TENANTCAST_TIMEZONE="UTC")
    roll(other, NOW)
    assert [row[:3] for row in days(sql) if row[2]] == [("2026-03-08", 1, 2)]
    other.database.engine.dispose()


def test_dropped_hours_keep_their_day_and_money_still_changes(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-03T11:00:00Z")
    roll(ready, NOW)
    sql("update pipeline.progress set hours_from = '2026-03-08Z'")
    sql("delete from rollup.api_hourly")
    sql("insert into pipeline.marked_activity (tenant_id, day) values ('t1', '2026-03-03')")
    sql(
        "insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr) values ('2026-03-03', 'pro', 1, 1, 12.5)"
    )
    sql("insert into pipeline.marked_platform_days values ('2026-03-03')")
    roll(ready, NOW)
    found = [row for row in days(sql) if row[0] == "2026-03-03"]
    assert [(*row[:3], row[5]) for row in found] == [("2026-03-03", 1, 1, 12.5)]


def test_a_bucket_that_nothing_can_give_is_taken_out_of_the_day(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-03T11:00:00Z")
    roll(ready, NOW)
    sql(
        "insert into rollup.api_hourly (tenant_id, bucket_start, endpoint, requests, client_errors, server_errors, duration_count)"
        " values ('t1', '2026-03-03T12:30Z', '/', 5, 0, 0, 0)"
    )
    sql.request("2026-03-03T13:00:00Z")
    roll(ready, NOW)
    assert days(sql)[0][2] == 7
    assert reconcile(ready, repair=True).agrees
    assert days(sql)[0][2] == 2


EDITS = st.lists(
    st.tuples(
        st.sampled_from(("request", "usage", "delete", "move", "cost", "mrr", "tick")),
        st.integers(0, 24 * 4 - 1),
        st.sampled_from(("t1", "t2", "t3", "stranger")),
        st.integers(0, 10**6),
    ),
    max_size=25,
)


def edit(sql: Sql, ready: Installation, step: tuple[str, int, str, int]) -> None:
    what, hour, tenant, number = step
    at = (datetime(2026, 3, 5, tzinfo=UTC) + hour * HOUR).isoformat()
    if what == "request":
        sql.request(at, tenant)
    elif what == "usage":
        sql.usage(at, tenant, amount=number / 8, quota_type="ai_tokens_m" if number % 3 else "mails")
    elif what == "delete":
        sql("delete from api_requests where id = (select min(id) from api_requests where tenant_id = %s)", tenant)
    elif what == "move":
        sql("update usage_records set created_at = %s where id = (select max(id) from usage_records)", at)
    elif what == "cost":
        sql(
            "insert into rollup.cost_daily (tenant_id, day, item, price_from, quantity, amount) values (%s, %s, %s, '-infinity', 1, %s)"
            " on conflict (tenant_id, day, item, price_from) do update set amount = excluded.amount",
            tenant, at[:10], "by hand", number / 16 if number % 2 else None,
        )  # fmt: skip
        sql("insert into pipeline.marked_platform_days values (%s)", at[:10])
    elif what == "mrr":
        sql(
            "insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr) values (%s, %s, 1, 1, %s)"
            " on conflict (day, plan) do update set mrr = excluded.mrr",
            at[:10], tenant, number / 16 if number % 2 else None,
        )  # fmt: skip
        sql("insert into pipeline.marked_platform_days values (%s)", at[:10])
    else:
        roll(ready, NOW)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_days_are_what_a_recount_gives_after_any_edits(ready: Installation, sql: Sql, edits: list[Any]) -> None:
    sql("truncate api_requests, usage_records, rollup.cost_daily, rollup.mrr_daily, tenants")
    sql("delete from pipeline.marked_platform_days")
    sql("insert into pipeline.marked_platform_days select day from rollup.platform_daily")
    for tenant in ("t1", "t2", "t3"):
        sql.tenant(tenant)
    for step in edits:
        edit(sql, ready, step)
    roll(ready, NOW)
    assert days(sql) == sql(RIGHT, "Africa/Lagos")
    assert roll(ready, NOW).platform_days == 0
