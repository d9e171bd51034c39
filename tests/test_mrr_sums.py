"""MRR whatever is done to subscriptions, rates, definition and zone between ticks: it adds up, and the past stays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.installation import Installation
from pipeline.mrr.day import day_of
from pipeline.rollups.tick import roll
from pipeline.settings import MRR_DEFINITIONS
from tests.conftest import NOW, Databases, Sql, address_of, installation_on
from tests.mrr_sums import assert_mrr_adds_up

TIMES = tuple(NOW + timedelta(hours=hours) for hours in (-200, -100, -61, -50, -37, -13, 5, 11, 30, 60))
AMOUNTS = (None, "0", "0.1", "70", "100", "49.9958", "1e15")
ROWS = 4

numbers = st.integers(1, ROWS)
times, perhaps = st.sampled_from(TIMES), st.none() | st.sampled_from(TIMES)
statuses = st.sampled_from(("active", "active", "trialing", "past_due", "canceled"))
currencies = st.sampled_from((None, "NGN", "usd", "GHS"))
subscriptions = st.tuples(
    st.sampled_from("ab"),
    st.sampled_from(("pro", "max")),
    statuses,
    st.sampled_from(AMOUNTS),
    currencies,
    times,
    perhaps,
    perhaps,
)
# What leaves days that were taken as they are, and what does not.
values = st.one_of(
    st.tuples(st.just("monthly_amount"), numbers, st.sampled_from(AMOUNTS)),
    st.tuples(st.just("plan"), numbers, st.sampled_from(("pro", "max", None))),
    st.tuples(st.just("currency"), numbers, currencies),
    st.tuples(st.just("status"), numbers, statuses),
)
dates = st.tuples(st.sampled_from(("started_at", "ended_at", "trial_ends_at")), numbers, times)
rates = st.tuples(
    st.just("rate"),
    st.sampled_from(("USD", "GHS")),
    st.tuples(st.integers(1, 12), st.sampled_from(("1500", "1600.5", "0.1"))),
)
rest = st.one_of(
    st.tuples(st.just("delete"), numbers, st.none()),
    st.tuples(st.just("insert"), st.integers(1, 2 * ROWS), subscriptions),
    st.tuples(st.just("definition"), st.sampled_from(MRR_DEFINITIONS), st.none()),
    st.tuples(st.just("zone"), st.sampled_from(("Africa/Lagos", "Pacific/Auckland", "America/New_York")), st.none()),
)
hours = st.sampled_from((1, 2, 11, 24, 49))
given_rows = st.lists(subscriptions, min_size=1, max_size=ROWS)
several = settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    deadline=None,
    database=None,
    derandomize=True,
)
fewer = settings(several, max_examples=4)
Step = tuple[str, object, object]
State = dict[tuple[object, ...], tuple[object, ...]]


@dataclass
class Business:
    """A SaaS with subscriptions, and the installation that follows it; its settings can change."""

    installation: Installation
    sql: Sql
    home: Path
    definition: str
    zone: str = "Africa/Lagos"
    now: datetime = NOW

    @property
    def today(self) -> object:
        return day_of(self.now.replace(minute=0), self.zone)

    def insert(self, number: object, row: object) -> None:
        assert isinstance(row, tuple)
        self.sql("delete from subscriptions where id = %s", number)
        self.sql(
            "insert into subscriptions (id, tenant_id, plan, status, monthly_amount, currency, started_at, ended_at,"
            " trial_ends_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            number,
            *row,
        )

    def step(self, step: Step) -> None:
        """Do one thing."""
        what, which, value = step
        if what == "insert":
            self.insert(which, value)
        elif what == "delete":
            self.sql("delete from subscriptions where id = %s", which)
        elif what == "rate":
            assert isinstance(value, tuple)
            self.sql("delete from fx_rates where base = %s and rate_date = make_date(2026, 3, %s)", which, value[0])
            self.sql("insert into fx_rates values (%s, 'NGN', %s, make_date(2026, 3, %s), 'x')", which, *value[::-1])
        elif what in ("definition", "zone"):
            setattr(self, what, which)
        else:
            self.sql(f"update subscriptions set {what} = %s where id = %s", value, which)

    def tick(self) -> State:
        """Look, check that it adds up and that a second look changes nothing; give all rows."""
        more = {"TENANTCAST_MRR_DEFINITION": self.definition, "TENANTCAST_TIMEZONE": self.zone}
        installation = installation_on(address_of(self.installation), self.home, **more)
        try:
            roll(installation, self.now)
            before = state(self.sql)
            assert roll(installation, self.now).mrr_days_changed == 0
        finally:
            installation.database.engine.dispose()
        assert state(self.sql) == before
        assert_mrr_adds_up(self.sql)
        return before


def state(sql: Sql) -> State:
    """All rows of both tables by their key; the table's name leads."""
    daily = sql("select 'daily', day, plan, tenants, subscriptions, mrr, unpriced from rollup.mrr_daily")
    moved = sql("select 'moved', day, tenant_id, movement, amount from rollup.mrr_movements")
    return {row[:3]: row[3:] for row in daily} | {row[:4]: row[4:] for row in moved}


