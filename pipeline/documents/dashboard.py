"""`dashboard.json`, the first screen: one function a section. Pure: rows in, document out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.documents import lists
from pipeline.documents.costs import cost_breakdown, draft_costs
from pipeline.documents.lists import Lengths, percentiles
from pipeline.documents.numbers import change, instant, percent, plain, ratio
from pipeline.documents.quotas import quota_status
from pipeline.documents.rows import PERIODS, Latency, Listed, Period, Point, Tenant
from pipeline.documents.sketch import RELATIVE_ERROR
from pipeline.documents.version import SCHEMA

EMPTY = Point()

# Period: the grain its totals come from and how many points it has; the grain of its trend and how many points.
GRAINS = {
    "24h": ("hour", 24, "hour", 24),
    "7d": ("day", 7, "6h", 28),
    "30d": ("day", 30, "day", 30),
    "90d": ("day", 90, "day", 90),
}


def dashboard(
    tenant: Tenant,
    *,
    seq: int,
    data_through: datetime,
    currency: str,
    periods: Mapping[str, Any],
    pages: Mapping[str, Sequence[Listed]],
    lengths: Lengths = Lengths(),  # noqa: B008 it is frozen
) -> dict[str, Any]:
    """Give the document of one tenant; `periods` as drafted, `pages` by kind, newest first."""
    return {
        "schema": SCHEMA,
        "tenant": {"id": tenant.id, "name": tenant.name, "plan": tenant.plan, "timezone": tenant.timezone},
        "seq": seq,
        "data_through": instant(data_through),
        "currency": currency,
        "periods": {name: _finished(periods[name], lengths) for name in PERIODS},
        "quota_status": quota_status(tenant.quotas, through=data_through, length=lengths.quotas),
        "other_quotas": tenant.all_quotas - len(tenant.quotas[: lengths.quotas]),
        "pages": {kind: [listed(page) for page in pages[kind]] for kind in pages},
    }


def draft_periods(tenant: Tenant, currency: str) -> dict[str, Any]:
    """Give the sections of each period that the tenant's rows were read for; their lists are drafts."""
    return {name: _period(name, period, tenant, currency) for name, period in tenant.periods.items()}


def _finished(period: Mapping[str, Any], lengths: Lengths) -> dict[str, Any]:
    """Put the lists, at their lengths, where the drafts are."""
    models, endpoints, kinds = period["ai_tokens"]["by_model"], period["top_endpoints"], period["other_usage"]
    return {
        **period,
        "ai_tokens": {
            "total": period["ai_tokens"]["total"],
            "by_model": lists.by_model(models, lengths.models),
            "other_models": lists.other_models(models, lengths.models),
        },
        "top_endpoints": lists.top_endpoints(endpoints, lengths.endpoints),
        "other_endpoints": lists.other_endpoints(endpoints, lengths.endpoints),
        "other_usage": lists.other_usage(kinds, lengths.kinds),
        "other_kinds": lists.other_kinds(kinds, lengths.kinds),
        "cost_breakdown": cost_breakdown(period["cost_breakdown"], lengths),
    }


def _period(name: str, period: Period, tenant: Tenant, currency: str) -> dict[str, Any]:
    total_grain, count, trend_grain, _ = GRAINS[name]
    points = tenant.series.get(total_grain, {})
    now = total(points.get(place, EMPTY) for place in range(1, count + 1))
    before = total(points.get(place, EMPTY) for place in range(count + 1, 2 * count + 1))
    trend = trend_points(name, tenant.series.get(trend_grain, {}))
    days = [tenant.cost_days.get(place, Decimal(0)) for place in range(count, 0, -1)] if total_grain == "day" else None
    return {
        "start": instant(period.start),
        "end": instant(period.end),
        "metrics": _metrics(now, before, trend),
        "api_usage": {
            "total": now.requests,
            "client_errors": now.client_errors,
            "server_errors": now.server_errors,
        },
        "ai_tokens": {
            "total": plain(now.ai_tokens),
            "by_model": lists.draft_usage(period.models, period.all_models),
        },
        "response_times": _response_times(now, period.latency),
        "error_rates": {
            "total_pct": percent(now.client_errors + now.server_errors, now.requests),
            "client_pct": percent(now.client_errors, now.requests),
            "server_pct": percent(now.server_errors, now.requests),
        },
        "top_endpoints": lists.draft_endpoints(period.endpoints, period.all_endpoints),
        "other_endpoints": None,
        "other_usage": lists.draft_usage(period.kinds, period.all_kinds),
        "other_kinds": None,
        "usage_trend": {
            "granularity": trend_grain,
            "start": instant(period.start),
            "api_requests": [point.requests for point in trend],
            "ai_tokens": [plain(point.ai_tokens) for point in trend],
        },
        "cost_breakdown": draft_costs(period.costs, currency, days),
    }


