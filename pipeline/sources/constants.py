"""Columns of the table that the file does not have: one value for all its rows, given by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.errors import SettingsError
from pipeline.sources.batches import Batch
from pipeline.sources.checking import check
from pipeline.sources.target import Constant, Target, listed


def read_constants(target: Target, given: Sequence[tuple[str, str]]) -> tuple[Constant, ...]:
    """Find the columns of pairs of (column, value); raises SettingsError for a value that no row could have."""
    found: dict[str, Constant] = {}
    for name, value in given:
        column = target.find(name)
        if column is None:
            columns = listed([column.name for column in target.columns])
            raise SettingsError(
                f"--set {name}={value}: {target.source.name} has no column {name}. Its columns: {columns}."
            )
        if column.name in found:
            raise SettingsError(f"--set {name}={value}: {column.name} is set twice. Set each column once.")
        found[column.name] = Constant(column, value)
        _refuse_unfit(found[column.name], name)
    return tuple(found.values())


def add_constants(batch: Batch, constants: Sequence[Constant]) -> Batch:
    """Give the batch with a column more for each constant, after those of the file."""
    if not constants:
        return batch
    rows = batch.rows
    arrays = [pa.repeat(pa.scalar(constant.value, pa.string()), rows.num_rows) for constant in constants]
    names = [f"set {place}" for place in range(len(constants))]
    whole = pa.RecordBatch.from_arrays([*rows.columns, *arrays], names=[*rows.schema.names, *names])
    return Batch(rows=whole, lines=batch.lines, refused=batch.refused)


def _refuse_unfit(constant: Constant, name: str) -> None:
    """Check the value as a row's is; else a word that is no number would reject every row of the file."""
    one = pa.RecordBatch.from_arrays([pa.array([constant.value], pa.string())], names=[name])
    for refused in check(Batch(rows=one, lines=np.array([1])), [constant.column]).refused:
        raise SettingsError(f"--set {name}={constant.value}: {refused.reason}.")
