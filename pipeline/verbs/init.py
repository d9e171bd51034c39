"""Creates or migrates the schema, the indexes, the change ledger and its triggers; safe to repeat."""

from __future__ import annotations

import argparse

from pipeline.installation import Installation
from pipeline.sources.install import install
from pipeline.verbs.reporting import add_json, show

HELP = "set up a database: ledger, triggers, rollups; on live tables too"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--moved", action="store_true", help="the settings name another source than before, on purpose")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Set the installation up."""
    report = install(installation, moved=arguments.moved)
    lines = [
        f"tables created: {', '.join(report.created) or 'none, all were there'}",
        *(f"read from another table or column than before: {name}" for name in report.moved),
        f"indexes created: {len(report.indexes)}",
        f"tables newly watched: {', '.join(report.triggers) or 'none, all were watched'}",
        *(f"no longer watched: {name}" for name in report.triggers_removed),
        f"hours marked to be rolled up: {report.marked_hours:,}",
    ]
    if report.templates_changed:
        lines.append(
            f"endpoint templates: {report.templates}, others than before. What is rolled up keeps its names until "
            'python -m pipeline backfill --from DAY --to DAY --reason "endpoint templates"'
        )
    show(arguments, report, lines)
    return 0
