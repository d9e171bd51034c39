"""Quotas that are not shown: why each cannot be used, and what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted

UNKNOWN = "tenant_unknown"
FIXES = {
    "tenant_missing": "Set tenant_id, or delete the rows.",
    "quota_type_missing": "Set quota_type to api_calls or to a kind of usage_records.",
    "quota_type_too_long": "Shorten quota_type to 300 characters: no usage record has a longer one.",
    "period_unknown": "Set period to day or month.",
    "stated_twice": "Keep one row for each tenant, quota_type and period.",
    "limit_negative": "Set limit_amount to 0 where none is allowed, to null where there is no limit.",
    "limit_too_large": "Set limit_amount to null where there is no limit; it must not be NaN or above 10^30.",
    "anchor_day_unusable": "Set anchor_day to a whole number from 1 to 31, or to null for the 1st.",
    UNKNOWN: "Add the tenants, or delete the rows; the next run shows the quotas of a tenant that appears.",
}


def judge_quotas(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge reason by reason; a quota that is there before its tenant is nothing unusual."""
    del facts
    for row in rows:
        named = ", ".join(row.examples) + (" …" if row.quotas > len(row.examples) else "")
        yield Finding(
            name="quotas",
            severity="note" if row.problem == UNKNOWN else "warning",
            what=f"quotas, {row.problem}: {counted(row.quotas, 'quota')} ({named})",
            why="Tenants do not see these quotas: what cannot be used is not guessed.",
            fix=FIXES[row.problem],
        )
