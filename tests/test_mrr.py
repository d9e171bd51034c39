"""MRR: dates and statuses, versions, movements that add up, and what a tick redoes."""

from __future__ import annotations

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from tests.conftest import NOW, Sql


def subscription(sql: Sql, **more: object) -> None:
    """Add a subscription: 100 a month, active since 2026-01-10, unless told otherwise."""
    given = {
        "tenant_id": "t1",
        "plan": "pro",
        "status": "active",
        "monthly_amount": 100,
        "started_at": "2026-01-10T09:00Z",
        **more,
    }
    columns = ", ".join(given)
    sql(f"insert into subscriptions ({columns}) values ({', '.join(['%s'] * len(given))})", *given.values())


def movements(sql: Sql, tenant: str = "t1") -> list[tuple[object, ...]]:
    return sql(
        "select day::text, movement, amount from rollup.mrr_movements where tenant_id = %s order by day, movement",
        tenant,
    )


def mrr_on(sql: Sql, day: str) -> object:
    return sql.one("select sum(mrr) from rollup.mrr_daily where day = %s", day)


def test_first(ready: Installation, sql: Sql) -> None:
    subscription(sql, id=1)
    subscription(sql, id=2, started_at="2026-02-10T09:00Z", ended_at="2026-03-01T09:00Z", monthly_amount=50)
    roll(ready, NOW)
    assert movements(sql) == [
        ("2026-01-10", "new", 100),
        ("2026-02-10", "expansion", 50),
        ("2026-03-01", "contraction", -50),
    ]
    report = roll(ready, NOW)
    assert report.mrr_days_changed == 0
