"""Loading a stretch of the simulated SaaS's time: slices of some days, each one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy import Connection

from pipeline.demo.business import BEGINNING, business
from pipeline.demo.marker import advance
from pipeline.demo.rhythm import midnight
from pipeline.demo.traffic import Rows, day_rows
from pipeline.demo.world import World
from pipeline.demo.write import apply, copy_records, copy_rows
from pipeline.installation import Installation
from pipeline.sources.mapping import SourceMapping

SLICE_ROWS = 200_000
ROWS_A_DAY = 22_500  # at scale 1


@dataclass(frozen=True)
class Slice:
    """A stretch of time that is loaded at once; `since` is None at the very beginning."""

    since: datetime | None
    until: datetime


def load_rows(installation: Installation, world: World, *, since: datetime | None, until: datetime) -> int:
    """Load all that happens in [since, until); give the number of event rows."""
    tables = installation.settings.source
    with installation.progress.step("Filling api_requests and usage_records", unit="rows") as step:
        for part, rows in _generated(world, _slices(world, since, until)):
            with installation.database.transaction() as connection:
                _write(connection, tables, world, part, rows)
            step.advance(rows.count)
        return step.count


def rows_between(world: World, since: datetime, until: datetime) -> Rows:
    """Give the event rows of [since, until), a UTC day after the other."""
    since = max(since, world.starts_at)
    first, last = since.date(), (until - timedelta(microseconds=1)).date()
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = [day_rows(world, day, start=since, end=until) for day in days]
    return Rows(
        pa.concat_tables(rows.api_requests for rows in found),
        pa.concat_tables(rows.usage_records for rows in found),
    )


def _slices(world: World, since: datetime | None, until: datetime) -> list[Slice]:
    """Cut at UTC midnights, into stretches of about SLICE_ROWS rows but at least a day."""
    width = timedelta(days=max(1, int(SLICE_ROWS / (ROWS_A_DAY * world.parameters.scale))))
    slices, begin = [], since
    while begin is None or begin < until:
        reached = midnight((begin or world.starts_at).date()) + width
        slices.append(Slice(begin, min(reached, until)))
        begin = slices[-1].until
    return slices


def _generated(world: World, slices: list[Slice]) -> Iterator[tuple[Slice, Rows]]:
    """Give each slice with its rows; the next one is made while the database stores this one."""

    def make(part: Slice) -> Rows:
        return rows_between(world, part.since or world.starts_at, part.until)

    with ThreadPoolExecutor(1) as ahead:
        following = ahead.submit(make, slices[0]) if slices else None
        for number, part in enumerate(slices):
            assert following is not None
            rows = following.result()
            if number + 1 < len(slices):
                following = ahead.submit(make, slices[number + 1])
            yield part, rows


def _write(connection: Connection, tables: SourceMapping, world: World, part: Slice, rows: Rows) -> None:
    """Store one slice, and that it is stored."""
    advance(connection, part.since, part.until)
    happening = business(world, part.since or BEGINNING, part.until)
    for table, records in happening.records.items():
        copy_records(connection, tables[table], records)
    apply(connection, tables, happening.changes)
    copy_rows(connection, tables, rows)
