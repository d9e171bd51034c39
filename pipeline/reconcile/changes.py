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
from pipeline.reconcile.differences import DAILY, Difference

MOST_DAYS = 100_000  # beyond that, only totals are kept
RECORDED_DAYS = 1_000
HOURS = ("api_hourly", "usage_hourly")


@dataclass
class DayChange:
    """One tenant's day: its stored sums, and those that it will have: of its hours, with what changes in them."""

    requests: int
    tokens: Decimal
    requests_after: int
    tokens_after: Decimal


class Changes:
    """Collects days as spans are compared; what a day held is read before anything of it changes."""

    def __init__(self) -> None:
        self.days: dict[tuple[str, date], DayChange] = {}
        self.requests_change = 0
        self.tokens_change = Decimal(0)

    def add(self, connection: Connection, found: Iterable[Difference], timezone: str) -> None:
        """Take in the hours and days that differ; marks that wait for them make no difference to what will be there."""
        listed = [each for each in found if each.rollup in (*HOURS, *DAILY) and each.day is not None]
        self._read_new(connection, listed, timezone)
        for each in listed:
            if each.rollup in DAILY:
                continue
            requests = int(each.recomputed - each.stored) if each.rollup == "api_hourly" else 0
            tokens = each.tokens_recomputed - each.tokens_stored
            self.requests_change += requests
            self.tokens_change += tokens
            if day := self.days.get(_place(each)):
                day.requests_after += requests
                day.tokens_after += tokens

    def _read_new(self, connection: Connection, listed: Iterable[Difference], timezone: str) -> None:
        new = sorted({_place(each) for each in listed} - set(self.days))[: MOST_DAYS - len(self.days)]
        places = json.dumps([{"tenant_id": tenant, "day": day.isoformat()} for tenant, day in new])
        for row in rows(connection, "compare/days_before", places=places, timezone=timezone) if new else ():
            after = (row.requests_by_hours, row.tokens_by_hours)
            self.days[row.tenant, row.day] = DayChange(row.requests, row.tokens, *after)
            self.requests_change += row.requests_by_hours - row.requests
            self.tokens_change += row.tokens_by_hours - row.tokens

    def lines(self) -> list[str]:
        """Say each day in a line."""
        return [
            f"{day} tenant {tenant}: requests {each.requests:,} -> {each.requests_after:,}, "
            f"tokens {each.tokens:,} -> {each.tokens_after:,}"
            for (tenant, day), each in sorted(self.days.items(), key=lambda item: (item[0][1], item[0][0]))
        ]

    def to_json(self, most: int = RECORDED_DAYS) -> dict[str, Any]:
        """Give totals and the first days."""
        listed = [
            {
                "tenant_id": tenant,
                "day": day.isoformat(),
                "requests": [each.requests, each.requests_after],
                "tokens": [str(each.tokens), str(each.tokens_after)],
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
