"""Raw rows that cannot be used: how many, of how many, what becomes of them, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted

CONCERN = 0.01  # a hundredth of all rows is more than a few odd ones
COUNTS = "They count as requests; only this value of theirs counts nowhere."
COUNTS_NOWHERE = "They count nowhere else."
BECOMES = {
    "endpoint_too_long": "They count under the first 300 characters.",
    "tenant_missing": "They belong to nobody and count nowhere else.",
    "created_at_unusable": "Their created_at is missing, infinite or not in the years 1001 to 9998: they belong to no "
    "hour and count nowhere else.",
    "forgotten": "They are of tenants that were forgotten, and count nowhere else.",
    "beyond_horizon": "They came for hours that are frozen, and are in no rollup.",
}
FIXES = {
    "tenant_missing": "Have the writer set tenant_id; correct the rows where it can still be told.",
    "beyond_horizon": "If rows come that late, raise TENANTCAST_RAW_HORIZON_DAYS and keep raw rows as long; "
    "rows of hours that have been purged cannot be added any more.",
    "forgotten": "Delete them in the source (forget TENANT --raw), and have the SaaS write no more for these tenants.",
    "quota_type_reserved": "Calls are counted from api_requests: have the writer not record api_calls as usage.",
    "status_unknown": "Have the writer store the HTTP status, 100 to 599.",
    "duration_negative": "Have the writer measure with a monotonic clock.",
}
FIX = "Correct the rows and what writes them; corrected rows mark themselves."


def judge_rejected(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge reason by reason: a few are a note, a hundredth of all rows is a warning, as is what came too late."""
    del facts
    for row in rows:
        usual = COUNTS if row.source == "api_requests" and row.reason not in BECOMES else COUNTS_NOWHERE
        yield Finding(
            name="rejected",
            severity="warning" if _concerns(row) else "note",
            what=f"{row.source}, {row.reason}: {_told(row)}",
            why=BECOMES.get(row.reason, usual),
            fix=FIXES.get(row.reason, FIX),
        )


def _concerns(row: Row[Any]) -> bool:
    if row.reason == "beyond_horizon":
        return bool(row.ticked_in_week or row.in_week)
    return max(_share(row.in_day, row.all_in_day), _share(row.in_week, row.all_in_week)) >= CONCERN


def _told(row: Row[Any]) -> str:
    """Say how many; the run ledger counts both raw tables together, and an hour's rows again when it is redone."""
    if row.reason == "created_at_unusable":
        return f"{counted(row.in_week, 'row')} of no hour"
    if row.reason == "beyond_horizon":
        return (
            f"{counted(row.in_all, 'row')} in all; of both tables, ticks counted {row.ticked_in_day:,} in the last 24 "
            f"hours, {row.ticked_in_week:,} in 7 days"
        )
    day, week = _share(row.in_day, row.all_in_day), _share(row.in_week, row.all_in_week)
    return (
        f"{counted(row.in_day, 'row')} in the last 24 hours ({percent(day)} of all), "
        f"{row.in_week:,} in 7 days ({percent(week)})"
        + (
            f"; {row.older:,} in older hours, while ticks of the last 7 days counted {row.ticked_in_week:,}"
            if row.older
            else ""
        )
    )


def _share(part: int, whole: int) -> float:
    """Give a share; rows that count nowhere else are no part of the whole."""
    return min(part / whole, 1.0) if whole else float(part > 0)


def percent(share: float) -> str:
    """Write a share so that little is not nothing."""
    if 0 < share < 0.0001:
        return "less than 0.01%"
    return f"{share * 100:.2f}%" if share < 0.1 else f"{share * 100:.0f}%"
