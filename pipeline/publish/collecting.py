"""Superseded files are taken away once nobody can be led to them any more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Literal

from pipeline.database.connection import execute_many, rows
from pipeline.installation import Installation
from pipeline.publish.caching import LONGEST_SHOWN
from pipeline.publish.sweeping import note_closed
from pipeline.publish.writers import THREADS

Ledger = Literal["files", "platform_files", "exports"]

KEPT = LONGEST_SHOWN + timedelta(days=7)
AT_ONCE = timedelta(0)  # because nobody may read them any more
BATCH = 1000
MOST = 100_000  # in one go: what an hour supersedes of as many tenants, and not all that a long pause may have left


def collect(
    installation: Installation, ledger: Ledger, *, still_held: Callable[[], None], kept: timedelta = KEPT
) -> int:
    """Take away the files that a ledger has listed as superseded for longer than `kept`; give how many.

    Only for who keeps all other writers of that ledger out; `still_held` raises where that is over. The store comes
    first: killed in between, the next one does the same again. Of what goes AT_ONCE, and of addresses that are closed,
    it is looked for a day whether a file has come back.
    """
    taken = 0
    while taken < MOST and (batch := _take(installation, ledger, still_held, kept)):
        taken += batch
    return taken


def _take(installation: Installation, ledger: Ledger, still_held: Callable[[], None], kept: timedelta) -> int:
    with installation.database.transaction() as connection:
        found = [dict(row._mapping) for row in rows(connection, f"collect/{ledger}", kept=kept, most=BATCH)]
        note_closed(connection, [row["path"] for row in found if row.pop("is_closed") or kept == AT_ONCE])
    still_held()
    with ThreadPoolExecutor(THREADS) as writers:
        list(writers.map(installation.store.delete, [row["path"] for row in found]))
    with installation.database.transaction() as connection:
        execute_many(connection, f"collect/forget_{ledger}", found)
    return len(found)
