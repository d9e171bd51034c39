"""What all tenants share is published again without the forgotten one, and what that replaces goes at once."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.database.connection import execute, rows
from pipeline.errors import TransientError
from pipeline.export.exporting import alone, collect_exports, export
from pipeline.forgetting.receipt import Receipt
from pipeline.installation import Installation
from pipeline.publish.collecting import AT_ONCE, Ledger, collect
from pipeline.publish.keys import MANIFEST, export_folder, platform_folder, platform_key
from pipeline.publish.publisher import slots_awaited, still_held
from pipeline.publish.status import announce
from pipeline.reconcile.settling import patiently

WAITING = "The platform's older files are still there: forget again."


def republish(installation: Installation, receipt: Receipt) -> None:
    """Publish the platform's files and the export anew, where there are any, and remove their older versions.

    A reader who still holds an older list meets pages that are gone, and fetches the list again.
    """
    with installation.database.transaction() as connection:
        begun = execute(connection, "forget/begun").one()
    if begun.is_announced:
        said = patiently(lambda: announce(installation))
        if said.platform_failure:
            raise TransientError(f"The platform's files could not be made anew: {said.platform_failure}")
        with slots_awaited(installation.database, otherwise=WAITING) as holder:
            changed = [f"{platform_folder(platform_key(secret))}/summary.json" for secret in installation.secrets]
            _note(installation, receipt, "platform_files", changed)
            while taken := collect(installation, "platform_files", still_held=lambda: still_held(holder), kept=AT_ONCE):
                receipt.platform_files += taken
    if begun.is_exported:
        patiently(lambda: export(installation))
        with alone(installation.database) as holder:
            changed = [f"{export_folder(secret)}/{MANIFEST}" for secret in installation.secrets]
            _note(installation, receipt, "exports", changed)
            while taken := collect_exports(installation, holder, AT_ONCE):
                receipt.export_files += taken
    with installation.database.transaction() as connection:
        receipt.note(connection)


def _note(installation: Installation, receipt: Receipt, ledger: Ledger, changed: Sequence[str]) -> None:
    """Note what is about to go: the edge is to be told of it, whatever happens in between."""
    with installation.database.transaction() as connection:
        gone = [row.path for row in rows(connection, "forget/superseded", ledger=ledger)]
        receipt.note(connection, [*changed, *gone])
