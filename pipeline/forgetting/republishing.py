"""What all tenants share is published again without the forgotten one, and what that replaces goes at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pipeline.database.connection import execute, rows
from pipeline.errors import TransientError
from pipeline.export.exporting import alone, export
from pipeline.forgetting.receipt import Receipt
from pipeline.installation import Installation
from pipeline.publish.collecting import Ledger, collect
from pipeline.publish.keys import MANIFEST, export_folder, platform_address
from pipeline.publish.publisher import slots_awaited, still_held
from pipeline.publish.status import announce
from pipeline.reconcile.settling import patiently

AT_ONCE = timedelta(0)
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
            changed = [platform_address(installation).path]
            receipt.platform_files += _remove(
                installation, receipt, "platform_files", changed, still_held=lambda: still_held(holder)
            )
    if begun.is_exported:
        patiently(lambda: export(installation))
        with alone(installation.database) as holder:
            changed = [f"{export_folder(installation.secret)}/{MANIFEST}"]
            receipt.export_files += _remove(
                installation, receipt, "exports", changed, still_held=lambda: still_held(holder)
            )
    with installation.database.transaction() as connection:
        receipt.note(connection)


def _remove(
    installation: Installation,
    receipt: Receipt,
    ledger: Ledger,
    changed: list[str],
    *,
    still_held: Callable[[], None],
) -> int:
    """Remove what is superseded, however short a time; the edge is to be told of it, whatever happens in between."""
    with installation.database.transaction() as connection:
        gone = [row.path for row in rows(connection, "forget/superseded", ledger=ledger)]
        receipt.note(connection, [*changed, *gone])
    return collect(installation, ledger, still_held=still_held, kept=AT_ONCE)
