"""Compares raw rows, rollups, money and files; --repair redoes what differs. Exit code 1 if anything remains."""

from __future__ import annotations

import argparse

from pipeline.installation import Installation
from pipeline.reconcile.reconciling import reconcile
from pipeline.verbs.reporting import add_json, interval, show

HELP = "compare raw rows, rollups, money and files, and name what differs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--from", dest="start", metavar="TIME", help="first hour (ISO 8601; default: the first of all)")
    parser.add_argument("--to", dest="end", metavar="TIME", help="end, exclusive (default: the last complete hour)")
    parser.add_argument("--repair", action="store_true", help="mark what differs, roll it up again, and compare again")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Compare; exit code 0 only when all agrees or was repaired."""
    start, end = interval(arguments.start, arguments.end)
    report = reconcile(installation, start, end, repair=arguments.repair)
    show(arguments, report.full(), report.lines())
    return 0 if report.agrees else 1
