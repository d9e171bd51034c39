"""Cuts a range of time into spans, a day of one raw table each; one span is compared in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.database.connection import Database, rows

BEGINNING = datetime(1001, 1, 1, tzinfo=UTC)  # the hours that pipeline.has_hour lets in
END = datetime(9999, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LONGEST_DAY = timedelta(hours=26)  # of a tenant, with whatever its clocks do
SHORT = {"api_requests": "api", "usage_records": "usage"}


@dataclass(frozen=True)
class Span:
    """Hours [start, end) of one raw table, and the days of tenants that begin in [days_from, end), end after start."""

    source: str
    start: datetime
    end: datetime
    days_from: datetime
    unplaced: bool = False  # no hours at all, but the rows whose time is no hour

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands in the order in which spans are worked through."""
        return (self.start.astimezone(UTC).isoformat(), self.source)


def spans(database: Database, start: datetime | None = None, end: datetime | None = None) -> list[Span]:
    """Give the spans of [start, end), by default of all times, that hold raw rows or rollups."""
    start, end = max(start or BEGINNING, BEGINNING), min(end or END, END)
    found = []
    for source, short in SHORT.items():
        with database.transaction() as connection:
            days = [row.busy_day for row in rows(connection, f"compare/busy_days_{short}", start=start, end=end)]
        found += _cut(source, days, start, end)
    return sorted(found, key=lambda span: span.place)


def unplaced_spans() -> list[Span]:
    """Give a span a raw table for the rows that belong to no time."""
    return [Span(source, BEGINNING, BEGINNING, BEGINNING, unplaced=True) for source in SHORT]


def _cut(source: str, days: Sequence[datetime], start: datetime, end: datetime) -> list[Span]:
    """The first span has the days that began before the range as well."""
    first = start - LONGEST_DAY if start - BEGINNING > LONGEST_DAY else BEGINNING
    cut = []
    for day in days:
        if day < end and day + DAY > start:
            begins = max(day, start)
            days_from = first if begins == start else begins
            cut.append(Span(source=source, start=begins, end=min(day + DAY, end), days_from=days_from))
    return cut
