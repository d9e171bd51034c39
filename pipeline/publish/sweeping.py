"""Looks again where files went at once: a publisher or an export that slept through it may have put one back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import execute, rows
from pipeline.installation import Installation
from pipeline.publish.writers import THREADS

MOST = 1_000  # folders in one go, so that many that were closed at once do not hold a tick up
SWEPT = timedelta(days=1)  # for how long a publisher may be late with a put: the longest of S3 takes minutes


def note_closed(connection: Connection, paths: Sequence[str]) -> None:
    """Note paths that are removed so that nobody reads them any more."""
    execute(connection, "closed/note", paths=list(paths), swept=SWEPT)


def note_opened(connection: Connection, paths: Sequence[str]) -> None:
    """Note paths that are about to be written by whoever may."""
    execute(connection, "closed/reopen", paths=list(paths))


def sweep_closed(installation: Installation, *, still_held: Callable[[], None]) -> int:
    """Take away what has come back to where nothing may be; give how many files.

    Only for who keeps all publishers out; `still_held` raises where that is over. Should it be over unnoticed, a path
    that is written again by whoever may is left alone all the same: that takes the row which is locked here.
    """
    with installation.database.transaction() as connection:
        closed = rows(connection, "closed/to_sweep", most=MOST)
    still_held()

    def back(folder: Row[Any]) -> list[str]:
        return sorted({*folder.paths} & {*installation.store.list(folder.folder)})

    with ThreadPoolExecutor(THREADS) as lookers:
        found = [path for paths in lookers.map(back, closed) for path in paths]
    taken = sum(_take(installation, path) for path in found)
    with installation.database.transaction() as connection:
        execute(connection, "closed/looked", paths=[path for folder in closed for path in folder.paths])
        execute(connection, "closed/expire")
    return taken


def _take(installation: Installation, path: str) -> int:
    with installation.database.transaction() as connection:
        if not rows(connection, "closed/lock", path=path):
            return 0
        installation.store.delete(path)
    return 1
