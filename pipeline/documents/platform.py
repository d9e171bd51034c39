"""`summary.json`, what operators see first: the whole platform in four periods, and its health. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.documents.budget import PAGE_BYTES, STAMP_BYTES
from pipeline.documents.encode import compress, unstamped
from pipeline.documents.numbers import change, instant, plain
from pipeline.documents.platform_money import margin, recurring, rounded, total_cost
from pipeline.documents.platform_rows import Activity, Health, Period, Ranked, Rejected
from pipeline.documents.version import SCHEMA
from pipeline.errors import UnusableError

RANKED = 20
LISTED_STALE = 50
Listing = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Told:
    """What the whole document carries: its stamps, currency and zone, and by which definition MRR is counted."""

    seq: int
    data_through: datetime
    currency: str
    timezone: str
    definition: str


@dataclass(frozen=True)
class Lengths:
    """How many entries the lists show: tenants and plans of each period, items without a price, pages of a kind."""

    tenants: int = RANKED
    plans: int = RANKED
    items: int = RANKED
    pages: int = 35


def lengths() -> Iterator[Lengths]:
    """Give the lengths to try, the longest first: names have no limit in the source, and the budget has."""
    yield Lengths()
    yield Lengths(plans=10, items=10)
    for length in (10, 5, 2, 1, 0):
        yield Lengths(length, length, length)
    yield Lengths(0, 0, 0, 5)


def fitted(shaped: Callable[[Lengths], dict[str, Any]]) -> tuple[dict[str, Any], Lengths]:
    """Give the first document that fits, and its lengths; raises UnusableError where nothing is left to shorten."""
    for tried in lengths():
        document = shaped(tried)
        if len(compress(unstamped(document))) <= PAGE_BYTES - STAMP_BYTES:
            return document, tried
    raise UnusableError(
        f"summary.json of the platform: over {PAGE_BYTES:,} bytes with every list at its shortest; the last good one "
        "stays."
    )


def summary(
    told: Told,
    periods: Sequence[Period],
    health: Health,
    *,
    pages: Listing,
    at: Lengths = Lengths(),
) -> dict[str, Any]:
    """Give the document; `pages` by kind, as they are listed."""
    return {
        "schema": SCHEMA,
        "seq": told.seq,
        "data_through": instant(told.data_through),
        "currency": told.currency,
        "timezone": told.timezone,
        "periods": {period.window.name: _period(period, told, at) for period in periods},
        "health": _health(health, periods, told, at),
        "pages": {kind: list(listed) for kind, listed in pages.items()},
    }


def _period(period: Period, told: Told, at: Lengths) -> dict[str, Any]:
    window, now, before = period.window, period.now, period.before
    return {
        "start": instant(window.start),
        "end": instant(window.end),
        "mrr": recurring(period.mrr, currency=told.currency, definition=told.definition, plans=at.plans),
        "active_tenants": now.tenants,
        "active_tenants_before": before.tenants,
        "requests": now.requests,
        "usage_growth_pct": change(now.requests, before.requests),
        "ai_tokens": plain(now.ai_tokens),
        "tokens_growth_pct": change(now.ai_tokens, before.ai_tokens),
        "cost": {
            "total": rounded(total_cost(period.cost), told.currency),
            "complete": not period.cost.unknown,
            **margin(period.cost, period.mrr.days, told.currency),
        },
        "top_tenants": [ranked(each, told.currency) for each in period.top[: at.tenants]],
        "hourly": _hourly(period) if period.hours else None,
        "daily": None if period.hours else _daily(period, told.currency),
    }


def ranked(tenant: Ranked, currency: str) -> dict[str, Any]:
    """Give one tenant in the ranks; what it cost and brought is rounded on its own."""
    return {
        "tenant_id": tenant.id,
        "name": tenant.name,
        "plan": tenant.plan,
        "requests": tenant.requests,
        "ai_tokens": plain(tenant.ai_tokens),
        "cost": rounded(total_cost(tenant.cost), currency),
        "cost_complete": not tenant.cost.unknown,
        "mrr": None if tenant.mrr_days.unknown and not tenant.mrr else rounded(tenant.mrr, currency),
        **margin(tenant.cost, tenant.mrr_days, currency),
    }


def _hourly(period: Period) -> dict[str, Any]:
    return {"start": instant(period.window.start), **_series(period.hours)}


def _series(points: Sequence[Activity]) -> dict[str, Any]:
    return {
        "requests": [point.requests for point in points],
        "ai_tokens": [plain(point.ai_tokens) for point in points],
        "active_tenants": [point.tenants for point in points],
    }


def _daily(period: Period, currency: str) -> dict[str, Any]:
    """Give a point a day, also of days that have nothing."""
    return {
        "start": period.window.first_day.isoformat(),
        **_series([each.activity for each in period.by_day]),
        "mrr": [rounded(each.mrr, currency) for each in period.by_day],
        "cost": [rounded(total_cost(each.cost), currency) for each in period.by_day],
    }


def _health(health: Health, periods: Sequence[Period], told: Told, at: Lengths) -> dict[str, Any]:
    return {
        "data_through": instant(told.data_through),
        "lag_hours": health.lag_hours,
        "rejected": {period.window.name: _rejected(period.rejected) for period in periods}
        | {"no_hour": _rejected(health.no_hour)},
        "repaired": {
            period.window.name: {"runs": period.repair_runs, "buckets": period.repaired} for period in periods
        },
        "stale": list(health.stale[:LISTED_STALE]),
        "stale_tenants": len(health.stale),
        "unknown_costs": {
            "tenants": health.unpriced_tenants,
            "items": [
                {
                    "item": each.item,
                    "reason": each.reason,
                    "tenants": each.tenants,
                    "days": each.days,
                    "first_day": each.first_day.isoformat(),
                    "last_day": each.last_day.isoformat(),
                }
                for each in health.unpriced[: at.items]
            ],
            "more_items": health.unpriced_items - len(health.unpriced[: at.items]),
        },
    }


def _rejected(found: Sequence[Rejected]) -> list[dict[str, Any]]:
    return [{"source": each.source, "reason": each.reason, "rows": each.rows} for each in found]
