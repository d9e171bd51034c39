"""Reads what the platform's files are made of, in one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import execute, rows
from pipeline.documents.money import added
from pipeline.documents.platform import RANKED
from pipeline.documents.platform_pages import RANKED_PERIOD
from pipeline.documents.platform_rows import (
    Activity,
    Day,
    Health,
    Money,
    Month,
    MrrDay,
    Period,
    Plan,
    Ranked,
    Recurring,
    Rejected,
    Unpriced,
    Window,
)
from pipeline.mrr.days import Look, find_spans

EVER = date(1, 1, 1)
ONE_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MONTHS = tuple[str, datetime, datetime]
NO_HOUR = {"start": "-infinity", "end": datetime(1000, 1, 1, tzinfo=UTC)}  # where rows without a usable time count
LONGEST = "90d"


@dataclass
class Platform:
    """All that the platform's files are made of."""

    periods: list[Period] = field(default_factory=list)
    health: Health = field(default_factory=Health)
    ranks: Sequence[Ranked] = ()  # all tenants, by rank in RANKED_PERIOD
    days: Sequence[Month[Day]] = ()
    mrr_days: Sequence[Month[MrrDay]] = ()


@dataclass(frozen=True)
class Asked:
    """As of when, in which zone, what counts as recurring, and how long prices of a day can change."""

    look: Look
    open_time: timedelta


def read_platform(connection: Connection, asked: Asked, *, stale: Sequence[str], lag_hours: int) -> Platform:
    """Read all of it."""
    reader = _Reader(connection, asked)
    found = Platform()
    for window in rows(connection, "platform/windows", through=asked.look.through, timezone=asked.look.timezone):
        found.periods.append(reader.period(window))
    found.ranks = reader.all_ranked
    found.health = _health(connection, found.periods, stale=stale, lag_hours=lag_hours)
    found.days, found.mrr_days = reader.months(found.periods[-1].window.closing_day)
    return found


