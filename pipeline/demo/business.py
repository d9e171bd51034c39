"""What the simulated SaaS keeps about its customers: tenants, subscriptions, quotas, prices, exchange rates.

All of it happens at some time; a slice of time holds what is written in it and what is changed in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from pipeline.demo.catalogue import MODELS, NAIRA_PRICES, TOKENS_PRICED
from pipeline.demo.rhythm import REQUESTS_A_DAY, midnight
from pipeline.demo.world import Subscription, Tenant, World
from pipeline.demo.write import Change

STREAM = 3
BEGINNING = datetime.min.replace(tzinfo=UTC)
RATE_AT = timedelta(hours=9)  # when a day's exchange rate is known
RATE_DAYS_BEFORE = 910  # before the first subscription, so that MRR is known from its first day on
HOLIDAYS = ((1, 1), (5, 1), (6, 12), (10, 1), (12, 25), (12, 26))
TOKENS_A_REQUEST = 300  # over all endpoints, roughly
GENEROSITY = (0.5, 0.8, 1.1, 1.5, 3.0, 8.0)  # a limit, as a multiple of what the tenant is expected to use

Record = dict[str, Any]
Happened = Callable[[datetime | None], bool]


@dataclass(frozen=True)
class Business:
    """What happens in one slice of time: new records by table, then changes."""

    records: dict[str, list[Record]]
    changes: list[Change]


def business(world: World, since: datetime, until: datetime) -> Business:
    """Give what happens in [since, until); with BEGINNING, all that was there before as well."""

    def happened(at: datetime | None) -> bool:
        return at is not None and since <= at < until

    subscriptions = [(tenant, each) for tenant in world.tenants for each in tenant.subscriptions]
    return Business(
        records={
            "tenants": [_tenant(tenant) for tenant in world.tenants if happened(tenant.created_at)],
            "subscriptions": [
                _subscription(tenant, each) for tenant, each in subscriptions if happened(each.started_at)
            ],
            "quotas": list(_quotas(world, happened)),
            "prices": list(_prices(world)) if since == BEGINNING else [],
            "fx_rates": list(_rates(max(since, world.starts_at - timedelta(days=RATE_DAYS_BEFORE)), until)),
        },
        changes=[change for tenant in world.tenants for change in _changes(tenant, happened)],
    )


def _tenant(tenant: Tenant) -> Record:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "plan": tenant.subscriptions[0].plan.name,
        "created_at": tenant.created_at,
        "timezone": tenant.timezone,
    }


def _subscription(tenant: Tenant, subscription: Subscription) -> Record:
    return {
        "tenant_id": tenant.id,
        "plan": subscription.plan.name,
        "status": "trialing" if subscription.trial_ends_at else "active",
        "monthly_amount": subscription.monthly_amount,
        "currency": subscription.currency,
        "started_at": subscription.started_at,
        "trial_ends_at": subscription.trial_ends_at,
    }


def _changes(tenant: Tenant, happened: Happened) -> Iterator[Change]:
    for subscription in tenant.subscriptions:
        which = {"tenant_id": tenant.id, "started_at": subscription.started_at}
        if happened(subscription.trial_ends_at):
            yield Change("end_trial", "subscriptions", which)
        if happened(subscription.ended_at):
            yield Change("end_subscription", "subscriptions", which | {"ended_at": subscription.ended_at})
    for upgrade in tenant.subscriptions[1:]:
        if happened(upgrade.started_at):
            yield Change("change_plan", "tenants", {"id": tenant.id, "plan": upgrade.plan.name})
    if happened(tenant.deleted_at):
        yield Change("delete_tenant", "tenants", {"id": tenant.id, "deleted_at": tenant.deleted_at})


def _quotas(world: World, happened: Happened) -> Iterator[Record]:
    """Limits by plan; most fit what the tenant uses, some are too small."""
    rng = np.random.default_rng([world.parameters.seed, STREAM, world.parameters.tenants])
    factors = rng.choice(GENEROSITY, (len(world.tenants), 3))
    requests = REQUESTS_A_DAY * world.parameters.scale / sum(tenant.weight for tenant in world.tenants)
    for row, tenant in enumerate(world.tenants):
        if not happened(tenant.created_at):
            continue
        calls, tokens, storage = (float(factor) for factor in factors[row])
        daily, plan = requests * tenant.weight, tenant.subscriptions[0].plan.name
        anchor = tenant.created_at.day if row % 4 == 1 else None
        if plan == "starter":
            yield _quota(tenant, "api_calls", limit=daily * calls * 1.5, period="day")
        else:
            unlimited = plan == "enterprise"
            yield _quota(tenant, "api_calls", limit=None if unlimited else daily * 30 * calls, anchor=anchor)
        none_allowed = plan == "starter" and row % 3 == 0
        allowed = 0 if none_allowed else daily * 30 * tokens * TOKENS_A_REQUEST * 0.2
        yield _quota(tenant, "ai_tokens_gpt-4", limit=allowed, anchor=anchor)
        yield _quota(tenant, "storage_gb", limit=400 * math.sqrt(tenant.weight) * 30 * storage)


def _quota(
    tenant: Tenant, quota_type: str, *, limit: float | None, period: str = "month", anchor: int | None = None
) -> Record:
    return {
        "tenant_id": tenant.id,
        "quota_type": quota_type,
        "limit_amount": None if limit is None else _round_number(limit),
        "period": period,
        "anchor_day": anchor,
    }


def _round_number(value: float) -> int:
    """Give a limit as people set them: two digits and zeros."""
    return 0 if value <= 0 else max(int(float(f"{value:.2g}")), 1)


def _prices(world: World) -> Iterator[Record]:
    """Prices from long before; some change once, at a Lagos midnight a little past the middle."""
    before = world.starts_at - timedelta(days=365)
    change = world.starts_at + timedelta(days=round(world.parameters.days * 0.55))
    for model in MODELS:
        until = change if model.usd_later else None
        yield _price(model.quota_type, TOKENS_PRICED, model.usd, "USD", (before, until))
        if model.usd_later:
            yield _price(model.quota_type, TOKENS_PRICED, model.usd_later, "USD", (change, None))
    for item, unit_size, amount in NAIRA_PRICES:
        yield _price(item, unit_size, amount, "NGN", (before, None))


def _price(
    item: str, unit_size: str, amount: str, currency: str, effective: tuple[datetime, datetime | None]
) -> Record:
    return {
        "item": item,
        "unit_size": unit_size,
        "amount": amount,
        "currency": currency,
        "effective_from": effective[0],
        "effective_to": effective[1],
    }


def _rates(since: datetime, until: datetime) -> Iterator[Record]:
    """One made-up rate a working day; none at weekends and on fixed holidays."""
    day = since.date()
    while midnight(day) + RATE_AT < until:
        known = since <= midnight(day) + RATE_AT
        if known and day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS:
            yield {"base": "USD", "quote": "NGN", "rate": _rate(day), "rate_date": day, "source": "demo"}
        day += timedelta(days=1)


def _rate(day: date) -> str:
    number = day.toordinal()
    wave = 0.03 * math.sin(number / 17) + 0.011 * math.sin(number / 4.3) + 0.004 * math.sin(number * 1.7)
    return f"{1500 * (1 + wave):.4f}"
