"""CSV: comma separated, quoted by `"`, UTF-8 with or without a byte order mark, lines ended by LF or CRLF."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from pipeline.errors import PermanentError, SettingsError
from pipeline.sources.batches import Batch, Lines, Refused

BLOCK_BYTES = 8 << 20  # about 100,000 requests; also the longest row that can be read
HEADER_BYTES = 1 << 20
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Survey:
    """What has to be known of the whole content before it is parsed."""

    def __init__(self) -> None:
        self.newlines = 0
        self.quoted = False
        self.utf8 = True
        self.last = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, chunk: bytes) -> None:
        """Look at the next piece."""
        self.newlines += chunk.count(b"\n")
        self.quoted = self.quoted or b'"' in chunk
        self.last = chunk[-1:]
        if self.utf8:
            try:
                self._decoder.decode(chunk)
            except UnicodeDecodeError:
                self.utf8 = False

    @property
    def rows(self) -> int | None:
        """How many rows there are; None where values may hold line ends."""
        return None if self.quoted else max(self.newlines - (self.last == b"\n"), 0)


def read_header(path: Path, stream: Any) -> tuple[str, ...]:
    """Give the names in the first line; raises SettingsError where this is not CSV."""
    start: bytes = stream.read(HEADER_BYTES)
    if not start:
        raise SettingsError(f"{path}: is empty. Its first line must name its columns.")
    text = start.decode("utf-8-sig", errors="replace")
    try:
        names = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        names = []
    if not any(names) or {"\0", REPLACEMENT} & set("".join(names)):
        raise SettingsError(f"{path}: is not a CSV file. Its first line must name its columns, in UTF-8.")
    return tuple(names)


def read_batches(
    path: Path, stream: Any, *, columns: Sequence[str], survey: Survey, places: Sequence[int]
) -> Iterator[Batch]:
    """Parse a stream into batches of the columns at `places`, in the order of the file."""
    numbering = _Numbering(columns, survey)
    try:
        for parsed in _parser(stream if survey.utf8 else _Repaired(stream), columns, survey, numbering):
            yield _batch(parsed, numbering, survey, places)
    except pa.ArrowInvalid as error:
        if "Empty CSV file" not in str(error):  # a header without a line end, and no more
            raise PermanentError(f"{path}: {_explained(error, numbering)}") from None
    none = pa.RecordBatch.from_pylist([], schema=pa.schema([(str(place), pa.string()) for place in places]))
    lines, refused = numbering.number(none)
    yield Batch(rows=none, lines=lines, refused=refused)


def _parser(stream: Any, columns: Sequence[str], survey: Survey, numbering: _Numbering) -> Any:
    return arrow_csv.open_csv(
        stream,
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(
            newlines_in_values=survey.quoted,  # twice as slow
            ignore_empty_lines=False,  # they have numbers too
            invalid_row_handler=numbering.skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _batch(parsed: Any, numbering: _Numbering, survey: Survey, places: Sequence[int]) -> Batch:
    lines, refused = numbering.number(parsed)
    rows = pa.RecordBatch.from_arrays(
        [parsed.column(place) for place in places], names=[str(place) for place in places]
    )
    bad = _empty_lines(parsed)
    if bad is not None:
        rows, lines, refused = _without(rows, lines, refused, bad=bad, reason="the line is empty")
    if not survey.utf8:
        bad = _any([pc.match_substring(column, REPLACEMENT) for column in rows.columns])
        rows, lines, refused = _without(rows, lines, refused, bad=bad, reason="the row is not in UTF-8")
    return Batch(rows=rows, lines=lines, refused=refused)


def _without(
    rows: Any, lines: Lines, refused: tuple[Refused, ...], *, bad: Any, reason: str
) -> tuple[Any, Lines, tuple[Refused, ...]]:
    mask = bad.to_numpy(zero_copy_only=False)
    if mask.any():
        return rows.filter(pc.invert(bad)), lines[~mask], (*refused, Refused(reason, lines[mask]))
    return rows, lines, refused


def _empty_lines(parsed: Any) -> Any:
    """Find the empty lines, which the parser gives as rows of nulls; None where there are none."""
    if any(column.null_count == 0 for column in parsed.columns):
        return None
    empty = parsed.column(0).is_null()
    for column in parsed.columns[1:]:
        empty = pc.and_(empty, column.is_null())
    return empty


def _any(masks: Sequence[Any]) -> Any:
    found = pc.fill_null(masks[0], False)
    for mask in masks[1:]:
        found = pc.or_(found, pc.fill_null(mask, False))
    return found


def _explained(error: Exception, numbering: _Numbering) -> str:
    if "straddling object" in str(error) or "block_size" in str(error):
        return (
            f"a row after line {numbering.line - 1} is longer than {BLOCK_BYTES >> 20} MiB. "
            "Most likely a quote is not closed there. Nothing was loaded."
        )
    return f"cannot be read as CSV near line {numbering.line}: {error}. Nothing was loaded."


@dataclass
class _Numbering:
    """Turns the parser's count of rows into lines: skips what it skipped, adds line ends inside values."""

    columns: Sequence[str]
    survey: Survey
    row: int = 2  # the next one, as the parser counts: the header is 1
    line: int = 2  # where it begins
    skipped: list[tuple[int, int]] = field(default_factory=list)  # row, line ends inside it

    def __post_init__(self) -> None:
        self.line += sum(name.count("\n") for name in self.columns)

    def skip(self, row: Any) -> str:
        """Note a row that has the wrong number of fields: the parser calls this."""
        self.skipped.append((row.number, row.text.count("\n")))
        return "skip"

    def number(self, parsed: Any) -> tuple[Lines, tuple[Refused, ...]]:
        """Give the lines of the parsed rows, and the skipped rows among them; of none, those that follow."""
        skipped = self._skipped_until(parsed.num_rows)
        count = parsed.num_rows + len(skipped)
        places = np.array([row - self.row for row, _ in skipped], np.int64)
        good = np.ones(count, bool)
        good[places] = False
        inside = np.zeros(count, np.int64)
        inside[places] = [newlines for _, newlines in skipped]
        if self.survey.quoted:
            inside[good] = _newlines(parsed)
        lines = self.line + np.arange(count) + np.cumsum(inside) - inside
        self.row += count
        self.line += count + int(inside.sum())
        reason = f"the row has not {len(self.columns)} fields, as the header has"
        return lines[good], (Refused(reason, lines[~good]),) if skipped else ()

    def _skipped_until(self, parsed: int) -> list[tuple[int, int]]:
        """Take the skipped rows that lie before or among the next `parsed` ones; the parser reads ahead."""
        end = 0
        while end < len(self.skipped) and self.skipped[end][0] < self.row + parsed + end + (parsed == 0):
            end += 1
        taken, self.skipped = self.skipped[:end], self.skipped[end:]
        return taken


def _newlines(parsed: Any) -> Lines:
    """Count the line ends inside the values of each row."""
    total = np.zeros(parsed.num_rows, np.int64)
    for column in parsed.columns:
        if any(buffer and b"\n" in buffer.to_pybytes() for buffer in column.buffers()[2:]):
            total += pc.fill_null(pc.count_substring(column, "\n"), 0).to_numpy(zero_copy_only=False)
    return total


class _Repaired(io.RawIOBase):
    """A stream whose bytes that are not UTF-8 are replaced, so that only the rows that hold them are lost."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.ready = b""

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, target: Any) -> int:
        """Fill `target` with the next bytes."""
        while not self.ready and (chunk := self.stream.read(HEADER_BYTES)):
            self.ready = self.decoder.decode(chunk).encode()
        count = min(len(target), len(self.ready))
        target[:count], self.ready = self.ready[:count], self.ready[count:]
        return count
