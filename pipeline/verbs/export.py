"""Writes the rollup tables as Parquet files, a folder a month, for pandas, DuckDB and the like."""

from __future__ import annotations

import argparse

from pipeline.errors import SettingsError
from pipeline.export.exporting import ExportReport, TableReport
from pipeline.export.exporting import export as export_tables
from pipeline.export.tables import TABLES
from pipeline.installation import Installation
from pipeline.layout import counted
from pipeline.runs import json_time
from pipeline.verbs.reporting import add_json, interval, show

HELP = "write the rollup tables as Parquet files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--table",
        action="append",
        metavar="TABLE",
        help=f"only this one of {', '.join(TABLES)}; may be repeated",
    )
    parser.add_argument("--from", dest="start", metavar="TIME", help="only months from this time on (ISO 8601)")
    parser.add_argument("--to", dest="end", metavar="TIME", help="only months before this time")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Export what differs from what is exported."""
    tables = list(dict.fromkeys(arguments.table or TABLES))
    for table in tables:
        if table not in TABLES:
            raise SettingsError(f"--table {table}: no such table. Known: {', '.join(TABLES)}.")
    start, end = interval(arguments.start, arguments.end)
    report = export_tables(installation, tables=tables, start=start, end=end)
    url = installation.store.url(report.manifest)
    show(arguments, {**report.to_json(), "url": url}, [*describe(report), url])
    return 0


def describe(report: ExportReport) -> list[str]:
    """Say an export in a line, and what was written of each table in another."""
    done = report.tables.values()
    files, months = sum(each.files for each in done), sum(each.months_unchanged for each in done)
    line = (
        f"exported through {json_time(report.data_through)}: {counted(files, 'file')} written "
        f"({sum(each.bytes for each in done):,} bytes), {counted(months, 'month')} unchanged, in {report.seconds:.1f} s"
    )
    return [line, *(_line(name, each) for name, each in report.tables.items() if any(_changes(each)))]


def _changes(table: TableReport) -> tuple[int, ...]:
    return table.months_written, table.months_gone


def _line(name: str, table: TableReport) -> str:
    gone = f", {table.months_gone:,} gone" if table.months_gone else ""
    inexact = f", {counted(table.inexact, 'row')} with a number of more than 18 decimals or 20 digits"
    written = f"{counted(table.months_written, 'month')} written, {counted(table.rows, 'row')}"
    return f"  {name}: {written}{gone}{inexact if table.inexact else ''}"
