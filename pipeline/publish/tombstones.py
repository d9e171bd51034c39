"""Where a forgotten tenant's dashboard was, a tombstone stands: whoever still holds the link learns that it is gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from pipeline.database.connection import rows
from pipeline.documents.encode import compress
from pipeline.documents.version import SCHEMA
from pipeline.installation import Installation
from pipeline.publish.caching import cache_control
from pipeline.publish.due import next_seq
from pipeline.publish.keys import folder
from pipeline.publish.numbered import parsed
from pipeline.publish.writers import THREADS


def tombstone_path(key: str) -> str:
    """Give the path of the tombstone in a folder: where its dashboard was."""
    return f"{folder(key)}/dashboard.json"


def is_tombstone(document: dict[str, Any] | None) -> bool:
    """Say whether a document is one, and not a dashboard that somebody has put in its place."""
    return bool(document and document.get("gone"))


def bury(installation: Installation, keys: Sequence[str], *, still_held: Callable[[], None]) -> int:
    """Leave nothing but a tombstone in these folders, which comes first; give how many files went.

    Only for who keeps all publishers out; `still_held` raises where that is over. Twice is once.
    """
    store, removed = installation.store, 0
    for key in keys:
        path = tombstone_path(key)
        standing = parsed(store.get(path))
        still_held()
        if not is_tombstone(standing):
            content = {"schema": SCHEMA, "seq": next_seq(installation), "gone": True}
            store.put(path, compress(orjson.dumps(content)), cache_control=cache_control(path))
            removed += standing is not None
        left = [each for each in store.list(folder(key)) if each != path]
        drafts = [draft.path for draft in store.drafts(folder(key))]
        with ThreadPoolExecutor(THREADS) as writers:
            list(writers.map(store.delete, [*left, *drafts]))
        removed += len(left)
    return removed


def sweep(installation: Installation, *, still_held: Callable[[], None]) -> int:
    """Look again where a publisher that was late may have left something; give how many files went."""
    with installation.database.transaction() as connection:
        keys = [row.key for row in rows(connection, "forget/to_sweep")]
    return bury(installation, keys, still_held=still_held)


def tombs(installation: Installation) -> dict[str, str]:
    """Give the paths of all tombstones, and the keys of their folders."""
    with installation.database.transaction() as connection:
        return {tombstone_path(row.key): row.key for row in rows(connection, "forget/tombs")}
