"""Says why a tenant's files are as they are and how old: what they are true as of, what failed, what still waits."""

from __future__ import annotations

import argparse

from pipeline.forgetting.receipt import read_receipt
from pipeline.forgetting.receipt import tell as tell_receipt
from pipeline.installation import Installation
from pipeline.verbs.reporting import add_json, show
from pipeline.why.reading import read_account
from pipeline.why.telling import reasons, tell

FORGOTTEN = "This tenant was forgotten at {forgotten_at}: nothing of it is rolled up or published, whatever comes."
HELP = "say why a tenant's files are as they are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("tenant", metavar="TENANT", help="the tenant's id")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Tell; of one that was forgotten, the receipt; a tenant that nobody knows is an error."""
    if receipt := read_receipt(installation, arguments.tenant):
        show(arguments, receipt, [FORGOTTEN.format(**receipt), *tell_receipt(receipt)])
        return 0
    account = read_account(installation, arguments.tenant)
    show(arguments, {**account.to_json(), "because": reasons(account)}, tell(account))
    return 0
