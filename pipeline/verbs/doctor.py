"""Says what is wrong with this installation, why it matters and how to put it right; changes nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from pipeline.doctor.examination import examine
from pipeline.doctor.finding import SEVERITIES, Diagnosis, Finding
from pipeline.doctor.place import wrong_settings
from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.layout import counted, labelled
from pipeline.verbs.reporting import add_json, show

HELP = "say what is wrong with this installation, and the fix"
COLUMN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_json(parser)
    parser.set_defaults(without_settings=_without_settings)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Examine; exit code 1 if something is an error."""
    diagnosis = examine(installation)
    show(arguments, diagnosis, _lines(diagnosis))
    return 1 if diagnosis.count("error") else 0


def _without_settings(arguments: argparse.Namespace, error: SettingsError) -> int:
    """Say that settings are wrong, as of all that can be wrong; 2 as everywhere."""
    diagnosis = Diagnosis(findings=[wrong_settings(error)], checks=["settings"])
    show(arguments, diagnosis, _lines(diagnosis))
    return 2


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    for finding in diagnosis.findings:
        yield from _finding(finding)
        yield ""
    counts = [counted(diagnosis.count(severity), severity) for severity in SEVERITIES if diagnosis.count(severity)]
    yield f"{counted(len(diagnosis.checks), 'check')}: {', '.join(counts) or 'nothing is wrong'}"


def _finding(finding: Finding) -> Iterator[str]:
    yield from labelled(finding.severity.upper(), f"{finding.name}: {finding.what}", column=COLUMN, indent=0)
    yield from labelled("why", finding.why, column=COLUMN)
    yield from labelled("fix", finding.fix, column=COLUMN)
    for line in finding.paste.splitlines():  # as it is, however long: it is to be pasted
        yield f"{' ' * COLUMN}  {line}"
