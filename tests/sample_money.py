"""Costs, quotas and the platform's summary as the publisher writes them, made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]

NOTHING: Json = {
    "total": "0.00",
    "currency": "NGN",
    "complete": True,
    "coverage_pct": None,
    "missing": [],
    "missing_more": 0,
    "breakdown": {
        "ai_tokens": {"total": "0.00", "by_model": {}, "other_models": None},
        "api_calls": {"total": "0.00"},
    },
    "other_items": None,
    "previous": {"total": "0.00", "complete": True},
    "change": {"usage": "0.00", "price": "0.00", "fx": "0.00"},
}
KNOWN: Json = NOTHING | {
    "total": "15230.75",
    "coverage_pct": 100.0,
    "breakdown": {
        "ai_tokens": {"total": "14000.00", "by_model": {"gpt-4": "13999.99", "o-mini": "0.01"}, "other_models": None},
        "storage_gb": {"total": "1000.00"},
        "api_calls": {"total": "230.75"},
    },
    "previous": {"total": "12000.50", "complete": True},
    "change": {"usage": "3500.25", "price": "-1270.00", "fx": "1000.00"},
}
UNKNOWN: Json = NOTHING | {
    "total": None,
    "complete": False,
    "coverage_pct": 0.0,
    "missing": [
        {
            "item": "ai_tokens_m-9",
            "reason": "no_price",
            "quantity": "1200",
            "first_day": "2026-11-02",
            "last_day": "2026-11-09",
        }
    ],
    "breakdown": {
        "ai_tokens": {"total": None, "by_model": {"m-9": None}, "other_models": None},
        "api_calls": {"total": "0.00"},
    },
    "previous": {"total": "12000.50", "complete": True},
    "change": None,
}
# More digits than a float has, names from outside, and lists that were shortened.
HUGE = "12345678901234567890.75"


def huge(name: str) -> Json:
    """A cost with an item and a model of this name, and all that a cost can have besides."""
    reasons = ("no_rate", "overlapping_prices", "a_new_reason")
    missing = [UNKNOWN["missing"][0] | {"item": name, "reason": reason, "quantity": HUGE} for reason in reasons]
    return KNOWN | {
        "total": HUGE,
        "complete": False,
        "coverage_pct": 99.99,
        "missing": missing,
        "missing_more": 7,
        "breakdown": {
            "ai_tokens": {
                "total": "12345678901234567889.75",
                "by_model": {name: "12345678901234567889.74", "unpriced": None},
                "other_models": {"models": 3, "total": "0.01"},
            },
            "api_calls": {"total": "0.50"},
            f"{name} ": {"total": "0.25"},
        },
        "other_items": {"items": 2, "total": "0.25"},
        "previous": {"total": "1.00", "complete": False},
        "change": {"usage": "12345678901234567889.75", "price": "0.00", "fx": "0.00"},
    }


def quota(kind: str, used: float, limit: float | None, **more: object) -> Json:
    """An entry of `quota_status`, of November in Lagos unless told otherwise."""
    part = None if not limit else int(used / limit * 10_000) / 100
    standing = "unlimited" if limit is None else "over" if used >= limit else "near" if used >= 0.8 * limit else "ok"
    return {
        "quota_type": kind,
        "used": used,
        "limit": limit,
        "used_pct": part,
        "period": "month",
        "period_start": "2026-10-31T23:00:00Z",
        "resets_at": "2026-11-30T23:00:00Z",
        "status": standing,
        "projected_exhaustion_at": None,
        **more,
    }


QUOTAS = [
    quota("api_calls", 1204, 10_000),
    quota("ai_tokens_gpt-4", 850_000, 1_000_000, projected_exhaustion_at="2026-11-25T08:00:00Z"),
    quota("emails", 310, 300, period="day", resets_at="2026-11-23T23:00:00Z"),
    quota("storage_gb", 12.5, None),
    quota("sms", 3, 0, used_pct=None, status="over"),
]

MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation", "fx_impact")
NO_MRR: Json = {
    "total": "0.00",
    "currency": "NGN",
    "by_plan": [],
    "other_plans": None,
    "opening": "0.00",
    "movements": dict.fromkeys(MOVEMENTS, "0.00"),
    "arpa": None,
    "nrr_pct": None,
    "grr_pct": None,
    "quick_ratio": None,
    "unpriced": 0,
    "definition": "default-1",
}
UNKNOWN_MRR: Json = {"total": None, "opening": None, "arpa": None, "nrr_pct": None, "grr_pct": None}
FIELDS = ("requests", "ai_tokens", "active_tenants")


def summary(*, data_through: datetime, busy: bool = True, seq: int = 4711, name: str = "Kobo Ledger") -> Json:
    """The platform's `summary.json`: of one that has tenants, or of an empty one."""
    stamp = data_through.strftime("%Y-%m-%dT%H:%M:%SZ")
    periods = ("24h", "7d", "30d", "90d")
    item = {
        "item": name,
        "reason": "no_rate",
        "tenants": 2,
        "days": 3,
        "first_day": "2026-11-02",
        "last_day": "2026-11-04",
    }
    rejected = [{"source": "api_requests", "reason": "duration_negative", "rows": 12}] if busy else []
    return {
        "schema": 1,
        "seq": seq,
        "data_through": stamp,
        "currency": "NGN",
        "timezone": "Africa/Lagos",
        "periods": {period: _period(period, data_through, busy=busy, name=name) for period in periods},
        "health": {
            "data_through": stamp,
            "lag_hours": 0,
            "rejected": dict.fromkeys(periods, rejected) | {"no_hour": []},
            "repaired": dict.fromkeys(periods, {"runs": 1, "buckets": 5} if busy else {"runs": 0, "buckets": 0}),
            "stale": ["0" * 64] if busy else [],
            "stale_tenants": 1 if busy else 0,
            "unknown_costs": {"tenants": 2, "items": [item], "more_items": 4}
            if busy
            else {"tenants": 0, "items": [], "more_items": 0},
        },
        "pages": {"daily": [], "mrr": [], "tenants": []},
    }