@pytest.fixture
def business(databases: Databases, template: str, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Makes businesses, each with a database of its own."""

    @contextmanager
    def make(definition: str) -> Iterator[Business]:
        home = tmp_path / uuid.uuid4().hex
        installation = installation_on(databases.make(template), home)
        with psycopg.connect(address_of(installation), autocommit=True) as connection:
            yield Business(installation, Sql(connection), home, definition)

    return make


@several
@given(rows=given_rows, steps=st.lists(st.tuples(values | dates | rates | rest, hours), min_size=4, max_size=7))
def test_opening_and_movements_are_closing_on_every_day(business, rows, steps) -> None:  # type: ignore[no-untyped-def]
    """Trap 17."""
    with business("default") as saas:
        for number, row in enumerate(rows, start=1):
            saas.insert(number, row)
        saas.tick()
        for step, wait in steps:
            saas.now += timedelta(hours=wait)
            saas.step(step)
            saas.tick()


@pytest.mark.parametrize("definition", MRR_DEFINITIONS)
@fewer
@given(
    rows=given_rows,
    steps=st.lists(st.tuples(values, hours), min_size=3, max_size=6),
)
def test_edited_values_leave_days_that_were_taken_as_they_are(business, definition, rows, steps) -> None:  # type: ignore[no-untyped-def]
    with business(definition) as saas:
        for number, row in enumerate(rows, start=1):
            saas.insert(number, row)
        saas.now -= timedelta(days=1)  # so that the first edit finds no version of its own day
        before, taken = saas.tick(), saas.today
        saas.now += timedelta(hours=24 - 12)
        for step, wait in steps:
            saas.now += timedelta(hours=wait)
            saas.step(step)
            after = saas.tick()
            kept = {key: row for key, row in before.items() if key[1] < taken}  # type: ignore[operator]
            assert {key: row for key, row in after.items() if key[1] < taken} == kept  # type: ignore[operator]
            before, taken = after, saas.today


@pytest.mark.parametrize("definition", MRR_DEFINITIONS)
@fewer
@given(
    rows=given_rows,
    steps=st.lists(st.tuples(dates, hours), min_size=3, max_size=6),
)
def test_edited_dates_give_what_a_first_look_gives(business, definition, rows, steps) -> None:  # type: ignore[no-untyped-def]
    with business(definition) as saas, business(definition) as fresh:
        for each in (saas, fresh):
            each.sql("insert into fx_rates values ('USD', 'NGN', 1500, '2026-02-01', 'x')")
        # Without an end it is the status that decides the days from the first look on, and dates those before: what is
        # active counts on both.
        rows = [(*row[:2], "active", *row[3:]) for row in rows]
        for number, row in enumerate(rows, start=1):
            saas.insert(number, row)
        saas.tick()
        for step, wait in steps:
            saas.now += timedelta(hours=wait)
            saas.step(step)
            found = saas.tick()
        for row in saas.sql(
            "select id, tenant_id, plan, status, monthly_amount, currency, started_at, ended_at, trial_ends_at"
            " from subscriptions"
        ):
            fresh.insert(row[0], row[1:])
        fresh.now = saas.now
        assert fresh.tick() == found
