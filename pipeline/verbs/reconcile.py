"""Compares raw rows, rollups and published files; --repair redoes what differs. Exit code 1 if anything remains."""

from __future__ import annotations

import argparse

from pipeline.installation import Installation
from pipeline.reconcile.differences import Comparison
from pipeline.reconcile.reconciling import ReconcileReport
from pipeline.reconcile.reconciling import reconcile as reconcile_range
from pipeline.runs import json_time
from pipeline.verbs.reporting import add_json, interval, show

HELP = "compare raw rows, rollups and files, and name what differs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--from", dest="start", metavar="TIME", help="first hour (ISO 8601; default: the first of all)")
    parser.add_argument("--to", dest="end", metavar="TIME", help="end, exclusive (default: the last complete hour)")
    parser.add_argument("--repair", action="store_true", help="mark what differs, roll it up again, and compare again")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Compare; exit code 0 only when all agrees or was repaired."""
    start, end = interval(arguments.start, arguments.end)
    report = reconcile_range(installation, start, end, repair=arguments.repair)
    show(arguments, report.full(), describe(report))
    return 0 if report.agrees else 1


def describe(report: ReconcileReport) -> list[str]:
    """Say what was found, what was repaired and what remains."""
    lines = report.found.lines()
    if report.remaining and report.repair and not report.repair.busy:
        lines += [f"repaired; {_remaining(report.remaining)}", *report.remaining.lines()]
    if report.repair:
        lines += [f"tenant {tenant}: {why}" for tenant, why in report.repair.publish.failures.items()]
        lines += [f"{why} The marks are there: the next tick redoes them." for why in report.repair.busy]
    last = "all agrees" if report.agrees else "NOT all agrees"
    return [*lines, f"{last}, through {json_time(report.data_through)}"]


def _remaining(remaining: Comparison) -> str:
    return f"{remaining.differing.total():,} still differ" if not remaining.agrees else "nothing differs any more"
