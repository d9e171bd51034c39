"""What the database holds of a tenant is erased in one transaction, as the only writer of rollups."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy

from sqlalchemy import Connection

from pipeline.database.connection import again_on_conflict, execute, rows
from pipeline.forgetting.receipt import Receipt
from pipeline.forgetting.subject import Subject
from pipeline.forgetting.texts import rename
from pipeline.installation import Installation
from pipeline.publish.sweeping import SWEPT
from pipeline.reconcile.settling import patiently
from pipeline.rollups.chunk import sum_rejected
from pipeline.rollups.refusing import SHORT, refuse_forgotten, refuse_unplaced
from pipeline.rollups.ticking import ticking
from pipeline.sources.locking import held_table

WORKSPACE = "truncate redo, touched, refused, recounted"
LEDGER = "pipeline.files"  # a row a file
KEPT = {
    "activity": "pipeline.activity_daily",
    "costs": "rollup.cost_daily",
    "movements": "rollup.mrr_movements",
    "versions": "pipeline.subscription_versions",
}


def erase(installation: Installation, subject: Subject, receipt: Receipt) -> None:
    """Forget from this commit on, and erase what there is; waits for a tick that is at work, BusyError after a minute.

    Rows that come later are refused by every tick; so the order of what follows makes no difference.
    """
    noted = patiently(lambda: again_on_conflict(lambda: _erase(installation, subject, receipt)))
    vars(receipt).update(vars(noted))


def _erase(installation: Installation, subject: Subject, receipt: Receipt) -> Receipt:
    """Give what the receipt says after it; it is written down in the same transaction."""
    settings, tenant, noted = installation.settings, subject.typed, deepcopy(receipt)
    held = [table for source in SHORT for table in held_table(settings, source)]
    with ticking(installation.database, *held) as connection:
        registered = {"id": subject.id, "tenant": tenant, "keys": list(subject.keys), "swept": SWEPT}
        noted.tenant = execute(connection, "forget/register", **registered).scalar_one()
        found: Counter[str] = Counter()
        execute(connection, "tick/workspace")
        for source in SHORT:
            found.update(_erase_hours(connection, source, subject))
        execute(connection, "forget/unname_marks", tenant=tenant)
        kept = execute(connection, "forget/keep_sums", tenant=tenant).one()
        execute(connection, "forget/end_subscriptions", stand_in=kept.stand_in)
        found.update({row.name: row.rows for row in rows(connection, "forget/erase", tenant=tenant, only_count=False)})
        noted.rows.update(+found)
        noted.kept.update(+Counter({table: getattr(kept, name) for name, table in KEPT.items()}))
        noted.files += found[LEDGER]
        noted.texts += rename(connection, subject)
        noted.note(connection)
    return noted


def _erase_hours(connection: Connection, source: str, subject: Subject) -> Counter[str]:
    """Take the tenant out of its hours as a tick would, which also counts the raw rows that stay in the source."""
    connection.exec_driver_sql(WORKSPACE)
    execute(connection, "forget/ask_hours", source=source, tenant=subject.typed)
    execute(connection, "forget/recount", source=source, tenant=subject.typed)
    connection.exec_driver_sql("analyze redo")
    taken = refuse_forgotten(connection, source, start=None, end=None)
    refuse_unplaced(connection, source)
    sum_rejected(connection, source)
    return Counter(taken)
