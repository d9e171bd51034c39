"""The costs of days: the price at the usage's own hour, the rate of its own day, snapshots once a day is closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.doctor.examination import examine
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.sources.install import install
from tests.conftest import NOW, Sql, address_of, installation_on

MODEL = "ai_tokens_m-1"


def price(sql: Sql, item: str = MODEL, amount: object = 30, start: str = "2025-01-01T00:00Z", **more: object) -> None:
    given = {"item": item, "unit_size": 1000, "amount": amount, "currency": "NGN", "effective_from": start, **more}
    columns = ", ".join(given)
    sql(f"insert into prices ({columns}) values ({', '.join(['%s'] * len(given))})", *given.values())


def rate(sql: Sql, day: str, amount: object, base: str = "USD", source: str = "cbn") -> None:
    sql("insert into fx_rates values (%s, 'NGN', %s, %s, %s)", base, amount, day, source)


def lines(sql: Sql, columns: str = "day::text, item, quantity, amount, missing") -> list[tuple[object, ...]]:
    return sql(f"select {columns} from rollup.cost_daily order by tenant_id, day, item, price_from")


def test_usage_costs_what_its_own_hour_costs(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql, effective_to="2026-03-09T11:00Z")
    price(sql, amount=60, start="2026-03-09T11:00Z")
    price(sql, item="api_calls", amount=450)
    sql.usage("2026-03-09T10:59:59Z", amount=500)
    sql.usage("2026-03-09T11:00:00Z", amount=250)
    sql.request("2026-03-09T11:00:00Z")
    roll(ready, NOW)
    assert lines(sql) == [
        ("2026-03-09", MODEL, 500, 15, None),
        ("2026-03-09", MODEL, 250, 15, None),
        ("2026-03-09", "api_calls", 1, Decimal("0.45"), None),
    ]


def test_a_day_without_a_rate_carries_the_last_one(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql, currency="USD")
    rate(sql, "2026-03-06", 1500)
    sql.usage("2026-03-05T12:00Z")
    sql.usage("2026-03-08T12:00Z")
    roll(ready, NOW)
    assert lines(sql, "day::text, native_amount, fx_rate, fx_date::text, fx_source, amount, missing") == [
        ("2026-03-05", 30, None, None, None, None, "no_rate"),
        ("2026-03-08", 30, 1500, "2026-03-06", "cbn", 45000, None),
    ]


def test_what_has_no_price_is_unknown_not_free(ready: Installation, sql: Sql) -> None:
    """Trap 11."""
    sql.tenant()
    sql.usage("2026-03-08T12:00Z")
    roll(ready, NOW)
    assert lines(sql, "price_from = '-infinity', quantity, unit_price, amount, missing") == [
        (True, 1000, None, None, "no_price")
    ]


def test_a_closed_day_keeps_its_prices_and_an_open_one_takes_the_new(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql)
    for day in (7, 8, 9):
        sql.usage(f"2026-03-0{day}T12:00Z")
    roll(ready, NOW)
    sql("update prices set amount = 40")
    report = roll(ready, NOW + timedelta(hours=1))
    assert lines(sql, "day::text, amount") == [("2026-03-07", 30), ("2026-03-08", 40), ("2026-03-09", 40)]
    assert report.cost_days_changed == 2
    sql.usage("2026-03-07T12:00Z", amount=500)
    roll(ready, NOW + timedelta(hours=2))
    assert lines(sql, "quantity, amount")[0] == (1500, 45)


def test_a_rate_counts_until_the_day_has_closed(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    price(sql, currency="USD")
    rate(sql, "2026-03-01", 1000)
    sql.usage("2026-03-08T12:00Z")
    closing = datetime(2026, 3, 10, 23, tzinfo=UTC)
    roll(ready, closing - timedelta(hours=1))
    rate(sql, "2026-03-08", 1500)
    roll(ready, closing)
    assert lines(sql, "amount") == [(45000,)]
    sql("update fx_rates set rate = 1600")
    roll(ready, closing + timedelta(hours=1))
    sql.usage("2026-03-08T12:00Z")
    roll(ready, closing + timedelta(hours=2))
    assert lines(sql, "amount") == [(90000,)]


def test_a_tenant_whose_zone_cannot_be_used_keeps_its_costs(ready: Installation, sql: Sql) -> None:
    """It has no days of usage any more; its hours still say what they cost."""
    sql.tenant(timezone="America/New_York")
    price(sql)
    for day in (5, 9):
        sql.usage(f"2026-03-0{day}T18:00Z")
    roll(ready, NOW)
    sql("update tenants set timezone = 'Mars/Base'")
    roll(ready, NOW)
    sql("update prices set amount = 40")
    roll(ready, NOW)
    assert lines(sql, "day::text, amount") == [("2026-03-05", 30), ("2026-03-09", 40)]


def test_another_currency_is_taken_on_while_no_amount_is_known(ready: Installation, sql: Sql, tmp_path: Path) -> None:
    sql.tenant()
    price(sql, currency="USD")
    sql.usage("2026-03-02T12:00Z")
    sql(
        "insert into subscriptions (tenant_id, plan, status, monthly_amount, currency) values ('t1','a','active',10,'USD')"
    )
    roll(ready, NOW)
    in_dollars = installation_on(address_of(ready), tmp_path, TENANTCAST_CURRENCY="USD")
    roll(in_dollars, NOW)
    assert lines(sql, "amount, missing") == [(30, None)]
    assert sql("select mrr, unpriced from rollup.mrr_daily") == [(10, 0)]
    with pytest.raises(PermanentError, match="stored in USD"):
        roll(ready, NOW)


def test_days_that_were_rolled_up_before_the_first_book_are_priced_by_it(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.usage("2026-03-02T12:00Z")
    roll(ready, NOW)
    for table in ("rollup.cost_daily", "pipeline.books", "pipeline.cost_zones"):
        sql(f"delete from {table}")
    price(sql)
    roll(ready, NOW)
    assert lines(sql, "day::text, amount") == [("2026-03-02", 30)]


@pytest.mark.parametrize("table", ["prices", "fx_rates", "quotas"])
def test_a_table_that_is_gone_is_named_and_init_goes_on_without_it(ready: Installation, sql: Sql, table: str) -> None:
    sql(f"alter table {table} rename to another")
    with pytest.raises(PermanentError, match=rf"gone .*public\.{table}.* run init again"):
        roll(ready, NOW)
    install(ready)
    roll(ready, NOW)


@pytest.mark.parametrize("wrong", [{"amount": "1e31"}, {"amount": -1}, {"amount": "NaN"}, {"unit_size": "1e-31"}])
def test_a_price_beyond_all_bounds_is_not_used(ready: Installation, sql: Sql, wrong: dict[str, object]) -> None:
    sql.tenant()
    price(sql, **wrong)  # type: ignore[arg-type]
    price(sql, item="ai_tokens_m-2", currency="USD")
    rate(sql, "2026-03-01", 1500)
    rate(sql, "2026-03-02", "1e31")
    sql("insert into subscriptions (tenant_id, plan, status, monthly_amount) values ('t1', 'a', 'active', '1e31')")
    sql.usage("2026-03-09T12:00Z")
    sql.usage("2026-03-09T12:00Z", quota_type="ai_tokens_m-2")
    roll(ready, NOW)
    assert lines(sql, "amount, missing, fx_date::text") == [(None, "unusable_price", None), (45000, None, "2026-03-01")]
    assert sql("select mrr, unpriced from rollup.mrr_daily") == [(None, 1)]
    found = {each.name for each in examine(ready).findings}
    assert {"unusable_prices", "unusable_rates"} <= found


def test_the_book_of_a_day_is_looked_up_once_however_many_prices_there_are(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for hour in range(100):
        price(sql, item=f"ai_tokens_m-{hour % 7}", start=f"2025-06-{1 + hour // 24:02}T{hour % 24:02}:00Z")
    sql.usage("2026-03-09T12:00Z")
    roll(ready, NOW)
    with sql.connection.transaction():
        sql("set local track_functions = 'all'")
        days = "select array_agg('t1'::text) as tenants, array_agg(date '2026-03-10' - n) as days from generate_series(1, 9) n"
        judged = "pipeline.judged_cost_days(l.tenants, l.days, interval '48 hours')"
        assert (
            sql.one(
                f"select count(book) filter (where by_hours is not null) from ({days}) l cross join lateral {judged}"
            )
            == 9
        )
        assert sql.one("select calls from pg_stat_xact_user_functions where funcname = 'book_of'") == 9
