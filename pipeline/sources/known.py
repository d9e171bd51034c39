"""What `init` was told to read: noted by it, and held against the settings by whatever reads raw tables later.

A mapping that names another table with the same columns, say by a typo in its schema, would else have a tick take the
rows of the right one for deleted, and a comparison with the wrong one agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import execute, rows
from pipeline.errors import PermanentError
from pipeline.sources.catalog import FoundTable, Misfit, quoted
from pipeline.sources.mapping import SourceMapping, SourceTable

FIX = "Nothing was changed. Correct TENANTCAST_CONFIG; if the source really has moved: python -m pipeline init --moved"


def elsewhere(connection: Connection, mapping: SourceMapping) -> Iterator[tuple[str, Misfit]]:
    """Give each table that is not read as `init` noted it, by its contract name, and what is to be done."""
    for row in rows(connection, "source/known"):
        if change := _change(row, mapping[row.source]):
            now, before = change
            what = f"{row.source}: the settings name {now}, init has set this database up to read {before}."
            yield row.source, Misfit(what, FIX)


def _change(row: Row[Any], mapped: SourceTable) -> tuple[str, str] | None:
    name = quoted(mapped.schema, mapped.table)
    if name != row.relation:
        return name, row.relation
    for column, before in row.columns.items():
        if mapped.column(column) != before:
            return f"column {mapped.column(column)} of {name} as {column}", f"column {before}"
    return None


def require_known(connection: Connection, mapping: SourceMapping) -> None:
    """Raise PermanentError where the settings name another source than `init` has noted."""
    for _, misfit in elsewhere(connection, mapping):
        raise PermanentError(str(misfit))


def know(connection: Connection, found: Mapping[str, FoundTable]) -> None:
    """Note what is read: the tables that are there, with those columns of the contract that they have."""
    for name, table in found.items():
        columns = {column: table.mapped.column(column) for column in table.types}
        execute(connection, "source/know", source=name, relation=table.relation.name, columns=json.dumps(columns))
