"""The export: rollup tables as Parquet files in the store, a folder a month; only months that differ are written."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import Database, execute, rows
from pipeline.errors import BusyError, NothingRolledError
from pipeline.export.ledger import Entry, Ledger, ledgers
from pipeline.export.manifest import manifest
from pipeline.export.parts import Part, read_parts
from pipeline.export.tables import TABLES, Month, Span, months_between, read_months, read_schema
from pipeline.installation import Installation
from pipeline.progress import Step
from pipeline.publish.caching import cache_control
from pipeline.publish.collecting import KEPT, collect
from pipeline.publish.due import places
from pipeline.publish.keys import MANIFEST
from pipeline.publish.publisher import still_held
from pipeline.publish.stores import ABSENT
from pipeline.runs import as_dict, clock, recorded, require_installed

EXPORT_LOCK = 3_620_118_254  # any number, the same for every export


@dataclass
class TableReport:
    """What became of one table; `inexact` counts rows of the written months with a number that does not fit."""

    months_written: int = 0
    months_unchanged: int = 0
    months_gone: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0
    inexact: int = 0


@dataclass
class ExportReport:
    """What an export wrote, by table; `collected` superseded files were taken away."""

    data_through: datetime | None = None
    manifest: str = ""
    collected: int = 0
    tables: dict[str, TableReport] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)


@dataclass(frozen=True)
class _Place:
    """Where an export goes, which `holder` has for itself: the ledger as it stands, and what is in the store."""

    installation: Installation
    holder: Connection
    ledger: Ledger
    present: frozenset[str]


def export(
    installation: Installation,
    *,
    tables: Sequence[str] = TABLES,
    start: datetime | None = None,
    end: datetime | None = None,
) -> ExportReport:
    """Bring the files of some tables, and the months that [start, end) touches, to what is rolled up.

    Each table is read in one snapshot. Raises BusyError while another export is at work, NothingRolledError before the
    first tick. Killed at any point, it can simply be run again.
    """
    database, report, began = installation.database, ExportReport(), time.monotonic()
    require_installed(database)
    installation.store.check()
    with recorded(database, "export", clock(database), report), alone(database) as holder:
        report.tables = {table: TableReport() for table in tables}
        for ledger in ledgers(installation):
            place = _Place(installation, holder, ledger, frozenset(installation.store.list(ledger.folder)))
            for table in tables:
                _export_table(place, table, months_between(start, end), report)
                still_held(holder)
            manifest_path = _write_manifest(place, report)
            report.manifest = report.manifest or manifest_path
        report.collected = collect_exports(installation, holder)
        report.seconds = round(time.monotonic() - began, 3)
    return report


def collect_exports(installation: Installation, holder: Connection, kept: timedelta = KEPT) -> int:
    """Take away what was superseded longer ago than `kept`; of a folder that goes as a whole the manifest first."""
    with installation.database.transaction() as connection:
        left = rows(connection, "exports/left", places=places(installation), kept=kept)
    still_held(holder)
    for row in left:
        installation.store.delete(f"v1/export/{row.key}/{MANIFEST}")
    return collect(installation, "exports", still_held=lambda: still_held(holder), kept=kept)


@contextmanager
def alone(database: Database) -> Iterator[Connection]:
    """Keep every other export out; raises BusyError while one is at work."""
    with database.transaction() as connection:
        if not execute(connection, "exports/lock", key=EXPORT_LOCK).one().held:
            raise BusyError("Another export is at work.")
        yield connection


def _export_table(place: _Place, table: str, span: Span, report: ExportReport) -> None:
    done, unchanged = report.tables[table], []
    with (
        place.installation.database.transaction("REPEATABLE READ") as connection,
        place.installation.progress.step(f"Exporting {table}", unit="rows") as step,
    ):
        through = _data_through(connection)
        report.data_through = min(report.data_through or through, through)
        held = _held(place.ledger.current(connection), table, span)
        months = read_months(connection, table, span)
        for month in months:
            if _is_kept(held.get(month.month, []), month, place.present):
                unchanged.append(month.month)
            else:
                _write_month(place, connection, (table, month, through), done, step)
    still_held(place.holder)
    gone = held.keys() - {month.month for month in months}
    for name in sorted(gone):
        place.ledger.record(table, name, [])
    place.ledger.look(table, unchanged, through)
    done.months_unchanged += len(unchanged)
    done.months_gone += len(gone)


def _data_through(connection: Connection) -> datetime:
    through: datetime | None = execute(connection, "tick/progress").one().data_through
    if through is None:
        raise NothingRolledError(
            "Nothing has been rolled up yet, so there is nothing to export. Run: python -m pipeline run"
        )
    return through


def _held(entries: Sequence[Entry], table: str, span: Span) -> dict[str, list[Entry]]:
    """Give the files of a table by month, of the months that are looked at."""
    mine = [entry for entry in entries if entry.table_name == table and span.holds(entry.month)]
    return {month: list(files) for month, files in groupby(mine, key=lambda entry: entry.month)}


def _is_kept(files: Sequence[Entry], month: Month, present: frozenset[str]) -> bool:
    """Say whether a month is in its files as it is, and they are all in the store."""
    return bool(files) and all(entry.digest == month.digest and entry.path in present for entry in files)


def _write_month(
    place: _Place, connection: Connection, what: tuple[str, Month, datetime], done: TableReport, step: Step
) -> None:
    """Write the files of a month one by one, each noted before; then note that they hold it."""
    table, month, _ = what
    entries = []
    for part in read_parts(connection, table, month.month):
        entry = _entry(place.ledger.path(table, month.month, part), what, part)
        place.ledger.plan(entry)
        still_held(place.holder)
        place.installation.store.put(entry.path, part.content, cache_control=cache_control(entry.path))
        entries.append(entry)
        step.advance(part.rows)
    still_held(place.holder)
    place.ledger.record(table, month.month, entries)
    done.months_written += 1
    done.files += len(entries)
    done.rows += month.rows
    done.bytes += sum(entry.bytes for entry in entries)
    done.inexact += month.inexact


def _entry(path: str, what: tuple[str, Month, datetime], part: Part) -> Entry:
    table, month, through = what
    return Entry(
        path=path,
        table_name=table,
        month=month.month,
        part=part.number,
        digest=month.digest,
        rows=part.rows,
        bytes=len(part.content),
        inexact=0 if part.number else month.inexact,
        data_through=through,
    )


def _write_manifest(place: _Place, report: ExportReport) -> str:
    """List what is current, of all tables; give its path."""
    assert report.data_through is not None
    path, store = f"{place.ledger.folder}/{MANIFEST}", place.installation.store
    up = store.look(path)  # first: what the ledger says after is no older, and a manifest of later makes the put fail
    with place.installation.database.transaction() as connection:
        entries = place.ledger.current(connection)
        schemas = {table: read_schema(connection, table) for table in TABLES}
    content = manifest(place.ledger.folder, entries, schemas, data_through=report.data_through)
    store.put(path, content, cache_control=cache_control(path), over=up.version if up else ABSENT)
    return path
