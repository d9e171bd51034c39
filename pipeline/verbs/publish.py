"""Publishes the files of all tenants whose numbers changed; the second half of `run`."""

from __future__ import annotations

import argparse

from pipeline.errors import BusyError, SettingsError
from pipeline.installation import Installation
from pipeline.publish.publisher import PublishReport
from pipeline.publish.publisher import publish as publish_due
from pipeline.publish.sizes import read_sizes, tell
from pipeline.publish.status import StatusReport, announce
from pipeline.runs import json_time
from pipeline.verbs.reporting import add_as_of, add_json, as_of, show

HELP = "write the files whose numbers changed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_as_of(parser)
    parser.add_argument("--sizes", action="store_true", help="publish nothing; say how large what is published is")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Publish; exit code 1 if a tenant could not be published though nothing is wrong with its row."""
    if arguments.sizes:
        return _sizes(arguments, installation)
    at = as_of(arguments)
    report, busy = publish_due(installation, at), []
    try:
        status = announce(installation, at)
    except BusyError as error:
        status = None
        busy.append(str(error))
    failure = status.platform_failure if status else None
    told = describe_status(status) if status else []
    both = {"publish": report.to_json(), "status": status.to_json() if status else None, "busy": busy}
    show(arguments, both, [*describe(report), *told, *busy])
    return 1 if report.failures or failure else 0


def _sizes(arguments: argparse.Namespace, installation: Installation) -> int:
    """Report sizes; exit code 1 if something is over its budget."""
    if arguments.as_of:
        raise SettingsError("--sizes says how large the files are that are up now; it does not go with --as-of.")
    sizes = read_sizes(installation.database)
    show(arguments, sizes.to_json(), tell(sizes))
    return 1 if any(sizes.problems()) else 0


def describe_status(report: StatusReport) -> list[str]:
    """Say why the platform's files could not be written, if so, and how many superseded files are gone, if any."""
    platform = [f"platform: {report.platform_failure}"] if report.platform_failure else []
    collected = [f"collected: {report.collected:,} superseded files"] if report.collected else []
    return [*platform, *collected]


def describe(report: PublishReport) -> list[str]:
    """Say a publish in a line, and each failure in another; in none if it did not take place."""
    if report.data_through is None:
        return []
    line = (
        f"published through {json_time(report.data_through)}: {report.tenants:,} tenants looked at, "
        f"{report.files_written:,} files written ({report.bytes_written:,} bytes), "
        f"{report.files_unchanged:,} unchanged, in {report.seconds:.1f} s"
    )
    told = {**report.unusable, **report.failures}
    return [line, *(f"tenant {tenant}: {why}" for tenant, why in told.items())]
