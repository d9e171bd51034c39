"""Parquet: typed columns, turned into the text that a CSV file would hold, digit by digit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

from pipeline.errors import PermanentError, SettingsError
from pipeline.sources.batches import Batch

BATCH_ROWS = 100_000
UUID_BYTES = 16


@dataclass(frozen=True)
class ParquetRows:
    """The rows of one Parquet file."""

    path: Path
    file: Any
    columns: tuple[str, ...]
    count: int

    def read_batches(self, places: Sequence[int]) -> Iterator[Batch]:
        """Give the columns at `places` as text, in the order of the file; rows count from 1."""
        names = [self.columns[place] for place in places]
        for place, name in zip(places, names, strict=True):
            _refuse_nested(self.path, name, self.file.schema_arrow.field(place).type)
        first = 1
        try:
            for read in self.file.iter_batches(batch_size=BATCH_ROWS, columns=names):
                arrays = [as_text(read.column(name)) for name in names]
                rows = pa.RecordBatch.from_arrays(arrays, names=[str(place) for place in places])
                yield Batch(rows=rows, lines=np.arange(first, first + rows.num_rows))
                first += rows.num_rows
        except (pa.ArrowException, OSError) as error:
            raise PermanentError(
                f"{self.path}: cannot be read after row {first - 1}: {error}. Nothing was loaded."
            ) from None


def open_rows(path: Path, content: IO[bytes]) -> ParquetRows:
    """Read what the file says of itself; raises SettingsError where it is not Parquet."""
    try:
        file = parquet.ParquetFile(content)
    except (pa.ArrowException, OSError):
        raise SettingsError(f"{path}: is not a Parquet file, or not a whole one.") from None
    return ParquetRows(path=path, file=file, columns=tuple(file.schema_arrow.names), count=file.metadata.num_rows)


def _refuse_nested(path: Path, name: str, kind: Any) -> None:
    if types.is_nested(kind):
        raise SettingsError(f"{path}: column {name} is {kind}, which no column of a table can take.")


def as_text(column: Any) -> Any:
    """Turn an Arrow array into strings: numbers with all their digits, times in UTC without a zone."""
    kind = column.type
    if types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if isinstance(kind, pa.BaseExtensionType):
        return as_text(column.storage)
    if types.is_fixed_size_binary(kind) and kind.byte_width == UUID_BYTES:
        values = [value if value is None else str(uuid.UUID(bytes=value)) for value in column.to_pylist()]
        return pa.array(values, pa.string())
    if types.is_timestamp(kind):
        # Without its zone the value is in UTC, and printing it needs no zone database.
        column = pc.cast(column, pa.timestamp(kind.unit))
        column = pc.cast(column, pa.timestamp("us"), safe=False)
    return pc.cast(column, pa.string())
