"""Publishes the platform's files: pages, then the summary that lists them; only what changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.costs.days import open_for
from pipeline.database.connection import Database, again_on_conflict, execute_many, rows
from pipeline.documents.platform import Told
from pipeline.installation import Installation
from pipeline.mrr.days import look_of
from pipeline.platform.reading import Asked, Platform, read_platform
from pipeline.platform.shaping import Changes, Current, File, shape
from pipeline.publish.caching import cache_control
from pipeline.publish.fencing import put_newer
from pipeline.publish.keys import platform_folder, platform_key
from pipeline.publish.publisher import WORK_MEM
from pipeline.publish.sweeping import note_opened
from pipeline.publish.writers import THREADS
from pipeline.runs import hour_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Published:
    """What was written of the platform."""

    files_written: int = 0
    files_unchanged: int = 0
    bytes_written: int = 0


@dataclass(frozen=True)
class Moment:
    """What a publish is as of: the hour it is through, the time it was asked for, its number."""

    through: datetime
    as_of: datetime
    seq: int


def publish_platform(
    installation: Installation, moment: Moment, *, stale: Sequence[str], still_held: Callable[[], None]
) -> Published:
    """Bring the platform's files up to date; `still_held` raises where this is no longer the only publisher."""
    database, settings = installation.database, installation.settings
    asked = Asked(look_of(settings, moment.through), open_for(installation))
    lag = max(0, (hour_of(moment.as_of) - moment.through) // HOUR)
    found, current = _read(database, asked, stale=stale, lag_hours=lag)
    told = Told(
        seq=moment.seq,
        data_through=moment.through,
        currency=settings.currency,
        timezone=settings.timezone,
        definition=asked.look.definition.name,
    )
    parts = [
        shape(found, told, folder=platform_folder(platform_key(secret)), current=up)
        for secret, up in zip(installation.secrets, current, strict=False)
    ]
    entries = [
        _entry(file, moment.seq) | {"is_former": is_former}
        for is_former, changes in _told_apart(parts)
        for file in changes.files()
    ]
    still_held()
    with database.transaction() as connection:
        note_opened(connection, [entry["path"] for entry in entries])
        execute_many(connection, "platform/plan", entries)
    still_held()
    for changes in parts:
        _write(installation, changes, moment.seq)
    still_held()
    again_on_conflict(lambda: _record(database, parts, entries))
    return Published(
        files_written=len(entries),
        files_unchanged=sum(changes.unchanged for changes in parts),
        bytes_written=sum(entry["bytes"] for entry in entries),
    )


def _read(
    database: Database, asked: Asked, *, stale: Sequence[str], lag_hours: int
) -> tuple[Platform, tuple[dict[tuple[str, str], Current], ...]]:
    """Read what files are made of, and those that are up: under the key, and under that of the previous secret."""
    with database.transaction("REPEATABLE READ") as connection:
        connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
        found = read_platform(connection, asked, stale=stale, lag_hours=lag_hours)
        current: tuple[dict[tuple[str, str], Current], ...] = {}, {}
        for row in rows(connection, "platform/current"):
            current[row.is_former][row.kind, row.page] = Current(row.path, row.content_hash, row.bytes)
    return found, current


def _told_apart(parts: Sequence[Changes]) -> Sequence[tuple[bool, Changes]]:
    return [(number > 0, changes) for number, changes in enumerate(parts)]


def _write(installation: Installation, changes: Changes, seq: int) -> None:
    """Write the pages, several at a time, then the summary."""

    def put(file: File) -> None:
        installation.store.put(file.path, file.content, cache_control=cache_control(file.path))

    with ThreadPoolExecutor(THREADS) as writers:
        list(writers.map(put, changes.pages))
    if changes.summary:
        put_newer(installation.store, changes.summary.path, changes.summary.content, seq=seq)


def _record(database: Database, parts: Sequence[Changes], entries: Sequence[dict[str, Any]]) -> None:
    gone = [
        {"kind": kind, "page": page, "is_former": is_former}
        for is_former, changes in _told_apart(parts)
        for kind, page in changes.gone
    ]
    replaced = [{name: entry[name] for name in ("kind", "page", "is_former")} for entry in entries]
    with database.transaction() as connection:
        execute_many(connection, "platform/supersede", [*gone, *replaced])
        execute_many(connection, "platform/save", entries)


def _entry(file: File, seq: int) -> dict[str, Any]:
    return {
        "path": file.path,
        "kind": file.kind,
        "page": file.page,
        "content_hash": file.content_hash,
        "bytes": len(file.content),
        "seq": seq,
    }
