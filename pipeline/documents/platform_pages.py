"""The platform's pages: days and MRR of a month, tenants by rank, and the index of what the summary has no room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.documents.numbers import instant, plain
from pipeline.documents.platform import SCHEMA, ranked
from pipeline.documents.platform_money import MOVEMENTS, by_plan, moved, rounded, total_cost, total_of
from pipeline.documents.platform_rows import Day, Month, MrrDay, Plan, Ranked

PLANS_A_PAGE = 600
TENANTS_A_PAGE = 100
RANKED_PERIOD = "30d"
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


def mrr_page(month: Month[MrrDay], *, currency: str, definition: str) -> dict[str, Any]:
    """Give how MRR moved on the days of a month, and under `plans` what it was made of as each day ended.

    As written, opening + movements = closing on each day, and the plans of a day add up to its closing.
    """
    moves = [
        moved(total_of(each.opening), total_of(each.plans), each.movements, currency=currency) for each in month.days
    ]
    plans = [(each.day.isoformat(), plan, brings) for each in month.days for plan, brings in _plans(each, currency)]
    return {
        **_head("mrr", month, currency),
        "definition": definition,
        "day": [each.day.isoformat() for each in month.days],
        "opening": [rounded(total_of(each.opening), currency) for each in month.days],
        **{name: [move[name] for move in moves] for name in MOVEMENTS},
        "closing": [rounded(total_of(each.plans), currency) for each in month.days],
        "plans": {
            "day": [day for day, _, _ in plans],
            "plan": [plan.plan for _, plan, _ in plans],
            "tenants": [plan.tenants for _, plan, _ in plans],
            "subscriptions": [plan.subscriptions for _, plan, _ in plans],
            "mrr": [brings for _, _, brings in plans],
            "unpriced": [plan.unpriced for _, plan, _ in plans],
        },
    }


def _plans(day: MrrDay, currency: str) -> Iterator[tuple[Plan, str | None]]:
    brings = by_plan(day.plans, currency)
    return ((plan, brings[plan.plan]) for plan in day.plans)


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


def cut_days(days: Sequence[MrrDay]) -> Iterator[Sequence[MrrDay]]:
    """Cut days into pages: whole days, as many as have no more plans together than a page holds, at least one."""
    start, held = 0, 0
    for place, day in enumerate(days):
        if place > start and held + len(day.plans) > PLANS_A_PAGE:
            yield days[start:place]
            start, held = place, 0
        held += len(day.plans)
    yield days[start:]


def _head(kind: str, month: Month[Any], currency: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": kind,
        "from": instant(month.start),
        "to": instant(month.end),
        "currency": currency,
    }
