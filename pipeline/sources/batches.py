"""What a file of raw rows is read into: a bounded number of rows, all as text, each with its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Lines = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Refused:
    """Rows that are not loaded, for one reason."""

    reason: str
    lines: Lines


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: `rows` is a pyarrow RecordBatch of strings, `lines` says where each one is."""

    rows: Any
    lines: Lines
    refused: tuple[Refused, ...] = ()
