"""What happens to rows after they were published: some come late, some are corrected, moved or deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.demo.rhythm import midnight
from pipeline.demo.traffic import Rows, day_rows
from pipeline.demo.world import LAGOS, World
from pipeline.demo.write import Change

STREAM = 4
LATE_DAYS = 5
LATE_REQUESTS, LATE_USAGE = 60, 20
CORRECTED_REQUESTS, CORRECTED_USAGE = 25, 10
DELETED_REQUESTS, DELETED_USAGE = 15, 5
LAST_BEFORE_MIDNIGHT = 50

Record = dict[str, Any]


@dataclass(frozen=True)
class LaterChanges:
    """Rows that come late, and changes of rows that are there."""

    late: Rows
    corrections: list[Change]
    moves: list[Change]
    deletions: list[Change]


def later_changes(world: World, before: datetime, end: datetime) -> LaterChanges:
    """Give changes of rows from before `before`, different ones for each `end`."""
    salt = int(end.timestamp())
    rng = np.random.default_rng([world.parameters.seed, STREAM, salt])
    oldest = max(before - timedelta(days=LATE_DAYS), world.starts_at)
    newest = max(before - timedelta(hours=1), oldest)
    # The same days of a sister world: rows as they might have been, at other moments.
    sister = replace(world, parameters=replace(world.parameters, seed=world.parameters.seed + salt))
    late, present = _rows(sister, oldest, newest), _rows(world, oldest, newest)
    requests = _sample(rng, present.api_requests, CORRECTED_REQUESTS + DELETED_REQUESTS).to_pylist()
    usage = _sample(rng, present.usage_records, CORRECTED_USAGE + DELETED_USAGE).to_pylist()
    return LaterChanges(
        late=Rows(
            _sample(rng, late.api_requests, LATE_REQUESTS),
            _sample(rng, late.usage_records, LATE_USAGE),
        ),
        corrections=[
            *(_corrected_request(row) for row in requests[DELETED_REQUESTS:]),
            *(_corrected_usage(row) for row in usage[DELETED_USAGE:]),
        ],
        moves=list(_moves(rng, world, before)),
        deletions=[
            *(Change("delete_row", "api_requests", _place(row)) for row in requests[:DELETED_REQUESTS]),
            *(Change("delete_row", "usage_records", _place(row)) for row in usage[:DELETED_USAGE]),
        ],
    )


def _rows(world: World, start: datetime, end: datetime) -> Rows:
    """Give the rows of [start, end) whose tenant is known."""
    days = range((end.date() - start.date()).days + 1)
    found = [day_rows(world, start.date() + timedelta(days=day), start=start, end=end) for day in days]
    known = pa.array([tenant.id for tenant in world.tenants])

    def usable(tables: Iterator[pa.Table]) -> pa.Table:
        table = pa.concat_tables(tables)
        return table.filter(pc.is_in(table["tenant_id"], known))

    return Rows(
        usable(rows.api_requests for rows in found),
        usable(rows.usage_records for rows in found),
    )


def _sample(rng: np.random.Generator, table: pa.Table, count: int) -> pa.Table:
    """Give some rows, in no order."""
    return table.take(pa.array(rng.permutation(len(table))[:count]))


def _place(row: Record) -> Record:
    """Where a row is found again: ids are the database's, but a tenant's microsecond is as good as one."""
    return {"tenant_id": row["tenant_id"], "created_at": row["created_at"]}


def _corrected_request(row: Record) -> Change:
    measured_again = {"duration_ms": round(abs(row["duration_ms"] or 0.0) * 0.5 + 1, 3), "status_code": 200}
    return Change("correct_request", "api_requests", _place(row) | measured_again)


def _corrected_usage(row: Record) -> Change:
    return Change("correct_usage", "usage_records", _place(row) | {"amount": round(row["amount"] * 1.1) + 1})


def _moves(rng: np.random.Generator, world: World, before: datetime) -> Iterator[Change]:
    """Move one of the last requests before a Lagos midnight as far behind it, and so to another day."""
    day = (before - timedelta(hours=24)).astimezone(LAGOS).date()
    turn = datetime(day.year, day.month, day.day, tzinfo=LAGOS).astimezone(before.tzinfo)
    start = max(midnight(turn.date()), world.starts_at)
    if start >= turn:
        return
    requests = _rows(world, start, turn).api_requests.select(["tenant_id", "created_at"]).to_pylist()
    abroad = {tenant.id for tenant in world.tenants if tenant.timezone}
    last = [row for row in requests if row["tenant_id"] not in abroad][-LAST_BEFORE_MIDNIGHT:]
    if last:
        row = last[int(rng.integers(len(last)))]
        mirrored = turn + (turn - row["created_at"])
        yield Change("move_row", "api_requests", _place(row) | {"moved_to": mirrored})
