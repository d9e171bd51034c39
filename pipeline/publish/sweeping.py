"""Looks again at addresses that were closed at once: a publisher that slept through it may have put a file back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.installation import Installation
from pipeline.publish.writers import THREADS

SWEPT = timedelta(days=1)  # for how long a publisher may be late with a put: the longest of S3 takes minutes


def note_closed(connection: Connection, paths: Sequence[str]) -> None:
    """Note paths that are removed so that nobody reads them any more."""
    execute(connection, "closed/note", paths=list(paths), swept=SWEPT)


def note_opened(connection: Connection, paths: Sequence[str]) -> None:
    """Note paths that are about to be written by whoever may."""
    execute(connection, "closed/reopen", paths=list(paths))


def sweep_closed(installation: Installation, *, still_held: Callable[[], None]) -> int:
    """Take away what has come back to where nothing may be; give how many files.

    Only for who keeps all publishers out; `still_held` raises where that is over.
    """
    with installation.database.transaction() as connection:
        execute(connection, "closed/expire")
        paths = [row.path for row in rows(connection, "closed/to_sweep")]

    def take(path: str) -> int:
        if installation.store.look(path) is None:
            return 0
        installation.store.delete(path)
        return 1

    still_held()
    with ThreadPoolExecutor(THREADS) as takers:
        return sum(takers.map(take, paths))
