"""Forgotten tenants stay out: what raw rows have brought of them is taken out again before anybody sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from pipeline.database.connection import execute

SHORT = {"api_requests": "api", "usage_records": "usage"}


class Executing(Protocol):
    """`execute`, or `execute_aside` where a comparison fills tables of its own."""

    def __call__(self, connection: Connection, name: str, **values: Any) -> Any:
        """Run a statement."""


def any_forgotten(connection: Connection) -> bool:
    """Say whether any tenant has been forgotten: most platforms never pay for more than this question."""
    known: bool = execute(connection, "forget/any").scalar_one()
    return known


def refuse_forgotten(
    connection: Connection, source: str, *, start: datetime | None, end: datetime | None, filling: Executing = execute
) -> dict[str, int]:
    """Take forgotten tenants out of the buckets of `redo`, and count their rows as `forgotten`; give rows by table."""
    if not any_forgotten(connection):
        return {}
    short = SHORT[source]
    filling(connection, f"forget/find_{short}", start=start, end=end)
    taken = filling(connection, f"forget/take_out_{short}").one()
    return {f"rollup.{short}_hourly": taken.hourly, "pipeline.rejected_by_tenant": taken.rejected}


def refuse_unplaced(connection: Connection, source: str, filling: Executing = execute) -> None:
    """Take the names of forgotten tenants off the counts of rows that have no hour."""
    if any_forgotten(connection):
        filling(connection, "forget/unplaced", source=source)