@dataclass
class _Reader:
    connection: Connection
    asked: Asked
    all_ranked: Sequence[Ranked] = ()
    tenants: Mapping[Any, Row[Any]] = field(init=False)
    stand_ins: frozenset[Any] = field(init=False)  # for tenants that were forgotten: in every sum, in no list
    first_mrr_day: date | None = field(init=False)

    def __post_init__(self) -> None:
        self.tenants = {row.tenant_id: row for row in rows(self.connection, "platform/tenants")}
        self.stand_ins = frozenset(row.tenant_id for row in rows(self.connection, "platform/stand_ins"))
        self.first_mrr_day = execute(self.connection, "platform/first_mrr_day").scalar_one()
        find_spans(self.connection, self.asked.look)

    def period(self, row: Row[Any]) -> Period:
        """Read one period."""
        window = Window(
            name=row.period,
            days=row.days,
            start=row.starts_at,
            end=row.ends_at,
            first_day=row.first_day,
            opening_day=row.opening_day,
            closing_day=row.closing_day,
        )
        by_hours = window.days == 1
        hours = {"before_at": row.before_at, "start": window.start, "end": window.end}
        days = {"before_day": row.before_day, "first_day": window.first_day, "last_day": window.closing_day}
        read = "platform/activity_hours" if by_hours else "platform/activity_days"
        active = rows(self.connection, read, **(hours if by_hours else days))
        tenants = [each for each in active if each.tenant_id is not None]
        cost, costs = self._costs(window, tenants)
        ranked = self._ranked(window, tenants, costs)
        repaired = execute(self.connection, "platform/repaired", start=window.start, end=window.end).one()
        return Period(
            window=window,
            now=_summed(each for each in tenants if each.is_active),
            before=_summed(tenants, before=True),
            mrr=self._recurring(window),
            cost=cost,
            top=ranked,
            hours=_hours(window, [each for each in active if each.tenant_id is None]) if by_hours else (),
            by_day=() if by_hours else self._days(window),
            rejected=_rejected(self.connection, start=window.start, end=window.end),
            repair_runs=repaired.runs,
            repaired=repaired.buckets,
        )

    def _costs(self, window: Window, tenants: Sequence[Row[Any]]) -> tuple[Money, Mapping[Any, Money]]:
        """Give what the period cost, and what it cost by tenant: of 24h, of all; of longer ones see `_ranked`."""
        if window.days == 1:
            place = {"start": window.start, "end": window.end, "open_time": self.asked.open_time}
            active = [each.tenant_id for each in tenants if each.is_active]
            costs = _costs_of(rows(self.connection, "platform/hour_costs", tenants=active, **place))
            return _all(costs.values()), costs
        days = rows(
            self.connection,
            "platform/days",
            first_day=window.first_day,
            last_day=window.closing_day,
            timezone=self.asked.look.timezone,
        )
        return _all(Money(day.cost, day.unknown_costs) for day in days), {}

    def _ranked(self, window: Window, tenants: Sequence[Row[Any]], costs: Mapping[Any, Money]) -> Sequence[Ranked]:
        """Rank the active tenants; of one period, all tenants, and give the active ones among the first."""
        active = {each.tenant_id: each for each in tenants if each.is_active and each.tenant_id not in self.stand_ins}
        whole = window.name == RANKED_PERIOD
        order = sorted(active, key=lambda each: (-active[each].requests, active[each].ai_tokens.copy_negate(), each))
        listed = order[:RANKED]
        span = {"first_day": window.first_day, "last_day": window.closing_day}
        wanted = {"tenants": listed, "whole": whole, **span}
        brings = self._brings(wanted)
        if window.days > 1:
            costs = _costs_of(rows(self.connection, "platform/tenant_costs", **wanted))
        if whole:
            living = {each for each, row in self.tenants.items() if not row.deleted}
            paying = {each for each, (mrr, days) in brings.items() if mrr or days.known or days.unknown}
            rest = sorted((living | paying | set(costs)) - set(order) - self.stand_ins)
            self.all_ranked = [self._tenant(each, active.get(each), brings, costs) for each in [*order, *rest]]
            return self.all_ranked[: len(listed)]
        return [self._tenant(each, active[each], brings, costs) for each in listed]

    def _brings(self, wanted: Mapping[str, Any]) -> Mapping[Any, tuple[Decimal, Money]]:
        """Give tenants' MRR at the end of a period, and that of its days added up."""
        span = {name: wanted[name] for name in ("first_day", "last_day")}
        lacking = rows(self.connection, "platform/unknown_mrr", currency=self.asked.look.currency, **span)
        found = {row.tenant_id: (Decimal(0), Money(unknown=1)) for row in lacking}
        for row in rows(self.connection, "platform/tenant_mrr", **wanted):
            found[row.tenant_id] = row.mrr, Money(row.mrr_days, int(row.tenant_id in found))
        return found

    def _tenant(
        self,
        tenant: Any,
        used: Row[Any] | None,
        brings: Mapping[Any, tuple[Decimal, Money]],
        costs: Mapping[Any, Money],
    ) -> Ranked:
        known = self.tenants.get(tenant)
        mrr, mrr_days = brings.get(tenant, (Decimal(0), Money()))
        return Ranked(
            id=known.id if known else str(tenant),
            name=known.name if known else None,
            plan=known.plan if known else None,
            requests=used.requests if used else 0,
            ai_tokens=used.ai_tokens if used else Decimal(0),
            cost=costs.get(tenant, Money()),
            mrr=mrr,
            mrr_days=mrr_days,
        )

    def _recurring(self, window: Window) -> Recurring:
        closing, opening = self._plans(window.closing_day), self._plans(window.opening_day)
        movements: dict[str, Decimal] = defaultdict(Decimal)
        span = {"first_day": window.opening_day + ONE_DAY, "last_day": window.closing_day}
        for row in rows(self.connection, "platform/movements", **span):
            movements[row.movement] = added((movements[row.movement], row.amount))
        days = rows(self.connection, "platform/plans", first_day=window.first_day, last_day=window.closing_day)
        return Recurring(
            closing=closing,
            opening=opening,
            movements=movements,
            paying=execute(self.connection, "platform/paying", day=window.closing_day).scalar_one(),
            days=_all(Money(row.mrr, row.unpriced) for row in days),
        )

    def _plans(self, day: date) -> list[Plan]:
        return [_plan(row) for row in rows(self.connection, "platform/plans", first_day=day, last_day=day)]

    def _days(self, window: Window) -> list[Day]:
        """Give every day of a period."""
        span = {"first_day": window.first_day, "last_day": window.closing_day, "timezone": self.asked.look.timezone}
        found = {row.day: self._day(row) for row in rows(self.connection, "platform/days", **span)}
        days = (window.first_day + step * ONE_DAY for step in range(window.days))
        return [found.get(day) or Day(day, Activity(), Money(), self._mrr_of_nothing(day)) for day in days]

    def _day(self, row: Row[Any]) -> Day:
        mrr = self._mrr_of_nothing(row.day) if row.mrr is None and not row.has_mrr else row.mrr
        activity = Activity(row.requests, row.ai_tokens, row.active_tenants)
        return Day(row.day, activity, Money(row.cost, row.unknown_costs), mrr)

    def _mrr_of_nothing(self, day: date) -> Decimal | None:
        """Give the MRR of a day without a subscription: nothing, but not known before MRR was first looked at."""
        return Decimal(0) if self.first_mrr_day and day > self.first_mrr_day else None

    def months(self, last_day: date) -> tuple[list[Month[Day]], list[Month[MrrDay]]]:
        """Read all closed days, by months."""
        span = {"first_day": EVER, "last_day": last_day}
        days: dict[MONTHS, list[Day]] = defaultdict(list)
        places: dict[date, MONTHS] = {}
        for row in rows(self.connection, "platform/days", timezone=self.asked.look.timezone, **span):
            places[row.day] = row.month, row.month_starts_at, row.month_ends_at
            days[places[row.day]].append(self._day(row))
        mrr_days: dict[MONTHS, list[MrrDay]] = defaultdict(list)
        plans: dict[date, list[Plan]] = defaultdict(list)
        for row in rows(self.connection, "platform/plans", **span):
            plans[row.day].append(_plan(row))
        movements: dict[date, dict[str, Decimal]] = defaultdict(dict)
        for row in rows(self.connection, "platform/movements", **span):
            movements[row.day][row.movement] = row.amount
        for day in sorted({*plans, *movements} & places.keys()):
            before = plans.get(day - ONE_DAY, [])
            mrr_days[places[day]].append(MrrDay(day, before, movements.get(day, {}), plans.get(day, [])))
        return _by_month(days), _by_month(mrr_days)


