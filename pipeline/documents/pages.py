"""Detail pages: hours of a day, days of a month, weeks and months of a year, and the index of older pages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pipeline.documents.dashboard import listed
from pipeline.documents.lists import percentiles
from pipeline.documents.numbers import instant, plain, ratio
from pipeline.documents.rows import Listed, PageRow
from pipeline.documents.version import SCHEMA

Column = Callable[[PageRow], Any]
INDEX = "index"
INDEXED = 400  # entries of an index page; they come to about 12,000 bytes


def _first_day(row: PageRow) -> str:
    return str(row.at)


def _days(row: PageRow) -> int:
    return row.days


# What stands before the measures: which hour, day, week or month it is.
DIMENSIONS: Mapping[str, Mapping[str, Column]] = {
    "hourly": {"bucket_start": lambda row: instant(row.at) if isinstance(row.at, datetime) else row.at},
    "daily": {"day": _first_day},
    "weekly": {"week": lambda row: iso_week(_first_day(row)), "first_day": _first_day, "days": _days},
    "monthly": {"month": lambda row: _first_day(row)[:7], "first_day": _first_day, "days": _days},
}


def iso_week(day: str) -> str:
    """Name the ISO week of a day: 2024-12-30 is in 2025-W01."""
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year:04}-W{week:02}"


def detail_page(
    kind: str, tenant_id: str, rows: Sequence[PageRow], *, page_from: datetime, page_to: datetime
) -> dict[str, Any]:
    """Give a page in columns: one list a measure, one place an hour, day, week or month with data."""
    latencies = [percentiles(row.latency) for row in rows]
    return {
        "schema": SCHEMA,
        "kind": kind,
        "tenant_id": tenant_id,
        "from": instant(page_from),
        "to": instant(page_to),
        **{name: [column(row) for row in rows] for name, column in DIMENSIONS[kind].items()},
        "requests": [row.point.requests for row in rows],
        "client_errors": [row.point.client_errors for row in rows],
        "server_errors": [row.point.server_errors for row in rows],
        "ai_tokens": [plain(row.point.ai_tokens) for row in rows],
        "duration_count": [row.point.duration_count for row in rows],
        "avg_ms": [ratio(row.point.duration_ms_sum, row.point.duration_count, 3) for row in rows],
        **{name: [latency[name] for latency in latencies] for name in ("p50_ms", "p95_ms", "p99_ms")},
    }


def index_name(made: int) -> str:
    """Name an index page by how many there are before it: index, then index-2, index-3 and so on."""
    return f"{INDEX}-{made + 1}" if made else INDEX


def index_page(kind: str, tenant_id: str, older: Sequence[Listed]) -> dict[str, Any]:
    """Give a list of pages that `dashboard.json` has no room for, newest first; the last may be the next index."""
    return {
        "schema": SCHEMA,
        "kind": f"{kind}-index",
        "tenant_id": tenant_id,
        "pages": [listed(page) for page in older],
    }
