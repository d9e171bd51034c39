"""Reads the costs that documents are made of: periods, days and lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import rows
from pipeline.documents.rows import CostLine, CostPart, Costs


def read_costs(
    connection: Connection, tenants: Sequence[Any], through: datetime, *, periods: Sequence[str], open_for: timedelta
) -> dict[tuple[Any, str], Costs]:
    """Give the costs by tenant and period: whole days as they are stored, the last 24 hours from their hours.

    `open_for` is how long after its end the prices and rates of a day can still change.
    """
    at: dict[str, Any] = {"tenants": list(tenants), "through": through}
    found = list(rows(connection, "documents/costs_hours", open_for=open_for, **at)) if "24h" in periods else []
    if days := [period for period in periods if period != "24h"]:
        found += rows(connection, "documents/costs_days", periods=days, **at)
    parts: dict[tuple[Any, str, bool], list[CostPart]] = defaultdict(list)
    for row in found:
        parts[row.tenant_id, row.period, row.is_before].append(_part(row))
    places = {(tenant, period) for tenant, period, _ in parts}
    return {place: Costs(parts.get((*place, False), ()), parts.get((*place, True), ())) for place in places}


def read_cost_days(
    connection: Connection, tenants: Sequence[Any], through: datetime
) -> dict[Any, dict[int, Decimal | None]]:
    """Give by tenant what each of the last 90 days cost, by how many days it lies before today."""
    days: dict[Any, dict[int, Decimal | None]] = defaultdict(dict)
    for row in rows(connection, "documents/cost_trend", tenants=list(tenants), through=through):
        days[row.tenant_id][row.place] = row.amount
    return days


def read_cost_lines(
    connection: Connection, asked: Sequence[tuple[Any, date]], through: datetime
) -> dict[tuple[Any, str], list[CostLine]]:
    """Give the lines of the closed days of tenants' months (first days), by tenant and month, in order."""
    lines: dict[tuple[Any, str], list[CostLine]] = defaultdict(list)
    if asked:
        tenants, months = zip(*asked, strict=True)
        at = {"tenants": list(tenants), "months": list(months), "through": through}
        for row in rows(connection, "documents/page_costs", **at):
            values: tuple[Any, ...] = tuple(row)[2:]
            lines[row.tenant_id, row.page].append(CostLine(*values))
    return lines


def _part(row: Row[Any]) -> CostPart:
    return CostPart(
        item=row.item,
        lines=row.lines,
        quantity=row.quantity,
        currency=row.currency,
        native_amount=row.native_amount,
        amount=row.amount,
        missing=row.missing,
        first_day=row.first_day,
        last_day=row.last_day,
    )