def total(points: Iterable[Point]) -> Point:
    """Add points up."""
    requests = client_errors = server_errors = duration_count = 0
    duration_ms_sum = ai_tokens = Decimal(0)
    for point in points:
        requests += point.requests
        client_errors += point.client_errors
        server_errors += point.server_errors
        duration_ms_sum += point.duration_ms_sum
        duration_count += point.duration_count
        ai_tokens += point.ai_tokens
    return Point(requests, client_errors, server_errors, duration_ms_sum, duration_count, ai_tokens)


def trend_points(name: str, points: Mapping[int, Point]) -> list[Point]:
    """Give a period's trend, oldest first: places count back from the end, but quarters from the start."""
    _, _, grain, count = GRAINS[name]
    places = range(count) if grain == "6h" else range(count, 0, -1)
    return [points.get(place, EMPTY) for place in places]


def _errors(point: Point) -> int:
    return point.client_errors + point.server_errors


def _error_rate(point: Point) -> float | None:
    return percent(_errors(point), point.requests)


def _average(point: Point) -> float | None:
    return ratio(point.duration_ms_sum, point.duration_count, 3)


def _metrics(now: Point, before: Point, trend: Sequence[Point]) -> list[dict[str, Any]]:
    return [
        {
            "name": "api_requests",
            "value": now.requests,
            "unit": "requests",
            "change_pct": change(now.requests, before.requests),
            "trend": [point.requests for point in trend],
        },
        {
            "name": "ai_tokens",
            "value": plain(now.ai_tokens),
            "unit": "tokens",
            "change_pct": change(now.ai_tokens, before.ai_tokens),
            "trend": [plain(point.ai_tokens) for point in trend],
        },
        {
            "name": "error_rate",
            "value": _error_rate(now),
            "unit": "percent",
            "change_pct": _change_of_ratio((_errors(now), now.requests), (_errors(before), before.requests)),
            "trend": [_error_rate(point) for point in trend],
        },
        {
            "name": "avg_response_time",
            "value": _average(now),
            "unit": "ms",
            "change_pct": _change_of_ratio(
                (now.duration_ms_sum, now.duration_count), (before.duration_ms_sum, before.duration_count)
            ),
            "trend": [_average(point) for point in trend],
        },
    ]


def _change_of_ratio(now: tuple[Decimal | int, int], before: tuple[Decimal | int, int]) -> float | None:
    if not now[1] or not before[1]:
        return None
    return change(Decimal(now[0]) / now[1], Decimal(before[0]) / before[1])


def _response_times(now: Point, latency: Latency) -> dict[str, Any]:
    return {
        "avg_ms": _average(now),
        **percentiles(latency),
        "count": now.duration_count,
        "relative_error": RELATIVE_ERROR,
    }


def listed(page: Listed) -> dict[str, Any]:
    """Give a page as `dashboard.json` and index pages list it."""
    if page.page_from and page.page_to:
        return {
            "path": page.path,
            "from": instant(page.page_from),
            "to": instant(page.page_to),
            "bytes": page.bytes,
        }
    return {"path": page.path, **_ranks(page.page), "bytes": page.bytes}


def _ranks(page: str) -> dict[str, Any]:
    """Give the ranks of a period that a page covers; the index of ranked pages says nothing of it."""
    period, *ranks = page.split("-")
    if period not in PERIODS:
        return {}
    first, last = ranks
    return {"period": period, "from_rank": int(first), "to_rank": int(last)}