def _period(period: str, data_through: datetime, *, busy: bool, name: str) -> Json:
    count = {"24h": 24, "7d": 7, "30d": 30, "90d": 90}[period]
    end, step = data_through, timedelta(hours=1)
    if period != "24h":  # Lagos is an hour ahead of UTC all year: its midnight is at 23:00
        end, step = (data_through + step).replace(hour=0) - step, timedelta(days=1)
    start = end - count * step
    series: Json = {field: [(place * 7 + 3) % 23 * busy for place in range(count)] for field in FIELDS}
    daily = {"start": (start + timedelta(hours=1)).date().isoformat(), **series}
    daily |= {"mrr": [HUGE if busy else "0.00"] * count, "cost": [None if busy else "0.00"] + ["0.00"] * (count - 1)}
    return {
        "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mrr": (_mrr(name) | UNKNOWN_MRR if period == "7d" else _mrr(name)) if busy else NO_MRR,
        "active_tenants": 12 if busy else 0,
        "active_tenants_before": 10 if busy else 0,
        "requests": 52_011 if busy else 0,
        "usage_growth_pct": 4.15 if busy else None,
        "ai_tokens": 90_210 if busy else 0,
        "tokens_growth_pct": -3.5 if busy else None,
        "cost": _cost((None if period == "7d" else "115230.75") if busy else "0.00", complete=not busy),
        "top_tenants": [_ranked(name, place) for place in range(20)] if busy else [],
        "hourly": {"start": start.strftime("%Y-%m-%dT%H:%M:%SZ"), **series} if period == "24h" else None,
        "daily": None if period == "24h" else daily,
    }


def _mrr(name: str) -> Json:
    return NO_MRR | {
        "total": "1250000.50",
        "by_plan": [
            {"plan": name, "count": 5, "revenue": "1250000.25"},
            {"plan": "starter", "count": 1, "revenue": None},
        ],
        "other_plans": {"plans": 2, "count": 3, "revenue": "0.25"},
        "opening": "1200000.00",
        "movements": dict(
            zip(
                MOVEMENTS,
                ("100000.00", "20000.50", "-30000.00", "-50000.00", "15000.00", "-5000.00"),
                strict=True,
            )
        ),
        "arpa": "104166.71",
        "nrr_pct": 95.0,
        "grr_pct": 93.33,
        "quick_ratio": 1.69,
        "unpriced": 1,
    }


def _cost(total: str | None, *, complete: bool) -> Json:
    margin = {"margin": "0.00", "margin_pct": None} if complete else {"margin": None, "margin_pct": None}
    revenue = {"revenue": "0.00" if complete else "1234567.89", "revenue_complete": True}
    return {"total": total, "complete": complete, **revenue, **margin}


def _ranked(name: str, place: int) -> Json:
    return {
        "tenant_id": f"t-{place}",
        "name": name if place else None,
        "plan": "pro" if place % 3 else None,
        "requests": 5000 - place,
        "ai_tokens": 10**15 + place,
        "cost": f"{1000 - place}.75" if place % 5 else None,
        "cost_complete": bool(place % 5),
        "mrr": "49.99",
        "revenue": "1500000.25",
        "revenue_complete": True,
        "margin": f"{1500000 - place}.00" if place % 5 else None,
        "margin_pct": 99.93 if place % 5 else None,
    }


def with_past(data_through: datetime) -> dict[str, Json]:
    """The files of a platform with a page of days, by path: on the first two nothing is known of its money."""
    days = 20
    page = {
        "schema": 1,
        "kind": "daily",
        "from": "2026-10-31T23:00:00Z",
        "to": "2026-11-20T23:00:00Z",
        "currency": "NGN",
        "day": [f"2026-11-{day:02}" for day in range(1, days + 1)],
        **{field: [(place * 7 + 3) % 23 for place in range(days)] for field in FIELDS},
        "cost": [None, None, *(f"{1000 * place}.25" for place in range(2, days))],
        "unknown_costs": [4, 4, *[0] * (days - 2)],
        "mrr": [None, None, *(f"{2_000_000 + 9_999 * place}.50" for place in range(2, days))],
    }
    document, path = summary(data_through=data_through), "daily/2026-11.0123456789ab.json"
    document["pages"]["daily"] = [{"path": path, "from": page["from"], "to": page["to"], "bytes": 800}]
    return {"summary.json": document, path: page}
