"""What the files replace: the same document, computed from the raw tables at every request."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine

from bench.live_statements import BEFORE, ENDPOINTS, MODELS, TIMES, TOKENS, TREND
from pipeline.documents.encode import compress
from pipeline.serving.site import Answer, Asked, Site

Json = dict[str, Any]
HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Cache-Control": "no-store"}


@dataclass(frozen=True)
class LiveSite(Site):
    """The page's files as ever; `dashboard.json` by SQL. `published` gives what is not counted anew, for nothing."""

    engine: Engine
    published: Json
    periods: Sequence[str]

    def answer(self, asked: Asked) -> Answer:
        """Compute a dashboard, or answer as the static site does."""
        if not asked.target.endswith("/dashboard.json"):
            return super().answer(asked)
        with self.engine.connect() as connection:
            content = compress(orjson.dumps(computed(connection, self.published, self.periods)))
        return Answer(HTTPStatus.OK, HEADERS, content)


def open_pool(url: str) -> Engine:
    """As many connections as there are processors, kept open; statements are prepared once."""
    size = len(os.sched_getaffinity(0))
    return create_engine(url, pool_size=size, max_overflow=0, connect_args={"options": "-c timezone=UTC"})


def computed(connection: Connection, published: Json, names: Sequence[str]) -> Json:
    """Give the document with its counted sections computed for some of its periods, and without the others."""
    document = copy.copy(published)
    document["periods"] = {
        name: _period(connection, published["tenant"]["id"], published["periods"][name]) for name in names
    }
    return document


def _period(connection: Connection, tenant: str, published: Json) -> Json:
    start, end = (datetime.fromisoformat(published[edge]) for edge in ("start", "end"))
    points = len(published["usage_trend"]["api_requests"])
    bound = {
        "tenant": tenant,
        "start": start,
        "end": end,
        "before": start - (end - start),
        "step": (end - start) / points,
    }

    def ask(statement: str) -> Sequence[Any]:
        return connection.exec_driver_sql(statement, bound).all()

    (times,), (before,), trend = ask(TIMES), ask(BEFORE), ask(TREND)
    endpoints, tokens, models = ask(ENDPOINTS), ask(TOKENS), ask(MODELS)
    requests, used = dict.fromkeys(range(points), 0), dict.fromkeys(range(points), 0)
    requests.update({row.point: row.requests for row in trend})
    used.update({row.point: int(row.amount) for row in tokens})
    by_point = {row.point: row for row in trend}
    errors = times.client_errors + times.server_errors
    total = sum(used.values())
    series = {
        "api_requests": (times.requests, before.requests, list(requests.values())),
        "ai_tokens": (total, int(before.tokens), list(used.values())),
        "error_rate": (
            _share(errors, times.requests),
            _share(before.errors, before.requests),
            _errors(by_point, points),
        ),
        "avg_response_time": (times.avg_ms, before.avg_ms, [_of(by_point, i, "avg_ms") for i in range(points)]),
    }
    return published | {
        "metrics": [
            metric | {"value": now, "change_pct": _change(now, then), "trend": points_of}
            for metric in published["metrics"]
            for now, then, points_of in [series[metric["name"]]]
        ],
        "api_usage": {
            "total": times.requests,
            "client_errors": times.client_errors,
            "server_errors": times.server_errors,
        },
        "ai_tokens": published["ai_tokens"] | {"total": total, "by_model": {row.model: _model(row) for row in models}},
        "response_times": published["response_times"]
        | {"avg_ms": times.avg_ms, "count": times.timed}
        | dict(zip(("p50_ms", "p95_ms", "p99_ms"), times.quantiles or [None] * 3, strict=True)),
        "error_rates": {
            "total_pct": _share(errors, times.requests),
            "client_pct": _share(times.client_errors, times.requests),
            "server_pct": _share(times.server_errors, times.requests),
        },
        "top_endpoints": [
            {
                "endpoint": row.endpoint,
                "requests": row.requests,
                "share_pct": _share(row.requests, times.requests),
                "p95_ms": row.p95_ms,
                "error_pct": _share(row.errors, row.requests),
            }
            for row in endpoints
        ],
        "usage_trend": published["usage_trend"]
        | {"api_requests": list(requests.values()), "ai_tokens": list(used.values())},
    }


def _model(row: Any) -> Json:
    tokens = int(row.tokens)
    return {"tokens": tokens, "requests": row.requests, "avg_tokens_per_request": round(tokens / row.requests, 2)}


def _errors(by_point: dict[int, Any], points: int) -> list[float | None]:
    return [_share(row.errors, row.requests) if (row := by_point.get(i)) else None for i in range(points)]


def _of(by_point: dict[int, Any], point: int, name: str) -> Any:
    return getattr(by_point[point], name) if point in by_point else None


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


def _change(now: float | None, then: float | None) -> float | None:
    return round(100 * (now - then) / then, 1) if now is not None and then else None
