"""What verbs share: the flags `--json` and `--as-of`, and how a report is shown."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import SettingsError
from pipeline.runs import Report, hour_of

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


def whole_hour(name: str, given: str) -> datetime:
    """Read a time that has to be a whole hour; a date is its 00:00, in UTC where no offset is named."""
    dated = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:?[0-9]{2})?", given)
    try:
        at = datetime.fromisoformat(f"{dated[1]}T00:00:00{dated[2] or ''}" if dated else given)
    except ValueError:
        raise SettingsError(
            f"{name}: {given!r} is not a time. Write it like 2026-11-23, 2026-11-23T14:00Z or 2026-11-23T14:00+01:00."
        ) from None
    # Near the ends of all times a change of zone overflows: the year is looked at first.
    if YEARS[0] <= at.year <= YEARS[1]:
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise SettingsError(f"{name}: {given!r} is not between the years {YEARS[0]} and {YEARS[1]}.")
    if hour_of(at) != at:
        raise SettingsError(f"{name}: {given!r} is no whole hour in UTC, and rollups are. Write 14:00, not 14:30.")
    return at


def interval(start: str | None, end: str | None) -> tuple[datetime | None, datetime | None]:
    """Read `--from` and `--to`; raises SettingsError where nothing lies between them."""
    first = whole_hour("--from", start) if start else None
    last = whole_hour("--to", end) if end else None
    if first and last and first >= last:
        raise SettingsError(f"--from {start} --to {end}: nothing lies between them. --to is exclusive and comes later.")
    return first, last


def show(arguments: argparse.Namespace, report: Report | dict[str, Any], lines: Iterable[str]) -> None:
    """Print a report: lines for people, one object for `--json`."""
    if arguments.json:
        print(json.dumps(report if isinstance(report, dict) else report.to_json()))
    else:
        for line in lines:
            print(line)
