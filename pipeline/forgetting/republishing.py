"""What all tenants share is published again without the forgotten one, and what that replaces goes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

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

WAITING = "Older files of the platform are still there: forget again."
WAITING_EXPORT = "Older files of the export are still there: forget again."


def republish(installation: Installation, receipt: Receipt) -> None:
    """Publish the platform's files and the export anew, where there are any, and remove their older versions.

    A reader who still holds an older list meets pages that are gone, and fetches the list again.
    """
    if _begun(installation).is_announced:
        _republish_platform(installation, receipt)
    if patiently(lambda: _is_exported(installation)):
        _republish_export(installation, receipt)
    with installation.database.transaction() as connection:
        receipt.note(connection)


def _begun(installation: Installation) -> Row[Any]:
    with installation.database.transaction() as connection:
        return execute(connection, "forget/begun").one()


def _is_exported(installation: Installation) -> bool:
    """Say whether there is an export, once one that may be at work has ended: it may be the first."""
    with alone(installation.database):
        return bool(_begun(installation).is_exported)


def _republish_platform(installation: Installation, receipt: Receipt) -> None:
    said = patiently(lambda: announce(installation))
    if said.platform_failure:
        raise TransientError(f"The platform's files could not be made anew: {said.platform_failure}")
    with slots_awaited(installation.database, otherwise=WAITING) as holder:
        changed = [f"{platform_folder(platform_key(secret))}/summary.json" for secret in installation.secrets]
        _note(installation, receipt, "platform_files", changed)
        while taken := collect(installation, "platform_files", still_held=lambda: still_held(holder), kept=AT_ONCE):
            receipt.platform_files += taken
        _remove_drafts(installation, "v1/platform")
        if _superseded(installation, "platform_files"):
            raise TransientError(WAITING)


def _republish_export(installation: Installation, receipt: Receipt) -> None:
    patiently(lambda: export(installation))
    with alone(installation.database) as holder:
        changed = [f"{export_folder(secret)}/{MANIFEST}" for secret in installation.secrets]
        _note(installation, receipt, "exports", changed)
        while taken := collect_exports(installation, holder, AT_ONCE):
            receipt.export_files += taken
        _remove_drafts(installation, "v1/export")
        if _superseded(installation, "exports"):
            raise TransientError(WAITING_EXPORT)


def _remove_drafts(installation: Installation, folder: str) -> None:
    """Remove what killed writes have left: it holds what their files would have held."""
    for draft in installation.store.drafts(folder):
        installation.store.delete(draft.path)


def _note(installation: Installation, receipt: Receipt, ledger: Ledger, changed: Sequence[str]) -> None:
    """Note what is about to go: the edge is to be told of it, whatever happens in between."""
    gone = _superseded(installation, ledger)
    with installation.database.transaction() as connection:
        receipt.note(connection, [*changed, *gone])


def _superseded(installation: Installation, ledger: Ledger) -> list[str]:
    with installation.database.transaction() as connection:
        return [row.path for row in rows(connection, "forget/superseded", ledger=ledger)]
