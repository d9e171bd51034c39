"""MRR against a slow recomputation: random subscriptions, edited between ticks, in both definitions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from tests.conftest import Databases, Sql, address_of, installation_on
from tests.mrr_oracle import Held, History, Table

START = datetime(2026, 3, 1, 23, tzinfo=UTC)  # midnight in Lagos
DAYS = 6
RATES = {
    "USD": [
        (date(2026, 2, 27), Decimal(1500)),
        (date(2026, 3, 4), Decimal("1600.5")),
        (date(2026, 3, 6), Decimal(1400)),
    ],
    "GHS": [(date(2026, 3, 3), Decimal(100))],
}
SEEDS = range(8)


class Business:
    """Subscriptions that are added, edited and deleted at random."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.rows: dict[int, Held] = {}
        self.next = 1

    def moment(self) -> datetime:
        """A time around the days of the test; often exactly on a midnight of Lagos."""
        at = START + timedelta(hours=self.chance.randrange(-72, 24 * DAYS))
        return at.replace(hour=23) if self.chance.random() < 0.3 else at

    def some(self, share: float) -> datetime | None:
        return self.moment() if self.chance.random() < share else None

    def amount(self) -> Decimal | None:
        return self.chance.choice([None, Decimal(0), Decimal("0.1"), Decimal(10), Decimal("49.9958"), Decimal(100)])

    def row(self) -> Held:
        status = self.chance.choice(["active", "active", "trialing", "past_due", "canceled"])
        return Held(
            tenant=self.chance.choice("abc"),
            plan=self.chance.choice(["pro", "max"]),
            status=status,
            monthly=self.amount(),
            currency=self.chance.choice(["NGN", "NGN", "USD", "GHS", "EUR"]),
            started_at=self.some(0.8),
            ended_at=self.some(0.4),
            trial_ends_at=self.some(0.4),
        )

    def change(self) -> None:
        """Add a row, or edit or delete one."""
        key = self.chance.choice([*self.rows, None, None])
        if key is None:
            self.rows[self.next] = self.row()
            self.next += 1
        elif self.chance.random() < 0.25:
            del self.rows[key]
        else:
            old, new = self.rows[key].__dict__, self.row().__dict__
            kept = {name for name in old if self.chance.random() < 0.6}
            self.rows[key] = Held(**{name: old[name] if name in kept else new[name] for name in old})


def write(sql: Sql, rows: Table) -> None:
    """Make the table what it is at this moment."""
    sql("truncate subscriptions")
    for key, row in rows.items():
        sql(
            "insert into subscriptions (id, tenant_id, plan, status, monthly_amount, currency, started_at, ended_at, trial_ends_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            key,
            row.tenant,
            row.plan,
            row.status,
            Decimal(-1) if row.monthly is None else row.monthly,
            row.currency,
            row.started_at,
            row.ended_at,
            row.trial_ends_at,
        )


def stored(sql: Sql) -> tuple[Mapping[object, object], Mapping[object, object]]:
    daily = {
        row[:2]: row[2:] for row in sql("select day, plan, tenants, subscriptions, mrr, unpriced from rollup.mrr_daily")
    }
    moved = {row[:3]: row[3] for row in sql("select day, tenant_id, movement, amount from rollup.mrr_movements")}
    return daily, moved


def journal(seed: int) -> list[tuple[datetime, Table]]:
    """Times of looks, and what the table holds then; some days have many looks, some none."""
    business, found = Business(seed), []
    hours = sorted(business.chance.sample(range(1, 24 * DAYS), 10))
    for hour in hours:
        for _ in range(business.chance.randrange(4)):
            business.change()
        found.append((START + timedelta(hours=hour), dict(business.rows)))
    return found


def history(looks: list[tuple[datetime, Table]], definition: str) -> History:
    through = looks[-1][0]
    by_day = {History(definition, RATES, {}, at).today: table for at, table in looks}
    # A row that came and went within a day was never there at the end of one.
    return History(definition, RATES, by_day, through)


def load_rates(sql: Sql) -> None:
    for base, rates in RATES.items():
        for day, rate in rates:
            sql("insert into fx_rates values (%s, 'NGN', %s, %s, 'test')", base, rate, day)


@pytest.fixture
def fresh(databases: Databases, template: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Makes installations, each on a database of its own, with rates."""
    open_ones: list[psycopg.Connection[tuple[object, ...]]] = []

    def make(definition: str) -> tuple[Installation, Sql]:
        installation = installation_on(databases.make(template), tmp_path, TENANTCAST_MRR_DEFINITION=definition)
        open_ones.append(psycopg.connect(address_of(installation), autocommit=True))
        sql = Sql(open_ones[-1])
        load_rates(sql)
        return installation, sql

    yield make
    for each in open_ones:
        each.close()


@pytest.mark.parametrize("definition", ["default", "chartmogul"])
@pytest.mark.parametrize("seed", SEEDS)
def test_what_ticks_leave_is_what_a_slow_recomputation_gives(fresh, seed: int, definition: str) -> None:  # type: ignore[no-untyped-def]
    """Trap 17."""
    installation, sql = fresh(definition)
    looks = journal(seed)
    for place, (at, table) in enumerate(looks, start=1):
        write(sql, table)
        roll(installation, at)
        expected = history(looks[:place], definition)
        daily, moved = stored(sql)
        assert daily == expected.daily()
        assert moved == expected.movements()
    assert roll(installation, looks[-1][0]).mrr_days_changed == 0


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_only_the_last_look_of_a_day_counts(fresh, seed: int) -> None:  # type: ignore[no-untyped-def]
    looks = journal(seed)
    last = {History("default", RATES, {}, at).today: (at, table) for at, table in looks}
    results = []
    for chosen in (looks, list(last.values())):
        installation, sql = fresh("default")
        for at, table in chosen:
            write(sql, table)
            roll(installation, at)
        results.append(stored(sql))
    assert results[0] == results[1]


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_an_edited_amount_changes_no_day_that_was_taken(fresh, seed: int) -> None:  # type: ignore[no-untyped-def]
    installation, sql = fresh("default")
    (_, table), at = journal(seed)[-1], START + timedelta(days=DAYS)
    write(sql, table)
    roll(installation, at)
    before = stored(sql)
    sql("update subscriptions set monthly_amount = 777, plan = 'other', currency = 'NGN', status = 'canceled'")
    roll(installation, at + timedelta(hours=1))
    today = (at + timedelta(minutes=30)).date() + timedelta(days=1)
    for was, now in zip(before, stored(sql), strict=True):
        assert {key: value for key, value in now.items() if key[0] < today} == was  # type: ignore[index]
