"""Quotas: how much of each is used, and when it would be used up at the recent pace. Pure; the arithmetic is exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pipeline.documents.money import EXACT
from pipeline.documents.numbers import instant, percent_down, plain, whole_of
from pipeline.documents.rows import Quota

LISTED_QUOTAS = 20
HOUR = timedelta(hours=1)
NEAR_PCT = 80


def quota_status(quotas: Sequence[Quota], *, through: datetime, length: int = LISTED_QUOTAS) -> list[dict[str, Any]]:
    """Give the first `length` of a tenant's quotas, as they stand at `through`."""
    return [_entry(quota, through) for quota in quotas[:length]]


def next_quota_change(quotas: Sequence[Quota], through: datetime) -> datetime | None:
    """Say when an entry next changes without new data: a period ends, or an hour that was projected is over."""
    return min(_changes(quotas, through), default=None)


def projected_exhaustion(quota: Quota, through: datetime) -> datetime | None:
    """Give the hour, by its start, in which the limit would be reached at the recent pace.

    Null where that makes no sense: nothing to reach, reached already, nothing used of late, an hour that is over
    without it, or one of the next period.
    """
    if not quota.limit or quota.used >= quota.limit or quota.pace <= 0 or not quota.pace_hours:
        return None
    hours = whole_of(quota.pace_hours, EXACT.subtract(quota.limit, quota.used), quota.pace)
    # Compared as a number: as a time, it may lie beyond the last year.
    if hours >= (quota.resets_at - quota.paced_from) / HOUR:
        return None
    at = quota.paced_from + hours * HOUR
    return at if at >= through else None


def status(limit: Decimal | None, used: Decimal) -> str:
    """Judge a quota; exactly at 80 % it is near, exactly at 100 % over. Of none allowed, the first one is too many."""
    if limit is None:
        return "unlimited"
    if used > 0 and used >= limit:
        return "over"
    return "near" if limit and whole_of(100, used, limit) >= NEAR_PCT else "ok"


def _entry(quota: Quota, through: datetime) -> dict[str, Any]:
    at = projected_exhaustion(quota, through)
    return {
        "quota_type": quota.quota_type,
        "used": plain(quota.used),
        "limit": None if quota.limit is None else plain(quota.limit),
        "used_pct": percent_down(quota.used, quota.limit) if quota.limit else None,
        "period": quota.period,
        "period_start": instant(quota.period_start),
        "resets_at": instant(quota.resets_at),
        "status": status(quota.limit, quota.used),
        "projected_exhaustion_at": instant(at) if at else None,
    }


def _changes(quotas: Sequence[Quota], through: datetime) -> Iterator[datetime]:
    for quota in quotas:
        yield quota.resets_at
        if at := projected_exhaustion(quota, through):
            yield at + HOUR
