"""Prints the address of a tenant's dashboard.json, and of the page that `serve` shows it on."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.runs import require_installed
from pipeline.verbs.reporting import add_json, show

HELP = "print a tenant's address"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's id")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Print the address."""
    require_installed(installation.database)
    found = address(installation, arguments.tenant)
    show(arguments, asdict(found), [found.url])
    if not arguments.json:
        print(f"page, while `serve` runs: {found.page}", file=sys.stderr)
    return 0
