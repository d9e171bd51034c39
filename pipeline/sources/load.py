"""Brings files of raw rows into a source table, a transaction a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
from sqlalchemy import Connection

from pipeline.database.connection import driver, execute, rows
from pipeline.errors import PermanentError, SettingsError
from pipeline.sources.batches import Batch, Refused
from pipeline.sources.checking import WHOLE_LIMITS, check
from pipeline.sources.constants import add_constants, read_constants
from pipeline.sources.copying import Ready, TableCopy, encode
from pipeline.sources.reading import InputFile, open_input
from pipeline.sources.target import Column, Match, Target, match_columns, read_target

if TYPE_CHECKING:
    from pipeline.installation import Installation

NAMED_LINES = 10
NAMED_REASONS = 100  # a trigger of the user may have one of its own for every row


class AlreadyLoadedError(PermanentError):
    """The content of a file is in the table already."""


@dataclass(frozen=True)
class Rejection:
    """Rows that were not loaded for one reason; `lines` are the first ten places in the file."""

    reason: str
    rows: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class LoadReport:
    """What became of one file; `place` is what its places count, line or row."""

    file: str
    table: str
    sha256: str
    rows: int
    rejected: tuple[Rejection, ...]
    ignored_columns: tuple[str, ...]
    place: str
    loaded_before: datetime | None = None  # then nothing was loaded now

    @property
    def rejected_rows(self) -> int:
        """All rows that were not loaded."""
        return sum(rejection.rows for rejection in self.rejected)


def load_files(
    installation: Installation,
    files: Sequence[Path | str],
    *,
    into: str,
    renamed: Sequence[tuple[str, str]] = (),
    constant: Sequence[tuple[str, str]] = (),
    again: bool = False,
    done: Callable[[LoadReport], None] = lambda _: None,
) -> tuple[LoadReport, ...]:
    """Load each file into the table that the contract calls `into`; `done` hears of each one as it ends.

    `renamed` holds pairs of (column, name in the file), `constant` pairs of (column, value in all rows). What can be
    seen beforehand is checked before the first row is loaded (SettingsError). Content that is in the table already is
    passed over, and named in an AlreadyLoadedError once the other files are in; `again` loads it once more.
    """
    if into not in installation.settings.source.tables:
        known = ", ".join(installation.settings.source.tables)
        raise SettingsError(f"--into {into}: no such table. Known: {known}.")
    target = _find_target(installation, into)
    inputs = [_open(installation, Path(file)) for file in files]
    constants = read_constants(target, constant)
    matches = [
        match_columns(target, str(file.path), file.columns, renamed=renamed, constants=constants) for file in inputs
    ]
    reports = []
    for file, match in zip(inputs, matches, strict=True):
        report = _load_file(installation, file, target=target, match=match, again=again)
        done(report)
        reports.append(report)
    _refuse_loaded(reports)
    return tuple(reports)


def _find_target(installation: Installation, into: str) -> Target:
    with installation.database.transaction() as connection:
        if not rows(connection, "loads/ready")[0].ready:
            raise SettingsError("The database is not set up: there is no table pipeline.loads. Run `init` first.")
        return read_target(connection, installation.settings.source[into])


def _open(installation: Installation, path: Path) -> InputFile:
    with installation.progress.step(f"read {path.name}"):
        return open_input(path)


def _refuse_loaded(reports: Sequence[LoadReport]) -> None:
    refused = [
        f"{report.file} was loaded into {report.table} on {report.loaded_before:%Y-%m-%d at %H:%M:%S} UTC"
        for report in reports
        if report.loaded_before
    ]
    if refused:
        raise AlreadyLoadedError(
            f"{'; '.join(refused)}. It was not loaded a second time; add --again if its rows are really wanted twice."
        )


def _load_file(installation: Installation, file: InputFile, *, target: Target, match: Match, again: bool) -> LoadReport:
    tally = _Tally()
    step = installation.progress.step(f"load {file.path.name}", total=file.rows, unit="rows")
    with installation.database.transaction() as connection:
        content = {"sha256": file.sha256, "target_table": target.address}
        execute(connection, "loads/begin", **content)
        earlier = None if again else execute(connection, "loads/earlier", **content).first()
        if earlier is None:
            with step as progress:
                for count in _copy_all(connection, file, target=target, match=match, tally=tally):
                    progress.advance(count)
            if tally.loaded:
                rejected = json.dumps([asdict(rejection) for rejection in tally.rejections()])
                name = {"file_name": file.path.name}
                execute(connection, "loads/record", rows=tally.loaded, rejected=rejected, **name, **content)
    return LoadReport(
        file=str(file.path),
        table=target.address,
        sha256=file.sha256,
        rows=tally.loaded,
        rejected=tally.rejections(),
        ignored_columns=match.ignored,
        place=file.place,
        loaded_before=earlier.loaded_at if earlier else None,
    )


def _copy_all(connection: Connection, file: InputFile, *, target: Target, match: Match, tally: _Tally) -> Iterator[int]:
    """Copy the file; give the rows of each batch, loaded or not, as it is done."""
    copy = TableCopy(driver(connection), target, match.columns)
    highest = _Highest(match)
    for ready in _ahead(_prepared(file, match)):
        refused = [*ready.batch.refused, *copy.write(ready)]
        tally.add(ready.batch, refused)
        highest.see(ready.batch)
        yield len(ready.batch.lines) + sum(len(part.lines) for part in ready.batch.refused)
    highest.move_sequences(connection)


def _prepared(file: InputFile, match: Match) -> Iterator[Ready]:
    for batch in file.read(match.places):
        checked = check(add_constants(batch, match.constants), match.columns)
        yield Ready(checked, encode(checked.rows))


def _ahead(items: Iterator[Ready]) -> Iterator[Ready]:
    """Prepare the next item while this one is worked on: pyarrow and the server then use a core each."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


