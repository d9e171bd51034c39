"""Whatever happens to usage, prices, rates and zones between ticks: each hour is paid once, at what was known in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from tests.conftest import Databases, Sql, address_of, installation_on
from tests.test_properties import bounded

BEGAN = datetime(2026, 3, 6, 22, tzinfo=UTC)
OPEN = timedelta(hours=48)
ZONES = {"t1": "Africa/Lagos", "t2": "America/New_York"}
ITEMS = ("ai_tokens_m-1", "storage", "api_calls")
HOURS = st.integers(0, 150)
Price = tuple[str, int, int, str, datetime, datetime | None]
Rate = tuple[str, int, date]


@dataclass(frozen=True)
class Step:
    """Something that happens before the next tick, `hours` after the last one."""

    usage: tuple[tuple[str, str, int, int], ...]  # tenant, item, hours before the tick, amount
    prices: tuple[Price, ...] | None
    rates: tuple[Rate, ...] | None
    hours: int


@dataclass
class Known:
    """What a tick saw of prices and rates, and where the rollups stood before it."""

    after: datetime
    prices: Sequence[Price]
    rates: Sequence[Rate]


@dataclass
class Model:
    """The same in plain Python: all ticks, all usage."""

    known: list[Known] = field(default_factory=list)
    used: dict[tuple[str, str, datetime], int] = field(default_factory=lambda: defaultdict(int))

    def lines(self) -> dict[tuple[str, date, str, datetime | None], tuple[Decimal, Decimal | None, str | None]]:
        """Quantity, amount and reason of each line."""
        quantities: dict[Any, Decimal] = defaultdict(Decimal)
        reasons: dict[Any, set[str]] = defaultdict(set)
        for (tenant, item, hour), amount in self.used.items():
            day, known = self.judged(tenant, hour)
            price, reason = in_force(known.prices, item, hour)
            place = tenant, day, item, price
            quantities[place] += amount
            if reason:
                reasons[place].add(reason)
        found = {}
        for (tenant, day, item, price), quantity in quantities.items():
            amount, reason = None, ", ".join(sorted(reasons[tenant, day, item, price])) or None
            if price:
                rate, reason = rate_on(self.closing(tenant, day).rates, price[3], day)
                amount = cut(quantity * price[2] * rate, price[1]) if rate is not None else None
            if quantity:
                found[tenant, day, item, price and price[4]] = quantity, amount, reason
        return found

    def judged(self, tenant: str, hour: datetime) -> tuple[date, Known]:
        day = hour.astimezone(ZoneInfo(ZONES[tenant])).date()
        return day, self.closing(tenant, day)

    def closing(self, tenant: str, day: date) -> Known:
        """What the last tick knew that had not seen the day closed before."""
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(ZONES[tenant]))
        return [each for each in self.known if each.after < midnight.astimezone(UTC) + OPEN][-1]


def cut(product: Decimal, unit_size: int) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return (product / unit_size).quantize(Decimal(10) ** -18)


def in_force(prices: Sequence[Price], item: str, hour: datetime) -> tuple[Price | None, str | None]:
    found = []
    for price in set(prices):
        later = [each[4] for each in prices if each[0] == price[0] and each[4] > price[4]]
        end = price[5] or min(later, default=datetime.max.replace(tzinfo=UTC))
        if price[0] == item and price[4] <= hour < end:
            found.append(price)
    if len(found) == 1:
        return found[0], None
    return None, "overlapping_prices" if found else "no_price"


def rate_on(rates: Sequence[Rate], currency: str, day: date) -> tuple[Decimal | None, str | None]:
    if currency == "NGN":
        return Decimal(1), None
    dates = [rate[2] for rate in rates if rate[0] == currency and rate[2] <= day]
    on_it = {rate[1] for rate in rates if dates and rate[0] == currency and rate[2] == max(dates)}
    if len(on_it) == 1:
        return Decimal(on_it.pop()), None
    return None, "ambiguous_rate" if on_it else "no_rate"


times = HOURS.map(lambda hours: BEGAN - timedelta(hours=60) + timedelta(hours=hours))
prices = st.lists(
    st.tuples(
        st.sampled_from(ITEMS),
        st.sampled_from((1, 3, 1000)),
        st.integers(0, 9),
        st.sampled_from(("NGN", "USD", "EUR")),
        times,
        st.none() | st.none() | times,
    ),
    max_size=6,
).map(tuple)
rates = st.lists(
    st.tuples(st.sampled_from(("USD", "EUR")), st.integers(900, 905), times.map(lambda at: at.date())), max_size=6
).map(tuple)
usage = st.lists(
    st.tuples(st.sampled_from(tuple(ZONES)), st.sampled_from(ITEMS), st.integers(1, 110), st.integers(0, 7)),
    min_size=1,
    max_size=8,
).map(tuple)
steps = st.lists(
    st.builds(Step, usage, st.none() | prices, st.none() | rates, st.sampled_from((1, 5, 24, 70))),
    min_size=2,
    max_size=5,
)


@given(steps=steps)
@bounded(12)
def test_costs_are_what_a_plain_model_gives(
    template: str, server: str, tmp_path_factory: Any, steps: list[Step]
) -> None:
    """Trap 10."""
    made = Databases(server)
    try:
        history(installation_on(made.make(template), Path(tmp_path_factory.mktemp("costs"))), steps)
    finally:
        made.drop_all()


def history(installation: Installation, steps: list[Step]) -> None:
    model, through, before = Model(), BEGAN, datetime.min.replace(tzinfo=UTC)
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        sql = Sql(connection)
        for tenant, zone in ZONES.items():
            sql.tenant(tenant, timezone=zone)
        known = Known(before, (), ())
        for step in steps:
            known = Known(
                before,
                known.prices if step.prices is None else step.prices,
                known.rates if step.rates is None else step.rates,
            )
            model.known.append(known)
            write(sql, step, through, model)
            roll(installation, through)
            assert stored(sql) == model.lines()
            assert roll(installation, through).cost_days_changed == 0
            assert_platform_adds_up(sql)
            # The run that changed nothing saw nothing new, but it saw it later.
            before, through = through, through + timedelta(hours=step.hours)
    installation.database.engine.dispose()


def write(sql: Sql, step: Step, through: datetime, model: Model) -> None:
    for tenant, item, hours, amount in step.usage:
        at = through - timedelta(hours=hours)
        if item == "api_calls":
            sql.request(str(at), tenant)
            model.used[tenant, item, at] += 1
        else:
            sql.usage(str(at), tenant, quota_type=item, amount=amount)
            model.used[tenant, item, at] += amount
    if step.prices is not None:
        sql("delete from prices")
        for price in step.prices:
            sql("insert into prices values (%s, %s, %s, %s, %s, %s)", *price)
    if step.rates is not None:
        sql("delete from fx_rates")
        for rate in step.rates:
            sql("insert into fx_rates values (%s, 'NGN', %s, %s, 'x')", *rate)


def stored(sql: Sql) -> dict[Any, Any]:
    """The lines; amounts without the zeros behind the point."""
    found = sql(
        "select tenant_id, day, item, nullif(price_from, '-infinity'), quantity, amount, missing from rollup.cost_daily"
    )
    return {line[:4]: line[4:] for line in found}


def assert_platform_adds_up(sql: Sql) -> None:
    """No line is without a reason or an amount, and none has both."""
    assert sql("select * from rollup.cost_daily where (amount is null) <> (missing is not null)") == []


@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(("Africa/Lagos", "Pacific/Auckland", "Pacific/Pago_Pago", "America/New_York")),
            usage,
            st.sampled_from((1, 20, 60)),
        ),
        min_size=2,
        max_size=5,
    )
)
@bounded(15)
def test_every_hour_is_paid_once_wherever_the_tenant_moves(
    template: str, server: str, tmp_path_factory: Any, moves: list[Any]
) -> None:
    made = Databases(server)
    try:
        installation = installation_on(made.make(template), Path(tmp_path_factory.mktemp("costs")))
        with psycopg.connect(address_of(installation), autocommit=True) as connection:
            moving(installation, Sql(connection), moves)
        installation.database.engine.dispose()
    finally:
        made.drop_all()


def moving(installation: Installation, sql: Sql, moves: list[Any]) -> None:
    model, through = Model(), BEGAN
    for tenant in ZONES:
        sql.tenant(tenant)
    for zone, used, hours in moves:
        sql("update tenants set timezone = %s where id = 't1'", zone)
        write(sql, Step(used, None, None, 1), through, model)
        roll(installation, through)
        for item in ITEMS:
            expected = sum(amount for (tenant, kind, _), amount in model.used.items() if (tenant, kind) == ("t1", item))
            paid = sql.one(
                "select coalesce(sum(quantity), 0) from rollup.cost_daily where tenant_id = 't1' and item = %s", item
            )
            assert paid == expected, item
        through += timedelta(hours=hours)
