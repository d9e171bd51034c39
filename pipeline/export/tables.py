"""The tables of the export, their months, and the Arrow types of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from pipeline.database.connection import execute, rows

TABLES = (
    "api_hourly",
    "api_daily",
    "usage_hourly",
    "usage_daily",
    "cost_daily",
    "mrr_daily",
    "mrr_movements",
    "platform_daily",
    "rejected_hourly",
)
NO_MONTH = "__HIVE_DEFAULT_PARTITION__"  # how readers of partitions know null
NO_TIME_BEFORE = "0001-01-01"
LONGEST_MONTH = timedelta(days=31)
NUMERIC, UUID = 1700, 2950
TYPES = {  # by what PostgreSQL calls them in pg_type
    16: pa.bool_(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    1005: pa.list_(pa.int16()),
    1016: pa.list_(pa.int64()),
    1043: pa.string(),
    1082: pa.date32(),
    1184: pa.timestamp("us", tz="UTC"),
    UUID: pa.string(),
}


@dataclass(frozen=True)
class Span:
    """Whole months, as bounds that SQL reads: `start` and `end`, half-open."""

    start: str = "-infinity"
    end: str = "infinity"

    def holds(self, month: str) -> bool:
        """Say whether a month lies between the bounds."""
        its = span_of(month)
        starts = self.start == "-infinity" or (its.start != "-infinity" and its.start >= self.start)
        return starts and (self.end == "infinity" or its.end <= self.end)


@dataclass(frozen=True)
class Month:
    """A month of one table as it is now: its rows, and a digest of them."""

    month: str
    rows: int
    inexact: int
    digest: str


def months_between(start: datetime | None, end: datetime | None) -> Span:
    """Give the months that a half-open interval touches; without a bound, all that there are."""
    last = _next_month(end - timedelta(microseconds=1)) if end else None
    return Span(f"{start:%Y-%m}-01" if start else "-infinity", f"{last:%Y-%m}-01" if last else "infinity")


def span_of(month: str) -> Span:
    """Give the bounds of a month as the export names it."""
    if month == NO_MONTH:
        return Span("-infinity", NO_TIME_BEFORE)
    first = datetime.fromisoformat(f"{month}-01")
    return Span(f"{first:%Y-%m-%d}", f"{_next_month(first):%Y-%m}-01")


def read_months(connection: Connection, table: str, span: Span) -> list[Month]:
    """Read which months of a table have rows, each with its digest; all rows are read for it."""
    found = rows(connection, f"{table}/export_months", start=span.start, end=span.end)
    return [Month(row.month, row.rows, row.inexact, row.digest) for row in found]


def read_schema(connection: Connection, table: str) -> Any:
    """Give the Arrow schema of a table, without reading a row."""
    return schema_of(execute(connection, f"{table}/export", start=NO_TIME_BEFORE, end=NO_TIME_BEFORE).cursor)


def schema_of(cursor: Any) -> Any:
    """Give the Arrow schema of what a cursor gives: `numeric(p, s)` is decimal128(p, s), so all digits stay."""
    return pa.schema([(column.name, _type(column)) for column in cursor.description])


def _type(column: Any) -> Any:
    return pa.decimal128(column.precision, column.scale) if column.type_code == NUMERIC else TYPES[column.type_code]


def is_uuid(cursor: Any) -> Sequence[bool]:
    """Say which columns are uuids: they are written as text."""
    return [column.type_code == UUID for column in cursor.description]


def _next_month(at: datetime) -> datetime:
    return (at.replace(day=1) + LONGEST_MONTH).replace(day=1)
