"""What a backfill changes, per tenant and day: requests and tokens before and after."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import rows
from pipeline.reconcile.differences import Difference

MOST_DAYS = 100_000  # beyond that, only totals are kept
RECORDED_DAYS = 1_000


@dataclass
class DayChange:
    """One tenant's day: its stored sums, and by how much they change."""

    requests: int
    tokens: Decimal
    requests_change: int = 0
    tokens_change: Decimal = Decimal(0)


class Changes:
    """Collects days as spans are compared; what a day held is read before anything of it changes."""

    def __init__(self) -> None:
        self.days: dict[tuple[str, date], DayChange] = {}
        self.requests_change = 0
        self.tokens_change = Decimal(0)

    def add(self, connection: Connection, found: Iterable[Difference]) -> None:
        """Take in the hours that differ; marks that wait for them make no difference to what will be there."""
        listed = [each for each in found if each.rollup in ("api_hourly", "usage_hourly")]
        self._read_new(connection, listed)
        for each in listed:
            requests = int(each.recomputed - each.stored) if each.rollup == "api_hourly" else 0
            tokens = each.tokens_recomputed - each.tokens_stored
            self.requests_change += requests
            self.tokens_change += tokens
            if day := self.days.get(_place(each)):
                day.requests_change += requests
                day.tokens_change += tokens

    def _read_new(self, connection: Connection, listed: Iterable[Difference]) -> None:
        new = sorted({_place(each) for each in listed} - set(self.days))[: MOST_DAYS - len(self.days)]
        places = json.dumps([{"tenant_id": tenant, "day": day.isoformat()} for tenant, day in new])
        for row in rows(connection, "compare/days_before", places=places) if new else ():
            self.days[row.tenant, row.day] = DayChange(row.requests, row.tokens)

    def lines(self) -> list[str]:
        """Say each day in a line."""
        return [
            f"{day} tenant {tenant}: requests {each.requests:,} -> {each.requests + each.requests_change:,}, "
            f"tokens {each.tokens:,} -> {each.tokens + each.tokens_change:,}"
            for (tenant, day), each in sorted(self.days.items(), key=lambda item: (item[0][1], item[0][0]))
        ]

    def to_json(self, most: int = RECORDED_DAYS) -> dict[str, Any]:
        """Give totals and the first days."""
        listed = [
            {
                "tenant_id": tenant,
                "day": day.isoformat(),
                "requests": [each.requests, each.requests + each.requests_change],
                "tokens": [str(each.tokens), str(each.tokens + each.tokens_change)],
            }
            for (tenant, day), each in list(self.days.items())[:most]
        ]
        return {
            "requests_change": self.requests_change,
            "tokens_change": str(self.tokens_change),
            "days": len(self.days),
            "listed": listed,
        }


def _place(each: Difference) -> tuple[str, date]:
    assert each.tenant is not None
    assert each.day is not None
    return (each.tenant, each.day)
