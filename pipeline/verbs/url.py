"""Prints the address of a tenant's dashboard.json and of the page that `serve` shows it on, or that of the export."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from pipeline.installation import Installation
from pipeline.publish.keys import MANIFEST, address, export_folder
from pipeline.runs import require_installed
from pipeline.verbs.reporting import add_json, show

HELP = "print the address of a tenant or of the export"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("tenant", metavar="TENANT", nargs="?", help="the tenant's id")
    asked.add_argument("--export", action="store_true", help="the manifest of the Parquet export")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Print the address."""
    require_installed(installation.database)
    if arguments.export:
        url = installation.store.url(f"{export_folder(installation.secret)}/{MANIFEST}")
        show(arguments, {"url": url}, [url])
        return 0
    found = address(installation, arguments.tenant)
    show(arguments, asdict(found), [found.url])
    if not arguments.json:
        print(f"page, while `serve` runs: {found.page}", file=sys.stderr)
    return 0
