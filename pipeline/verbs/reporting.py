"""What verbs share: the flags `--json` and `--as-of`, and how a report is shown."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import SettingsError
from pipeline.runs import Report

YEARS = (1970, 2200)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """Declare `--as-of`."""
    parser.add_argument("--as-of", metavar="TIME", help="work as of this time (ISO 8601, UTC if it names no zone)")


def as_of(arguments: argparse.Namespace) -> datetime | None:
    """Give the asked time; None stands for now."""
    if not arguments.as_of:
        return None
    try:
        given = datetime.fromisoformat(arguments.as_of)
    except ValueError:
        raise SettingsError(
            f"--as-of: {arguments.as_of!r} is not a time. Write it like 2026-11-23T14:00:00Z."
        ) from None
    if not YEARS[0] <= given.year <= YEARS[1]:
        raise SettingsError(f"--as-of: {arguments.as_of!r} is not between the years {YEARS[0]} and {YEARS[1]}.")
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def show(arguments: argparse.Namespace, report: Report | dict[str, Any], lines: Iterable[str]) -> None:
    """Print a report: lines for people, one object for `--json`."""
    if arguments.json:
        print(json.dumps(report if isinstance(report, dict) else report.to_json()))
    else:
        for line in lines:
            print(line)
