"""The platform's pages: days and MRR of a month, tenants by rank, and the index of what the summary has no room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.documents.numbers import instant, plain
from pipeline.documents.platform import ranked
from pipeline.documents.platform_money import MOVEMENTS, by_plan, moved, rounded, total_cost, total_of
from pipeline.documents.platform_rows import Day, Month, MrrDay, Ranked
from pipeline.documents.version import SCHEMA

PLANS_A_PAGE = 600
TENANTS_A_PAGE = 100
RANKED_PERIOD = "30d"
PLAN_COLUMNS = ("day", "plan", "tenants", "subscriptions", "mrr", "unpriced")
TENANT_COLUMNS = (
    "tenant_id",
    "name",
    "plan",
    "requests",
    "ai_tokens",
    "cost",
    "cost_complete",
    "mrr",
    "revenue",
    "revenue_complete",
    "margin",
    "margin_pct",
)


def daily_page(month: Month[Day], currency: str) -> dict[str, Any]:
    """Give the days of a month in columns, one place a day that has anything."""
    days = month.days
    return {
        **_head("daily", month, currency),
        "day": [each.day.isoformat() for each in days],
        "active_tenants": [each.activity.tenants for each in days],
        "requests": [each.activity.requests for each in days],
        "ai_tokens": [plain(each.activity.ai_tokens) for each in days],
        "cost": [rounded(total_cost(each.cost), currency) for each in days],
        "unknown_costs": [each.cost.unknown for each in days],
        "mrr": [rounded(each.mrr, currency) for each in days],
    }


@dataclass(frozen=True)
class ShownDay:
    """One day of MRR as it is written; `moves` is None where a page goes on with the plans of a day before it."""

    day: str
    moves: Mapping[str, str | None] | None
    plans: Sequence[Mapping[str, Any]]


def shown_day(day: MrrDay, currency: str) -> ShownDay:
    """Write a day: opening + movements = closing, and its plans add up to its closing."""
    opening, closing, brings = total_of(day.opening), total_of(day.plans), by_plan(day.plans, currency)
    at = day.day.isoformat()
    return ShownDay(
        at,
        {
            "opening": rounded(opening, currency),
            **moved(opening, closing, day.movements, currency=currency),
            "closing": rounded(closing, currency),
        },
        [
            {
                "day": at,
                "plan": plan.plan,
                "tenants": plan.tenants,
                "subscriptions": plan.subscriptions,
                "mrr": brings[plan.plan],
                "unpriced": plan.unpriced,
            }
            for plan in day.plans
        ],
    )


def mrr_page(month: Month[ShownDay], *, currency: str, definition: str) -> dict[str, Any]:
    """Give how MRR moved on the days of a month, and under `plans` what it was made of as each day ended."""
    days = [(each.day, each.moves) for each in month.days if each.moves is not None]
    plans = [plan for each in month.days for plan in each.plans]
    return {
        **_head("mrr", month, currency),
        "definition": definition,
        "day": [day for day, _ in days],
        **{name: [moves[name] for _, moves in days] for name in ("opening", *MOVEMENTS, "closing")},
        "plans": {name: [plan[name] for plan in plans] for name in PLAN_COLUMNS},
    }


def tenants_page(first_rank: int, tenants: Sequence[Ranked], currency: str) -> dict[str, Any]:
    """Give some tenants in the order of their rank, in columns."""
    shown = [ranked(each, currency) for each in tenants]
    return {
        "schema": SCHEMA,
        "kind": "tenants",
        "period": RANKED_PERIOD,
        "currency": currency,
        "rank": list(range(first_rank, first_rank + len(shown))),
        **{name: [each[name] for each in shown] for name in TENANT_COLUMNS},
    }


def index_page(kind: str, older: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give a list of pages that the summary has no room for; the last may be the next index."""
    return {"schema": SCHEMA, "kind": f"{kind}-index", "pages": list(older)}


def cut_days(days: Sequence[ShownDay]) -> Iterator[Sequence[ShownDay]]:
    """Cut days into pages: whole days, as many as have no more plans together than a page holds, at least one."""
    start, held = 0, 0
    for place, day in enumerate(days):
        if place > start and held + len(day.plans) > PLANS_A_PAGE:
            yield days[start:place]
            start, held = place, 0
        held += len(day.plans)
    yield days[start:]


def halved(days: Sequence[ShownDay]) -> list[Sequence[ShownDay]]:
    """Give two halves of some days, or of the plans of one; nothing of what cannot be halved."""
    if len(days) > 1:
        return [days[: len(days) // 2], days[len(days) // 2 :]]
    [day] = days
    half = len(day.plans) // 2
    return [[replace(day, plans=day.plans[:half])], [replace(day, moves=None, plans=day.plans[half:])]] if half else []


def _head(kind: str, month: Month[Any], currency: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": kind,
        "from": instant(month.start),
        "to": instant(month.end),
        "currency": currency,
    }
