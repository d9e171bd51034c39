"""A month's rows as Parquet files of bounded size; the same rows give the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from sqlalchemy import Connection

from pipeline.database.connection import execute
from pipeline.documents.encode import HASH_DIGITS
from pipeline.export.tables import is_uuid, schema_of, span_of

BATCH_ROWS = 20_000  # a row group: what is held as Python objects at a time
PART_BATCHES = 12  # what is held as bytes at a time: some 10 to 50 MB
COMPRESSION = "zstd"


@dataclass(frozen=True)
class Part:
    """One Parquet file of a month; `number` counts from 0."""

    number: int
    content: bytes = field(repr=False)
    rows: int

    @property
    def name(self) -> str:
        """Its file name, which changes with the content, so the file may be cached for ever."""
        return f"part-{self.number}.{hashlib.sha256(self.content).hexdigest()[:HASH_DIGITS]}.parquet"


def read_parts(connection: Connection, table: str, month: str) -> Iterator[Part]:
    """Read a month of a table through a cursor on the server, ordered by its grain; give file by file."""
    span = span_of(month)
    streaming = connection.execution_options(yield_per=BATCH_ROWS)
    result = execute(streaming, f"{table}/export", start=span.start, end=span.end)
    schema, uuids = schema_of(result.cursor), is_uuid(result.cursor)
    batches = (_batch(rows, schema, uuids) for rows in result.partitions(BATCH_ROWS))
    number = 0
    while (first := next(batches, None)) is not None:
        yield _part(number, first, batches, schema)
        number += 1


def _part(number: int, first: Any, batches: Iterator[Any], schema: Any) -> Part:
    sink = pa.BufferOutputStream()
    count, rows = 1, first.num_rows
    with parquet.ParquetWriter(sink, schema, compression=COMPRESSION) as writer:
        writer.write_batch(first)
        while count < PART_BATCHES and (batch := next(batches, None)) is not None:
            writer.write_batch(batch)
            count, rows = count + 1, rows + batch.num_rows
    return Part(number, sink.getvalue().to_pybytes(), rows)


def _batch(rows: Any, schema: Any, uuids: Any) -> Any:
    columns = [
        pa.array([value and str(value) for value in values] if uuid else values, kind)
        for values, kind, uuid in zip(zip(*rows, strict=True), schema.types, uuids, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
