"""COPY of batches into a table, and the search for the rows that Postgres itself refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.sql import SQL, Composed, Identifier
from pyarrow import csv

from pipeline.sources.batches import Batch, Refused
from pipeline.sources.target import Column, Target

# Data exceptions, integrity constraints, what a trigger of the user raises: about a row, not about the load.
ROW_FAULTS = ("22", "23", "P0")
DATA_EXCEPTION = "22"


@dataclass(frozen=True)
class Ready:
    """A batch that has been checked, and its rows as Postgres reads them."""

    batch: Batch
    encoded: Any


def encode(rows: Any) -> Any:
    """Write rows as CSV: null is nothing, all else quoted; after a header Postgres counts lines reliably."""
    stream = pa.BufferOutputStream()
    csv.write_csv(rows, stream, csv.WriteOptions(batch_size=max(rows.num_rows, 1)))
    return stream.getvalue()


class TableCopy:
    """Brings batches into one table, within a transaction that is open already."""

    def __init__(self, connection: psycopg.Connection[Any], target: Target, columns: Sequence[Column]) -> None:
        self.connection = connection
        self.columns = columns
        self.statement = _statement(target, columns)
        # The message is in the server's language; the table's name and the number are not.
        self.place = re.compile(rf"^COPY {re.escape(target.source.table)}, \D*(\d+)(?:, \S+ ([^:]+):)?", re.MULTILINE)

    def write(self, ready: Ready) -> list[Refused]:
        """Write a batch; give the rows that were refused.

        A row that Postgres names is taken out; what is before it and what is after it is tried again.
        Where it names none (a foreign key, a trigger), halves are tried until a single row is left.
        """
        refused: list[Refused] = []
        rows, lines = ready.batch.rows, ready.batch.lines
        pending = [(0, rows.num_rows)]
        while pending:
            start, stop = pending.pop()
            if start == stop:
                continue
            whole = stop - start == rows.num_rows
            part = rows.slice(start, stop - start)
            error = self._try(ready.encoded if whole else encode(part))
            if error is None:
                continue
            bad = 0 if stop - start == 1 else self._named_row(error, part)
            if bad is None:
                middle = (start + stop) // 2
                pending += [(middle, stop), (start, middle)]
            else:
                refused.append(Refused(self._reason(error), lines[start + bad : start + bad + 1]))
                pending += [(start + bad + 1, stop), (start, start + bad)]
        return refused

    def _try(self, encoded: Any) -> psycopg.Error | None:
        try:
            with self.connection.transaction(), self.connection.cursor().copy(self.statement) as copy:
                copy.write(memoryview(encoded))
        except psycopg.Error as error:
            if (error.sqlstate or "")[:2] in ROW_FAULTS:
                return error
            raise
        return None

    def _named_row(self, error: psycopg.Error, part: Any) -> int | None:
        """Find the row by the line that the error names: its last one, line ends inside values counted."""
        found = self.place.search(error.diag.context or "")
        if not found:
            return None
        inside = np.zeros(part.num_rows, np.int64)
        for column in part.columns:
            inside += pc.fill_null(pc.count_substring(column, "\n"), 0).to_numpy(zero_copy_only=False)
        last_lines = 1 + np.cumsum(1 + inside)
        row = int(np.searchsorted(last_lines, int(found[1])))
        return row if row < part.num_rows else None

    def _reason(self, error: psycopg.Error) -> str:
        """Give the server's words without the value, so that rows of one fault are counted together."""
        message = error.diag.message_primary or str(error)
        if (error.sqlstate or "")[:2] != DATA_EXCEPTION:
            return message
        found = self.place.search(error.diag.context or "")
        column = next((c.name for c in self.columns if found and c.real == found[2]), None)
        message = re.sub(r': ".*"$', "", message, flags=re.DOTALL)
        message = re.sub(r'(?:value )?"(?!UTF8").*"', "a value", message, flags=re.DOTALL)
        return f"{column}: {message}" if column else message


def _statement(target: Target, columns: Sequence[Column]) -> Composed:
    return SQL("copy {} ({}) from stdin with (format csv, header true, encoding 'UTF8')").format(
        Identifier(target.source.schema, target.source.table),
        SQL(", ").join(Identifier(column.real) for column in columns),
    )
