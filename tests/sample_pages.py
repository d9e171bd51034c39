"""Detail pages as the publisher writes them, made by hand: two years of weeks, months, days and hours, ranks, cost days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.sample_documents import Json, stamp

ENTRIES = 250
MEASURES = ("requests", "client_errors", "server_errors", "ai_tokens", "avg_ms", "p50_ms", "p95_ms", "p99_ms")
LAGOS = timedelta(hours=1)


def with_pages(key: str, document: Json, *, through: datetime) -> dict[str, Json]:
    """Give the files of a tenant by path: the document, its pages, and an index of older ones."""
    root = f"v1/t/{key}"
    today = (through + LAGOS).date()
    pages = {
        "hourly": list(_hourly(through)),
        "daily": list(_daily(today)),
        "weekly": [_times("weekly", today.replace(month=1, day=1), "first_day", list(_weeks(today)))],
        "monthly": [_times("monthly", today.replace(month=1, day=1), "first_day", list(_months(today)))],
        "endpoints": list(_ranked("endpoints", "endpoint")),
        "models": list(_ranked("models", "model")),
        "costs": [_costs(today)],
    }
    files: dict[str, Json] = {}
    listed: dict[str, list[Json]] = {}
    for kind, made in pages.items():
        listed[kind] = []
        for place, page in enumerate(made):
            path = f"{kind}/{place}.0123456789ab.json"
            files[f"{root}/{path}"] = page
            place_of = {name: page[name] for name in ("from", "to", "period") if name in page}
            if "rank" in page:
                place_of |= {"from_rank": page["rank"][0], "to_rank": page["rank"][-1]}
            listed[kind].append({"path": path, **place_of, "bytes": 800})
    index = {"path": "daily/index.0123456789ab.json", "from": "x", "to": "y", "bytes": 100}
    files[f"{root}/{index['path']}"] = _head("daily-index") | {"pages": listed["daily"][3:]}
    listed["daily"] = [*listed["daily"][:3], index]
    return files | {f"{root}/dashboard.json": document | {"pages": listed}}


def _head(kind: str) -> Json:
    return {"schema": 1, "kind": kind, "tenant_id": "t-7"}


def _times(kind: str, first: date, column: str, at: Sequence[str]) -> Json:
    numbers = [(place * 37 + 11) % 97 + 3 for place in range(len(at))]
    return {
        **_head(kind),
        "from": f"{first}T00:00:00Z",
        "to": f"{first}T23:00:00Z",
        column: list(at),
        "requests": [number * 100 for number in numbers],
        "client_errors": [number % 7 for number in numbers],
        "server_errors": [number % 3 for number in numbers],
        "ai_tokens": [number * 5000 for number in numbers],
        "duration_count": [number * 100 for number in numbers],
        "avg_ms": [number + 0.5 for number in numbers],
        "p50_ms": [number * 0.9 for number in numbers],
        "p95_ms": [number * 4.0 if number % 5 else None for number in numbers],
        "p99_ms": [number * 9.0 for number in numbers],
    }


def _hourly(through: datetime) -> Iterator[Json]:
    for back in range(6):
        midnight = datetime.combine((through + LAGOS).date() - timedelta(days=back), datetime.min.time(), UTC) - LAGOS
        hours = [midnight + timedelta(hours=hour) for hour in range(24) if hour not in {3, 4}]
        yield _times("hourly", midnight.date(), "bucket_start", [stamp(hour) for hour in hours if hour < through])


def _daily(today: date) -> Iterator[Json]:
    month, last = today.replace(day=1), today
    for _ in range(8):
        days = [month + timedelta(days=day) for day in range((last - month).days) if day != 5]
        yield _times("daily", month, "day", [day.isoformat() for day in days])
        month, last = (month - timedelta(days=1)).replace(day=1), month


def _weeks(today: date) -> Iterator[str]:
    first = date.fromisocalendar(today.year, 1, 1)
    while first < today:
        yield first.isoformat()
        first += timedelta(days=7)


def _months(today: date) -> Iterator[str]:
    return (date(today.year, month, 1).isoformat() for month in range(1, today.month + 1))


def _ranked(kind: str, column: str) -> Iterator[Json]:
    for start in range(0, ENTRIES, 100):
        ranks = list(range(start + 1, min(start + 100, ENTRIES) + 1))
        counts: list[Any] = [1_000_000 // rank for rank in ranks]
        own: Json = {"share_pct": [round(60 / rank, 2) for rank in ranks], "error_pct": [0.5] * len(ranks)}
        own |= {f"{name}_ms": [float(rank) for rank in ranks] for name in ("p50", "p95", "p99")}
        if kind == "models":
            own = {"tokens": [count * 70 for count in counts], "avg_tokens_per_request": [70.0] * len(ranks)}
        names = [f"/v1/{column}/{rank:03}" for rank in ranks]
        ranked = {"period": "24h", "entries": ENTRIES, "rank": ranks, column: names, "requests": counts}
        yield _head(kind) | ranked | own | {"other": None}


def _costs(today: date) -> Json:
    days = [(today - timedelta(days=back)).isoformat() for back in (3, 2, 1)]
    return {
        **_head("costs"),
        "from": f"{days[0]}T00:00:00Z",
        "to": f"{days[-1]}T00:00:00Z",
        "day": days,
        "item": ["ai_tokens_gpt-4", "api_calls", "sms"],
        "price_from": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None],
        "quantity": ["90210.5", "1204", "3"],
        "unit_size": ["1000", "1", None],
        "unit_price": ["0.03", "0.33", None],
        "currency": ["USD", "NGN", None],
        "native_amount": ["2.706315", "397.32", None],
        "fx_rate": ["1500.123456", "1", None],
        "fx_date": [days[0], None, None],
        "fx_source": ["cbn", None, None],
        "amount": ["4059.806631", "397.32", None],
        "missing": [None, None, "no_price"],
    }
