"""`dashboard.json`, the first screen: one function a section. Pure: rows in, document out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.documents.numbers import change, instant, percent, plain, ratio
from pipeline.documents.rows import PERIODS, Latency, Listed, Period, Point, Tenant, Usage
from pipeline.documents.sketch import RELATIVE_ERROR, clamped

SCHEMA = 1
LISTED = 10
LISTED_PAGES = 35
TOKENS = "ai_tokens_"
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
) -> dict[str, Any]:
    """Give the document of one tenant; `pages` by kind, newest first."""
    return {
        "schema": SCHEMA,
        "tenant": {"id": tenant.id, "name": tenant.name, "plan": tenant.plan, "timezone": tenant.timezone},
        "seq": seq,
        "data_through": instant(data_through),
        "currency": currency,
        "periods": {name: periods[name] for name in PERIODS},
        "pages": {kind: [_listed(page) for page in pages[kind]] for kind in pages},
    }


def shape_periods(tenant: Tenant) -> dict[str, Any]:
    """Give the sections of each period that the tenant's rows were read for."""
    return {name: _period(name, period, tenant.series) for name, period in tenant.periods.items()}


def _period(name: str, period: Period, series: Mapping[str, Mapping[int, Point]]) -> dict[str, Any]:
    total_grain, count, trend_grain, _ = GRAINS[name]
    points = series.get(total_grain, {})
    now = total(points.get(place, EMPTY) for place in range(1, count + 1))
    before = total(points.get(place, EMPTY) for place in range(count + 1, 2 * count + 1))
    trend = trend_points(name, series.get(trend_grain, {}))
    return {
        "start": instant(period.start),
        "end": instant(period.end),
        "metrics": _metrics(now, before, trend),
        "api_usage": {
            "total": now.requests,
            "client_errors": now.client_errors,
            "server_errors": now.server_errors,
        },
        "ai_tokens": _ai_tokens(now, period.usage),
        "response_times": _response_times(now, period.latency),
        "error_rates": {
            "total_pct": percent(now.client_errors + now.server_errors, now.requests),
            "client_pct": percent(now.client_errors, now.requests),
            "server_pct": percent(now.server_errors, now.requests),
        },
        "top_endpoints": _top_endpoints(now, period),
        "other_usage": _other_usage(period.usage),
        "usage_trend": {
            "granularity": trend_grain,
            "start": instant(period.start),
            "api_requests": [point.requests for point in trend],
            "ai_tokens": [plain(point.ai_tokens) for point in trend],
        },
    }


def total(points: Iterable[Point]) -> Point:
    """Add points up."""
    listed = list(points)
    return Point(
        requests=sum(point.requests for point in listed),
        client_errors=sum(point.client_errors for point in listed),
        server_errors=sum(point.server_errors for point in listed),
        duration_ms_sum=sum((point.duration_ms_sum for point in listed), Decimal(0)),
        duration_count=sum(point.duration_count for point in listed),
        ai_tokens=sum((point.ai_tokens for point in listed), Decimal(0)),
    )


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


def _ai_tokens(now: Point, usage: Sequence[Usage]) -> dict[str, Any]:
    models = [each for each in usage if each.quota_type.startswith(TOKENS)]
    first = sorted(models, key=lambda each: (-each.amount, each.quota_type))[:LISTED]
    return {
        "total": plain(now.ai_tokens),
        "by_model": {
            each.quota_type.removeprefix(TOKENS): {
                "tokens": plain(each.amount),
                "requests": each.records,
                "avg_tokens_per_request": ratio(each.amount, each.records, 2),
            }
            for each in first
        },
    }


def _other_usage(usage: Sequence[Usage]) -> list[dict[str, Any]]:
    others = [each for each in usage if not each.quota_type.startswith(TOKENS)]
    first = sorted(others, key=lambda each: (-each.amount, each.quota_type))[:LISTED]
    return [{"quota_type": each.quota_type, "amount": plain(each.amount), "records": each.records} for each in first]


def _response_times(now: Point, latency: Latency) -> dict[str, Any]:
    return {
        "avg_ms": _average(now),
        **percentiles(latency),
        "count": now.duration_count,
        "relative_error": RELATIVE_ERROR,
    }


def percentiles(latency: Latency) -> dict[str, float | None]:
    """Give p50_ms, p95_ms and p99_ms; null where no duration was usable."""
    return {
        f"p{rank}_ms": clamped(at, us_min=latency.us_min, us_max=latency.us_max)
        for rank, at in ((50, latency.p50_key), (95, latency.p95_key), (99, latency.p99_key))
    }


def _top_endpoints(now: Point, period: Period) -> list[dict[str, Any]]:
    return [
        {
            "endpoint": each.endpoint,
            "requests": each.requests,
            "share_pct": percent(each.requests, now.requests),
            "p95_ms": percentiles(each.latency)["p95_ms"],
            "error_pct": percent(each.errors, each.requests),
        }
        for each in sorted(period.endpoints, key=lambda each: each.rank)
    ]


def _listed(page: Listed) -> dict[str, Any]:
    return {
        "path": page.path,
        "from": instant(page.page_from),
        "to": instant(page.page_to),
        "bytes": page.bytes,
    }