def _by_month(found: Mapping[MONTHS, Sequence[Any]]) -> list[Month[Any]]:
    return [Month(*place, days=days) for place, days in sorted(found.items())]


def _plan(row: Row[Any]) -> Plan:
    return Plan(row.plan, row.tenants, row.subscriptions, row.mrr, row.unpriced)


def _summed(found: Iterable[Row[Any]], *, before: bool = False) -> Activity:
    listed = [each for each in found if each.was_active or not before]
    return Activity(
        requests=sum(each.requests_before if before else each.requests for each in listed),
        ai_tokens=added(each.ai_tokens_before if before else each.ai_tokens for each in listed),
        tenants=len(listed),
    )


def _hours(window: Window, found: Sequence[Row[Any]]) -> list[Activity]:
    by_hour = {each.bucket_start: Activity(each.requests, each.ai_tokens, each.active_tenants) for each in found}
    return [by_hour.get(window.start + step * HOUR, Activity()) for step in range(24)]


def _costs_of(found: Sequence[Row[Any]]) -> dict[Any, Money]:
    return {row.tenant_id: Money(row.cost, row.unknown_costs) for row in found}


def _all(costs: Iterable[Money]) -> Money:
    listed = list(costs)
    known = [each.known for each in listed if each.known is not None]
    return Money(added(known) if known else None, sum(each.unknown for each in listed))


def _rejected(connection: Connection, **span: Any) -> list[Rejected]:
    return [Rejected(row.source, row.reason, row.rows) for row in rows(connection, "platform/rejected", **span)]


def _health(connection: Connection, periods: Sequence[Period], *, stale: Sequence[str], lag_hours: int) -> Health:
    since = next(period.window.first_day for period in periods if period.window.name == LONGEST)
    together, *items = rows(connection, "platform/unknown_costs", first_day=since, most=RANKED)
    return Health(
        lag_hours=lag_hours,
        stale=stale,
        no_hour=_rejected(connection, **NO_HOUR),
        unpriced=[Unpriced(row.item, row.reason, row.tenants, row.days, row.first_day, row.last_day) for row in items],
        unpriced_items=together.items,
        unpriced_tenants=together.tenants,
    )
