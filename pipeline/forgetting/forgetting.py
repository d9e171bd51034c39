"""`forget`: a tenant is erased step by step; what was done before a kill stays done, the next run does the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.database.connection import execute, rows
from pipeline.errors import BusyError, TransientError
from pipeline.forgetting.erasing import KEPT, erase
from pipeline.forgetting.raw_rows import count_raw_rows, delete_raw_rows, raw_tables
from pipeline.forgetting.receipt import Receipt
from pipeline.forgetting.republishing import republish
from pipeline.forgetting.subject import Subject, find_subject
from pipeline.forgetting.telling_the_edge import tell_the_edge
from pipeline.installation import Installation
from pipeline.publish.caching import EDGE, LONGEST_SHOWN
from pipeline.publish.publisher import slots_awaited, still_held
from pipeline.publish.tombstones import bury
from pipeline.runs import clock, recorded, require_installed

AGAIN = "What is erased stays erased; run forget again for the rest."


def preview(installation: Installation, tenant: str, *, raw: bool) -> Receipt:
    """Count what would be erased; changes nothing."""
    require_installed(installation.database)
    subject, receipt = find_subject(installation, tenant), Receipt()
    with installation.database.transaction() as connection:
        for row in rows(connection, "forget/erase", tenant=subject.typed, only_count=True):
            (receipt.kept if row.name in KEPT.values() else receipt.rows)[row.name] += row.rows
    receipt.files = subject.files
    if raw:
        receipt.raw.update(count_raw_rows(installation, subject))
    return receipt


def forget(installation: Installation, tenant: str, *, raw: bool = False) -> Receipt:
    """Erase a tenant from rollups, files and exports, with `raw` from the source too; give the receipt.

    Raises PermanentError for a tenant that nobody knows, TransientError where a tick, a publisher or an export stays at
    work: it can be run again at any time, and twice is once.
    """
    database, receipt = installation.database, Receipt()
    require_installed(database)
    installation.store.check()
    subject = find_subject(installation, tenant)
    raw_tables(installation)  # refuses another source before anything is taken away
    with recorded(database, "forget", clock(database), receipt), _busy_is_unfinished():
        _go_on(installation, subject, receipt)
        erase(installation, subject, receipt)
        _remove_files(installation, receipt)
        if raw:
            delete_raw_rows(installation, subject, receipt)
        # What came meanwhile: marks of deleted raw rows, the reports of runs that were at work.
        erase(installation, subject, receipt)
        republish(installation, receipt)
        receipt.removed_at(clock(database) + max(EDGE, LONGEST_SHOWN))
        receipt.complete = tell_the_edge(installation, receipt) and not receipt.raw_left
        receipt.finish(database)
    return receipt


@contextmanager
def _busy_is_unfinished() -> Iterator[None]:
    """Elsewhere, somebody else at work does what is due; here nobody does."""
    try:
        yield
    except BusyError as error:
        raise TransientError(f"{error} {AGAIN}") from None


def _go_on(installation: Installation, subject: Subject, receipt: Receipt) -> None:
    with installation.database.transaction() as connection:
        for row in rows(connection, "forget/known", id=subject.id):
            receipt.add_earlier(row.receipt)


def _remove_files(installation: Installation, receipt: Receipt) -> None:
    """Leave a tombstone in each folder that it ever had, once a publisher that is at work has ended."""
    database = installation.database
    with slots_awaited(database, otherwise="The tenant's files are still there: forget again.") as holder:
        with database.transaction() as connection:
            keys = execute(connection, "forget/keys", digest=receipt.tenant).scalar_one()
        bury(installation, keys, still_held=lambda: still_held(holder))
