"""The simulated SaaS's customers: who they are, how big, and what is special about some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import cycle, islice
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.demo.catalogue import FIRST_WORDS, LAST_WORDS, OTHER_ZONES, PLANS, Plan

LAGOS = ZoneInfo("Africa/Lagos")
ZIPF_EXPONENT = 1.05
STREAM = 1
AWAY = timedelta(days=12)
UNKNOWN_TENANT = "never-signed-up"


@dataclass(frozen=True)
class Parameters:
    """What a simulated SaaS is made from; the same ones give the same SaaS."""

    seed: int = 1
    scale: float = 1.0  # 1: about 2 million rows in 90 days
    tenants: int = 200
    days: int = 90


@dataclass(frozen=True)
class Subscription:
    """One subscription of one tenant; `ended_at` may lie after the moment that is looked at."""

    plan: Plan
    currency: str
    started_at: datetime
    ended_at: datetime | None = None
    trial_ends_at: datetime | None = None

    @property
    def monthly_amount(self) -> str:
        """Its price a month, in its currency."""
        return self.plan.usd if self.currency == "USD" else self.plan.ngn


@dataclass(frozen=True)
class Tenant:
    """One customer; `weight` is its share of all traffic while it is active."""

    id: str
    name: str
    weight: float
    created_at: datetime
    subscriptions: tuple[Subscription, ...]
    timezone: str | None = None  # None: the platform's
    deleted_at: datetime | None = None
    silent: tuple[date, date] | None = None  # UTC days without any row, half-open


Role = Callable[[Tenant, datetime], Tenant]  # makes a tenant special, at that moment


@dataclass(frozen=True)
class World:
    """All customers, biggest first; their rows begin at `starts_at`, a Lagos midnight."""

    parameters: Parameters
    starts_at: datetime
    tenants: tuple[Tenant, ...]

    @property
    def biggest(self) -> Tenant:
        """The tenant with the most traffic."""
        return self.tenants[0]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The tenants' ids, in the order of their indexes; the unknown tenant's is the last."""
        return (*(tenant.id for tenant in self.tenants), UNKNOWN_TENANT)


def first_instant(end: datetime, days: int) -> datetime:
    """Give the Lagos midnight that lies `days` whole days and the day of `end` itself before `end`."""
    day = end.astimezone(LAGOS).date() - timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=LAGOS).astimezone(UTC)


