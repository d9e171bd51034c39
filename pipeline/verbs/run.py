"""One tick: all that is due, from marks to files. Hourly is what the Dags do; more often is harmless."""

from __future__ import annotations

import argparse

from pipeline.installation import Installation
from pipeline.run import run as run_once
from pipeline.verbs import publish, rollup
from pipeline.verbs.reporting import add_as_of, add_json, as_of, show

HELP = "roll up and publish all that is due"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_as_of(parser)
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Run one tick; exit code 1 if a tenant could not be published though nothing is wrong with its row."""
    report = run_once(installation, as_of(arguments))
    lines = [
        *rollup.describe(report.rollup),
        *publish.describe(report.publish),
        *publish.describe_status(report.status),
    ]
    show(arguments, report, [*lines, *report.busy])
    return 1 if report.publish.failures or report.status.platform_failure else 0
