"""Detail pages: the hours of a day, the days of a month, and the index of older pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline.documents.dashboard import listed
from pipeline.documents.lists import percentiles
from pipeline.documents.numbers import instant, plain, ratio
from pipeline.documents.rows import Listed, PageRow
from pipeline.documents.version import SCHEMA

COLUMNS = {"hourly": "bucket_start", "daily": "day"}
INDEX = "index"
INDEXED = 400  # entries of an index page; they come to about 12,000 bytes


def detail_page(
    kind: str, tenant_id: str, rows: Sequence[PageRow], *, page_from: datetime, page_to: datetime
) -> dict[str, Any]:
    """Give a page in columns: one list a measure, all of one length, one place an hour or day that has data."""
    latencies = [percentiles(row.latency) for row in rows]
    return {
        "schema": SCHEMA,
        "kind": kind,
        "tenant_id": tenant_id,
        "from": instant(page_from),
        "to": instant(page_to),
        COLUMNS[kind]: [row.at if isinstance(row.at, str) else instant(row.at) for row in rows],
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
