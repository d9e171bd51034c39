"""Reads the quotas of some tenants: those that a dashboard lists, and how many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import rows
from pipeline.documents.quotas import LISTED_QUOTAS
from pipeline.documents.rows import Quota


@dataclass
class Quotas:
    """The quotas of one tenant: the first ones, and how many there are."""

    first: list[Quota] = field(default_factory=list)
    count: int = 0


def read_quotas(connection: Connection, tenants: Sequence[Any], through: datetime) -> dict[Any, Quotas]:
    """Give the quotas of each tenant, as they stand at `through`; nothing for one without any."""
    found: dict[Any, Quotas] = defaultdict(Quotas)
    for row in rows(connection, "documents/quotas", tenants=list(tenants), through=through, most=LISTED_QUOTAS):
        quotas = found[row.tenant_id]
        quotas.first.append(_quota(row))
        quotas.count = row.quotas
    return found


def _quota(row: Row[Any]) -> Quota:
    return Quota(
        quota_type=row.quota_type,
        period=row.period,
        limit=row.limit_amount,
        used=row.used,
        period_start=row.starts_at,
        resets_at=row.resets_at,
        pace=row.pace,
        pace_hours=row.pace_hours,
        paced_from=row.paced_from,
    )