def make_world(parameters: Parameters, starts_at: datetime) -> World:
    """Make the customers; nothing else than the arguments decides how they are."""
    rng = np.random.default_rng([parameters.seed, STREAM, parameters.tenants])
    names = _names(rng, parameters.tenants)
    tenants = [
        _ordinary(rng, name, rank, starts_at=starts_at, plan=_plan(rng, rank / len(names)))
        for rank, name in enumerate(names)
    ]
    span = timedelta(days=parameters.days)
    # The biggest ones stay ordinary: they carry the picture.
    unassigned = iter(rng.permutation(np.arange(1 + len(tenants) // 20, len(tenants))).tolist())
    for role, rank in zip(_roles(len(tenants)), unassigned, strict=False):
        # A moment of its own for each tenant, so that not all happens at once; whole seconds.
        seconds = int(span.total_seconds() * rng.uniform(0.3, 0.97))
        tenants[rank] = role(tenants[rank], starts_at + timedelta(seconds=seconds))
    return World(parameters, starts_at, tuple(tenants))


def _names(rng: np.random.Generator, count: int) -> list[str]:
    """Give different names; past all combinations, a branch number tells them apart."""
    combinations = [f"{first} {last}" for first in FIRST_WORDS for last in LAST_WORDS]
    order = rng.permutation(len(combinations))
    endless = (
        combinations[index] if branch == 1 else f"{combinations[index]} {branch}"
        for branch in range(1, count // len(combinations) + 2)
        for index in order
    )
    return list(islice(endless, count))


def _plan(rng: np.random.Generator, place: float) -> Plan:
    """Give a plan for the tenant at `place` (0 the biggest, 1 the smallest): big ones pay more, mostly."""
    sought = 1 - min(max(place + float(rng.normal(0, 0.12)), 0.0), 1.0)
    passed = 0.0
    for plan in PLANS:
        passed += plan.share
        if sought < passed:
            return plan
    return PLANS[-1]


def _ordinary(rng: np.random.Generator, name: str, rank: int, *, starts_at: datetime, plan: Plan) -> Tenant:
    created_at = starts_at - timedelta(seconds=int(rng.integers(20 * 86400, 900 * 86400)))
    currency = "USD" if plan.name in ("scale", "enterprise") and rng.random() < 0.4 else "NGN"
    return Tenant(
        id=name.lower().replace(" ", "-"),
        name=name,
        weight=(rank + 1) ** -ZIPF_EXPONENT,
        created_at=created_at,
        subscriptions=(Subscription(plan, currency, created_at),),
    )


def _roles(count: int) -> Iterator[Role]:
    """Give what is special about some tenants, each of the kinds at least once; most stay ordinary."""
    return islice(cycle(ROLES), max(len(ROLES), count // 5))


def _new(tenant: Tenant, moment: datetime) -> Tenant:
    subscription = replace(tenant.subscriptions[0], started_at=moment)
    return replace(tenant, created_at=moment, subscriptions=(subscription,))


def _on_trial(tenant: Tenant, moment: datetime) -> Tenant:
    new = _new(tenant, moment)
    subscription = replace(new.subscriptions[0], trial_ends_at=moment + timedelta(days=14))
    return replace(new, subscriptions=(subscription,))


def _silent(tenant: Tenant, moment: datetime) -> Tenant:
    return replace(tenant, silent=(moment.date(), moment.date() + timedelta(days=5)))


def _empty(tenant: Tenant, _moment: datetime) -> Tenant:
    return replace(tenant, weight=0.0)


def _cancelled(tenant: Tenant, moment: datetime) -> Tenant:
    ended = replace(tenant.subscriptions[0], ended_at=moment)
    return replace(tenant, subscriptions=(ended,), silent=(moment.date() + timedelta(days=1), date.max))


def _deleted(tenant: Tenant, moment: datetime) -> Tenant:
    ended = replace(tenant.subscriptions[0], ended_at=moment)
    return replace(tenant, deleted_at=moment, subscriptions=(ended,))


def _returned(tenant: Tenant, moment: datetime) -> Tenant:
    """Away for twelve days, and back on the same plan."""
    usual, left = tenant.subscriptions[0], moment - AWAY
    again = replace(usual, started_at=moment)
    return replace(
        tenant,
        subscriptions=(replace(usual, ended_at=left), again),
        silent=(left.date() + timedelta(days=1), moment.date()),
    )


def _upgraded(tenant: Tenant, moment: datetime) -> Tenant:
    """From the plan before to the next bigger one."""
    rank = min(PLANS.index(tenant.subscriptions[0].plan), len(PLANS) - 2)
    return _moved(tenant, PLANS[rank], PLANS[rank + 1], at=moment)


def _downgraded(tenant: Tenant, moment: datetime) -> Tenant:
    """From the plan before to the next smaller one."""
    rank = max(PLANS.index(tenant.subscriptions[0].plan), 1)
    return _moved(tenant, PLANS[rank], PLANS[rank - 1], at=moment)


def _moved(tenant: Tenant, before: Plan, after: Plan, *, at: datetime) -> Tenant:
    usual = tenant.subscriptions[0]
    ended = replace(usual, plan=before, ended_at=at)
    return replace(tenant, subscriptions=(ended, replace(usual, plan=after, started_at=at)))


def _in_zone(timezone: str) -> Role:
    def role(tenant: Tenant, _moment: datetime) -> Tenant:
        abroad = replace(tenant.subscriptions[0], currency="USD")
        return replace(tenant, timezone=timezone, subscriptions=(abroad,))

    return role


ROLES: tuple[Role, ...] = (
    _new,
    _silent,
    _empty,
    _deleted,
    _upgraded,
    _on_trial,
    _cancelled,
    _downgraded,
    _returned,
    *(_in_zone(timezone) for timezone in OTHER_ZONES),
)