class _Tally:
    """Counts the rows of one file."""

    def __init__(self) -> None:
        self.loaded = 0
        self.counts: dict[str, int] = {}
        self.lines: dict[str, list[int]] = {}

    def add(self, batch: Batch, refused: Sequence[Refused]) -> None:
        """Count a batch: its rows, of which the server may have refused some, and all that was refused."""
        by_server = len(refused) - len(batch.refused)
        self.loaded += len(batch.lines) - by_server
        for part in refused:
            known = part.reason in self.counts or len(self.counts) < NAMED_REASONS
            reason = part.reason if known else "other reasons"
            lines = self.lines.setdefault(reason, [])
            lines += part.lines[: NAMED_LINES - len(lines)].tolist()
            self.counts[reason] = self.counts.get(reason, 0) + len(part.lines)

    def rejections(self) -> tuple[Rejection, ...]:
        """Give the reasons, the most frequent one first."""
        return tuple(
            Rejection(reason=reason, rows=count, lines=tuple(self.lines[reason]))
            for reason, count in sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        )


class _Highest:
    """The highest number that a file brought for each column that a sequence numbers."""

    def __init__(self, match: Match) -> None:
        self.columns = {place: column for place, column in enumerate(match.columns) if _counts(column)}
        self.seen: dict[str, int] = {}

    def see(self, batch: Batch) -> None:
        """Look at the numbers of a batch."""
        for place, column in self.columns.items():
            if batch.rows.num_rows and column.sequence:
                highest: Any = pc.max(pc.cast(pc.utf8_ltrim(batch.rows.column(place), "+"), "int64")).as_py()
                self.seen[column.sequence] = max(self.seen.get(column.sequence, 0), highest or 0)

    def move_sequences(self, connection: Connection) -> None:
        """Move the sequences past them."""
        for sequence, highest in self.seen.items():
            execute(connection, "loads/sequence", sequence=sequence, highest=highest)


def _counts(column: Column) -> bool:
    return column.sequence is not None and column.type in WHOLE_LIMITS
