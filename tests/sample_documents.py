"""Documents as the publisher writes them, made by hand: plain, empty, huge and hostile tenants."""

from __future__ import annotations

import gzip
import json
import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.sample_money import KNOWN, NOTHING, QUOTAS, UNKNOWN, huge

KINDS = ("hourly", "daily", "weekly", "monthly", "endpoints", "models", "costs")
Json = dict[str, Any]

SHAPES = {
    "24h": ("hour", 24, timedelta(hours=1)),
    "7d": ("6h", 28, timedelta(hours=6)),
    "30d": ("day", 30, timedelta(days=1)),
    "90d": ("day", 90, timedelta(days=1)),
}
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@dataclass(frozen=True)
class Sample:
    """A tenant to be made up: how big it is and what its names look like."""

    name: str
    plan: str | None = "pro"
    size: float = 1.0
    seed: int = 7
    timezone: str = "Africa/Lagos"
    hostile: bool = False


def stamp(at: datetime) -> str:
    """UTC with a Z, as all times in the files."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def status(*, data_through: datetime, seq: int = 4711, stale: tuple[str, ...] = ()) -> Json:
    """`v1/status.json`."""
    return {
        "schema": 1,
        "seq": seq,
        "data_through": stamp(data_through),
        "published_at": stamp(data_through + timedelta(minutes=2)),
        "next_expected_at": stamp(data_through + timedelta(hours=1, minutes=2)),
        "stale": list(stale),
    }


def dashboard(sample: Sample, *, data_through: datetime, seq: int = 4711) -> Json:
    """`dashboard.json` of a tenant; the same sample gives the same numbers."""
    return {
        "schema": 1,
        "tenant": {
            "id": f"t-{sample.seed}",
            "name": sample.name,
            "plan": sample.plan,
            "timezone": sample.timezone,
        },
        "seq": seq,
        "data_through": stamp(data_through),
        "currency": "NGN",
        "periods": {name: _period(sample, name, data_through) for name in SHAPES},
        "quota_status": QUOTAS if sample.size else [],
        "other_quotas": 2 if sample.size >= 1000 else 0,
        "pages": {kind: [] for kind in KINDS},
    }


def publish(root: Path, files: dict[str, Json]) -> None:
    """Write files as the file store does: gzip at the path, and a link with .gz beside it."""
    for path, document in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(json.dumps(document).encode(), mtime=0))
        beside = file.with_name(file.name + ".gz")
        if not beside.is_symlink():
            beside.symlink_to(file.name)


def _period(sample: Sample, name: str, data_through: datetime) -> Json:
    granularity, points, step = SHAPES[name]
    end = data_through
    if name != "24h":  # Lagos is an hour ahead of UTC all year: its midnight is at 23:00
        end = (data_through + timedelta(hours=1)).replace(hour=0) - timedelta(hours=1)
    start = end - points * step
    dice = random.Random(f"{sample.seed} {name}")
    requests = [_wave(dice, at=start + index * step, scale=60 * sample.size, step=step) for index in range(points)]
    tokens = [count * dice.randint(60, 90) for count in requests]
    sections = _busy(sample, dice, requests, tokens) if sum(requests) else _idle(points)
    cost = _cost(sample)
    cost = cost | {"change_pct": None, "trend": _cost_trend(name, cost, points)}
    trend = {"granularity": granularity, "start": stamp(start), "api_requests": requests, "ai_tokens": tokens}
    return {"start": stamp(start), "end": stamp(end)} | sections | {"usage_trend": trend, "cost_breakdown": cost}


def _cost(sample: Sample) -> Json:
    if sample.hostile or sample.size >= 1000:
        return huge(HOSTILE if sample.hostile else "a-model-with-a-rather-long-name-instruct-preview")
    return (KNOWN if sample.timezone == "Africa/Lagos" else UNKNOWN) if sample.size else NOTHING


def _cost_trend(name: str, cost: Json, points: int) -> list[str | None] | None:
    """A point a day; none where the period is not one of days."""
    if name == "24h":
        return None
    return [None, *["0.00"] * (7 if name == "7d" else points - 2), cost["total"]]


def _wave(dice: random.Random, *, at: datetime, scale: float, step: timedelta) -> int:
    """More by day than by night, less on Sundays."""
    hours = step / timedelta(hours=1)
    daily = 1.0 if hours > 6 else 1 + 0.8 * math.sin((at.hour - 7) / 24 * 2 * math.pi)
    weekly = 0.55 if at.weekday() == 6 else 1.0
    return round(scale * hours * daily * weekly * dice.uniform(0.8, 1.2))


def _busy(sample: Sample, dice: random.Random, requests: list[int], tokens: list[int]) -> Json:
    total, all_tokens = sum(requests), sum(tokens)
    client, server = round(total * 0.0257), round(total * 0.0017)
    rates = [round(dice.uniform(1.5, 4), 2) for _ in requests]
    times = [round(dice.uniform(60, 110), 1) for _ in requests]
    rates[5:8] = [None, None, None]
    times[5:8] = [None, None, None]
    return {
        "metrics": [
            _metric("api_requests", total, "requests", 4.1, requests),
            _metric("ai_tokens", all_tokens, "tokens", -12.4, tokens),
            _metric("error_rate", _percent(client + server, total), "percent", 8.0, rates),
            _metric("avg_response_time", 81.2, "ms", None, times),
        ],
        "api_usage": {"total": total, "client_errors": client, "server_errors": server},
        "ai_tokens": {
            "total": all_tokens,
            "by_model": _models(sample, total, all_tokens),
            "other_models": {"models": 31, "tokens": 12_345, "requests": 67} if sample.size >= 1000 else None,
        },
        "response_times": {
            "avg_ms": 81.2,
            "p50_ms": 54.4,
            "p95_ms": 333.7,
            "p99_ms": 707.7 if sample.size < 1000 else 12707.7,
            "count": total,
            "relative_error": 0.01,
        },
        "error_rates": {
            "total_pct": _percent(client + server, total),
            "client_pct": _percent(client, total),
            "server_pct": _percent(server, total),
        },
        "top_endpoints": _endpoints(sample, total),
        "other_endpoints": _other_endpoints(sample, total),
        "other_usage": [
            {"quota_type": "storage_gb_hours", "amount": round(12.5 * sample.size, 2), "records": 24},
            {
                "quota_type": HOSTILE if sample.hostile else "emails",
                "amount": round(310 * sample.size),
                "records": 310,
            },
        ],
        "other_kinds": {"kinds": 1, "records": 1} if sample.size >= 1000 else None,
    }


def _idle(points: int) -> Json:
    return {
        "metrics": [
            _metric("api_requests", 0, "requests", None, [0] * points),
            _metric("ai_tokens", 0, "tokens", None, [0] * points),
            _metric("error_rate", None, "percent", None, [None] * points),
            _metric("avg_response_time", None, "ms", None, [None] * points),
        ],
        "api_usage": {"total": 0, "client_errors": 0, "server_errors": 0},
        "ai_tokens": {"total": 0, "by_model": {}, "other_models": None},
        "response_times": dict.fromkeys(("avg_ms", "p50_ms", "p95_ms", "p99_ms"))
        | {"count": 0, "relative_error": 0.01},
        "error_rates": {"total_pct": None, "client_pct": None, "server_pct": None},
        "top_endpoints": [],
        "other_endpoints": None,
        "other_usage": [],
        "other_kinds": None,
    }


def _metric(name: str, value: float | None, unit: str, change: float | None, trend: list[Any]) -> Json:
    return {"name": name, "value": value, "unit": unit, "change_pct": change, "trend": trend}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2)


def _models(sample: Sample, requests: int, tokens: int) -> Json:
    names = ["gpt-4", "claude-3-5-sonnet", "llama-3.1-70b-instruct", "mixtral-8x7b"]
    if sample.size >= 1000:
        names += [f"a-model-with-a-rather-long-name-{number}-instruct-preview" for number in range(6)]
    if sample.hostile:
        names += [HOSTILE, "__proto__"]
    models = {}
    for rank, name in enumerate(names, 1):
        of_model, calls = round(tokens * 0.55 / 1.9**rank), max(1, round(requests * 0.3 / 1.9**rank))
        models[name] = {
            "tokens": of_model,
            "requests": calls,
            "avg_tokens_per_request": round(of_model / calls, 2),
        }
    return models


def _endpoints(sample: Sample, total: int) -> list[Json]:
    names = [
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/files/{id}",
        "/v1/models",
        "/health",
        "/v1/images",
    ]
    if sample.size >= 1000:
        names += [
            "/v2/" + "organisations/{organisation}/projects/{project}/" * 6,
            "/v1/batch",
            "/v1/a",
            "/v1/b",
        ]
    if sample.hostile:
        names = [HOSTILE, "javascript:alert(1)", "\u202e/drowssap", *names[:4]]
    endpoints = []
    for rank, name in enumerate(names):
        count = round(total * 0.48 / 1.8**rank)
        endpoints.append(
            {
                "endpoint": name,
                "requests": count,
                "share_pct": round(100 * count / total, 1),
                "p95_ms": None if rank == 4 else round(340 / (rank + 1), 1),
                "error_pct": round(2.1 / (rank + 1), 2) if rank != 3 else 0,
            }
        )
    return endpoints


def _other_endpoints(sample: Sample, total: int) -> Json | None:
    if sample.size < 1000:
        return None
    return {"endpoints": 4990, "requests": total // 50, "share_pct": 2.0, "error_pct": 3.25}
