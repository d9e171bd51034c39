"""Says why a tenant's files are as they are and how old: what they are true as of, what failed, what still waits."""

from __future__ import annotations

import argparse

from pipeline.installation import Installation
from pipeline.verbs.reporting import add_json, show
from pipeline.why.reading import read_account
from pipeline.why.telling import reasons, tell

HELP = "say why a tenant's files are as they are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's id")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Tell; a tenant that nobody knows is an error."""
    account = read_account(installation, arguments.tenant)
    show(arguments, {**account.to_json(), "because": reasons(account)}, tell(account))
    return 0
