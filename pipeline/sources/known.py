"""What `init` was told to read: noted by it, and held against the settings by whatever reads raw tables later.

A mapping that names another table with the same columns, say by a typo in its schema, would else have a tick take the
rows of the right one for deleted, and a comparison with the wrong one agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.errors import PermanentError
from pipeline.sources.catalog import FoundTable, Misfit
from pipeline.sources.mapping import REQUIRED


def elsewhere(connection: Connection, found: Mapping[str, FoundTable]) -> Iterator[tuple[str, Misfit]]:
    """Give each table that is not the one that `init` noted, by its contract name, and what is to be done."""
    for row in rows(connection, "source/known"):
        if row.source not in found:
            continue
        table = found[row.source]
        name, columns = table.relation.name, _columns(table)
        if name != row.relation:
            now, before = name, row.relation
        else:
            differing = [column for column in columns if columns[column] != row.columns.get(column)]
            if not differing:
                continue
            now = f"column {columns[differing[0]]} of {name} as {differing[0]}"
            before = f"column {row.columns.get(differing[0])}"
        yield (
            row.source,
            Misfit(
                f"{row.source}: the settings name {now}, init has set this database up to read {before}.",
                "Nothing was changed. Correct TENANTCAST_CONFIG; if the source really has moved: "
                "python -m pipeline init --moved, which rolls all of it up anew.",
            ),
        )


def require_known(connection: Connection, found: Mapping[str, FoundTable]) -> None:
    """Raise PermanentError where the settings name another source than `init` has noted."""
    for _, misfit in elsewhere(connection, found):
        raise PermanentError(str(misfit))


def know(connection: Connection, found: Mapping[str, FoundTable]) -> None:
    """Note what the settings name as what is read."""
    for name, table in found.items():
        execute(
            connection, "source/know", source=name, relation=table.relation.name, columns=json.dumps(_columns(table))
        )


def _columns(table: FoundTable) -> dict[str, str]:
    return {column: table.mapped.column(column) for column in REQUIRED[table.mapped.name]}
