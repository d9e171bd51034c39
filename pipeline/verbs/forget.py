"""Erases a tenant: its rollups, all files ever published for it, with --raw its raw rows; prints a receipt."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from pipeline.forgetting.forgetting import forget, preview
from pipeline.forgetting.receipt import Receipt, tell
from pipeline.installation import Installation
from pipeline.layout import counted
from pipeline.verbs.reporting import add_json, show

HELP = "erase a tenant, with a receipt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's id; it cannot be used again afterwards")
    parser.add_argument("--raw", action="store_true", help="also delete its rows in the tables of the SaaS")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be erased")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Erase, or say what that would erase; exit code 1 while something is left."""
    if arguments.dry_run:
        found = preview(installation, arguments.tenant, raw=arguments.raw)
        show(arguments, found, _foretold(found))
        return 0
    receipt = forget(installation, arguments.tenant, raw=arguments.raw)
    show(arguments, receipt, tell(receipt.to_json()))
    return 0 if receipt.complete else 1


def _foretold(found: Receipt) -> Iterator[str]:
    for name, count in sorted(found.rows.items()):
        yield f"would erase: {name}, {counted(count, 'row')}"
    for name, count in sorted(found.kept.items()):
        yield f"would stay under a random id: {name}, {counted(count, 'row')}"
    for name, count in found.raw.items():
        yield f"would erase from the source: {name}, {counted(count, 'row')}"
    yield f"would remove: {counted(found.files, 'file')} of the tenant, older ones of platform and export too"
