"""Rolls up all that is due; the first half of `run`."""

from __future__ import annotations

import argparse

from pipeline.installation import Installation
from pipeline.rollups.report import RollReport
from pipeline.rollups.tick import roll
from pipeline.runs import json_time
from pipeline.verbs.reporting import add_as_of, add_json, as_of, show

HELP = "bring the rollups up to the last complete hour"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_as_of(parser)
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Roll up."""
    report = roll(installation, as_of(arguments))
    show(arguments, report, describe(report))
    return 0


def describe(report: RollReport) -> list[str]:
    """Say a tick in a line; in none if it did not take place."""
    if report.data_through is None:
        return []
    oldest = f", oldest {json_time(report.oldest)}" if report.oldest else ""
    line = (
        f"rolled up through {json_time(report.data_through)}: {report.marks:,} marks, "
        f"{report.buckets:,} buckets and {report.days:,} days redone{oldest}, in {report.seconds:.1f} s"
    )
    return [line]
