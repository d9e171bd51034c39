"""Bring CSV or Parquet files (.gz too) of raw rows into a source table.

A file is loaded in one piece; rows that do not fit the table are left out and reported by reason and line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.sources.load import LoadReport, Rejection, load_files
from pipeline.sources.mapping import REQUIRED

HELP = "bring CSV or Parquet files of raw rows into a source table"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="*", metavar="FILE", help=".csv, .csv.gz, .parquet or .parquet.gz")
    parser.add_argument("--into", required=True, metavar="TABLE", help=f"one of {', '.join(REQUIRED)}")
    parser.add_argument(
        "--map",
        action="append",
        nargs="+",
        default=[],
        metavar="COLUMN=NAME",
        help="take COLUMN of the table from the column NAME of the file; takes several, and may be repeated",
    )
    parser.add_argument(
        "--set",
        action="append",
        nargs="+",
        default=[],
        metavar="COLUMN=VALUE",
        help="give COLUMN of the table, which the file does not have, the same VALUE in all rows; takes several, and "
        "may be repeated",
    )
    parser.add_argument("--again", action="store_true", help="load content that was loaded before once more")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Load the files; 1 where all rows of one were rejected."""
    reports: list[LoadReport] = []

    def tell(report: LoadReport) -> None:
        reports.append(report)
        if not arguments.json and not report.loaded_before:
            print("\n".join(_lines(report)), flush=True)

    mapped, after_map = _parted(arguments.map)
    given, after_set = _parted(arguments.set)
    renamed = [_pair(text, wanted="--map {}: expected COLUMN=NAME, such as created_at=timestamp.") for text in mapped]
    constant = [_pair(text, wanted="--set {}: expected COLUMN=VALUE, such as quote=NGN.") for text in given]
    files = [*arguments.files, *after_map, *after_set]
    if not files:
        raise SettingsError("no FILE to load. See: python -m pipeline load --help")
    try:
        load_files(
            installation,
            files,
            into=arguments.into,
            renamed=renamed,
            constant=constant,
            again=arguments.again,
            done=tell,
        )
    finally:
        if arguments.json and reports:
            print(_json(arguments.into, reports))
    return int(any(report.rejected and not report.rows for report in reports))


def _parted(groups: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """Part the words that followed an option into its pairs, and the files that came after them."""
    later = [word for group in groups for word in group[1:]]
    files = [word for word in later if "=" not in word or Path(word).exists()]
    return [*(group[0] for group in groups), *(word for word in later if word not in files)], files


def _pair(text: str, *, wanted: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not (column and equals and value):
        raise SettingsError(wanted.format(text))
    return column, value


def _lines(report: LoadReport) -> list[str]:
    rejected = f", {_counted(report.rejected_rows, 'row')} rejected" if report.rejected else ""
    lines = [f"{report.file} into {report.table}: {_counted(report.rows, 'row')} loaded{rejected}"]
    lines += [f"  {_rejection(rejection, report.place)}" for rejection in report.rejected]
    if report.ignored_columns:
        lines.append(f"  columns that the table does not have: {', '.join(report.ignored_columns)}")
    return lines


def _rejection(rejection: Rejection, place: str) -> str:
    named = ", ".join(str(line) for line in rejection.lines)
    more = ", …" if rejection.rows > len(rejection.lines) else ""
    places = f"{place}s" if len(rejection.lines) > 1 else place
    return f"{rejection.reason}: {_counted(rejection.rows, 'row')} ({places} {named}{more})"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _json(into: str, reports: Sequence[LoadReport]) -> str:
    files = [asdict(report) | {"rejected_rows": report.rejected_rows} for report in reports]
    return json.dumps({"into": into, "files": files}, default=str, ensure_ascii=False)
