"""Writing into the source tables, whatever they and their columns are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, LiteralString

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv
from sqlalchemy import Connection, TextClause, text

from pipeline.database.connection import driver
from pipeline.database.queries import source
from pipeline.demo.traffic import DAY_US, Rows
from pipeline.sources.catalog import quoted
from pipeline.sources.mapping import SourceMapping, SourceTable

CHUNK_ROWS = 50_000
CLOCK = pa.array([f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}." for s in range(86400)])
THREE_DIGITS = pa.array([f"{number:03}" for number in range(1000)])


@dataclass(frozen=True)
class Change:
    """One change of rows that are there already: a statement of `sql/demo/`, its table and its values."""

    statement: str
    table: str
    values: Mapping[str, Any]


def copy_rows(connection: Connection, tables: SourceMapping, rows: Rows) -> None:
    """Append to the two event tables."""
    _copy_arrow(connection, tables["api_requests"], rows.api_requests)
    _copy_arrow(connection, tables["usage_records"], rows.usage_records)


def copy_records(connection: Connection, target: SourceTable, records: Sequence[Mapping[str, Any]]) -> None:
    """Append records that all have the same keys, which are columns of the contract."""
    if not records:
        return
    command = _copy_command(target, list(records[0]), "")
    with driver(connection).cursor() as cursor, cursor.copy(command) as copy:
        for record in records:
            copy.write_row(tuple(record.values()))


def apply(connection: Connection, tables: SourceMapping, changes: Sequence[Change]) -> int:
    """Make the changes; give how many rows they changed."""
    return sum(
        connection.execute(statement(change.statement, tables[change.table]), dict(change.values)).rowcount
        for change in changes
    )


def statement(name: str, target: SourceTable) -> TextClause:
    """Give `sql/demo/<name>.sql` with @table, @tenant and other @columns as they are called in `target`."""
    tenant = target.column("id" if target.name == "tenants" else "tenant_id")

    def filled(match: re.Match[str]) -> str:
        special = {"table": qualified(target), "tenant": quoted(tenant)}
        return special.get(match[1], quoted(target.column(match[1]))).replace(":", r"\:")

    return text(re.sub(r"@([a-z]\w*)", filled, source(f"demo/{name}")))


def qualified(target: SourceTable) -> str:
    """Give the quoted name of a table with its schema."""
    return quoted(target.schema, target.table)


def _copy_command(target: SourceTable, columns: Sequence[str], options: LiteralString) -> sql.Composed:
    return sql.SQL("copy {} ({}) from stdin {}").format(
        sql.Identifier(target.schema, target.table),
        sql.SQL(", ").join(sql.Identifier(target.column(column)) for column in columns),
        sql.SQL(options),
    )


def _copy_arrow(connection: Connection, target: SourceTable, table: pa.Table) -> None:
    command = _copy_command(target, table.column_names, "(format csv)")
    options = csv.WriteOptions(include_header=False)
    with driver(connection).cursor() as cursor, cursor.copy(command) as copy:
        for first in range(0, len(table), CHUNK_ROWS):
            chunk = table.slice(first, CHUNK_ROWS)
            chunk = chunk.set_column(
                chunk.schema.get_field_index("created_at"), "created_at", _times(chunk["created_at"])
            )
            buffer = pa.BufferOutputStream()
            csv.write_csv(chunk, buffer, options)
            copy.write(memoryview(buffer.getvalue()))


def _times(column: pa.ChunkedArray) -> pa.Array:
    """Write times as text, put together from tables: a tenth of what Arrow's own formatting takes."""
    days, within = np.divmod(column.cast(pa.int64()).to_numpy(), DAY_US)
    seconds, microseconds = np.divmod(within, 1_000_000)
    thousands, units = np.divmod(microseconds, 1000)
    first = int(days.min())
    dates = [f"{date(1970, 1, 1) + timedelta(days=day)} " for day in range(first, int(days.max()) + 1)]
    return pc.binary_join_element_wise(
        pa.array(dates).take(pa.array(days - first)),
        CLOCK.take(pa.array(seconds)),
        THREE_DIGITS.take(pa.array(thousands)),
        THREE_DIGITS.take(pa.array(units)),
        "+00",
        "",
    )
