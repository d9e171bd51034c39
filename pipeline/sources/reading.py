"""Files of raw rows: opened by their name, checked as a whole, read as batches of text with line numbers."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from pipeline.errors import SettingsError
from pipeline.sources import csv_rows, parquet_rows
from pipeline.sources.batches import Batch

CHUNK_BYTES = 1 << 20
KINDS = (".csv", ".csv.gz", ".parquet", ".parquet.gz")


@dataclass(frozen=True)
class InputFile:
    """A file that can be read: its columns, the SHA-256 of its unpacked content, its rows where known.

    `read` takes the places of the columns that are wanted and gives batches of bounded size. `place` is what
    is counted: lines of a CSV file (the header is line 1), rows of a Parquet file (the first is row 1).
    """

    path: Path
    columns: tuple[str, ...]
    sha256: str
    rows: int | None
    place: str
    read: Callable[[Sequence[int]], Iterator[Batch]]


def open_input(path: Path) -> InputFile:
    """Read a file once from end to end; raises SettingsError where it is missing, damaged or unknown."""
    kind = next((kind for kind in KINDS if path.name.lower().endswith(kind)), None)
    if kind is None:
        raise SettingsError(f"{path}: unknown kind of file. Give one that ends in {', '.join(KINDS)}.")
    try:
        with path.open("rb"):  # its errors are plainer than those of pyarrow
            pass
        return _open_csv(path) if kind.startswith(".csv") else _open_parquet(path)
    except OSError as error:  # pyarrow's errors about damaged gzip data are OSErrors without an errno
        raise SettingsError(f"{path}: cannot be read: {error.strerror or str(error).strip()}.") from None


def _open_stream(path: Path) -> Any:
    """Open a file as a stream of unpacked bytes."""
    return pa.input_stream(str(path), compression="gzip" if path.name.lower().endswith(".gz") else None)


def _open_csv(path: Path) -> InputFile:
    digest = hashlib.sha256()
    survey = csv_rows.Survey()
    with _open_stream(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            survey.add(chunk)
    with _open_stream(path) as stream:
        columns = csv_rows.read_header(path, stream)

    def read(places: Sequence[int]) -> Iterator[Batch]:
        with _open_stream(path) as stream:
            yield from csv_rows.read_batches(path, stream, columns=columns, survey=survey, places=places)

    return InputFile(path=path, columns=columns, sha256=digest.hexdigest(), rows=survey.rows, place="line", read=read)


def _open_parquet(path: Path) -> InputFile:
    digest = hashlib.sha256()
    packed = path.name.lower().endswith(".gz")
    # Parquet is read from its end, which a gzip stream cannot do.
    content: IO[bytes] = tempfile.TemporaryFile() if packed else path.open("rb")  # noqa: SIM115
    with _open_stream(path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            if packed:
                content.write(chunk)
    rows = parquet_rows.open_rows(path, content)
    return InputFile(
        path=path,
        columns=rows.columns,
        sha256=digest.hexdigest(),
        rows=rows.count,
        place="row",
        read=rows.read_batches,
    )
