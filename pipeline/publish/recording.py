"""The ledger of files, `pipeline.files`, and how each tenant's publishing stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection

from pipeline.database.connection import Database, execute, execute_many, rows
from pipeline.documents.quotas import next_quota_change
from pipeline.errors import OvertakenError, TenantcastError
from pipeline.publish.reading import Job
from pipeline.publish.shaping import Changes, File
from pipeline.publish.sweeping import SWEPT, note_opened

HOUR = timedelta(hours=1)
Outcome = tuple[Job, Changes | TenantcastError]


def plan(database: Database, outcomes: Sequence[Outcome], seq: int) -> None:
    """Note the files that are about to be written: whatever happens, the ledger knows each file in the store."""
    entries = [entry for job, changes in done(outcomes) for entry in _entries(job, changes, seq)]
    with database.transaction() as connection:
        note_opened(connection, [entry["path"] for entry in entries])
        execute_many(connection, "published/plan", entries)


def record(database: Database, outcomes: Sequence[Outcome], through: datetime, seq: int) -> list[Job]:
    """Note what is up now and take what was read off the queue, all in one transaction.

    Gives the tenants that somebody else published, changed or had forgotten meanwhile: nothing is noted of them but
    that they have to be looked at anew.
    """
    with database.transaction() as connection:
        seen = {job.tenant_id: job.info.published_through for job, _ in outcomes}
        now = {row.tenant_id: row for row in rows(connection, "published/lock_seen", tenants=sorted(seen))}
        # One that has no row any more was forgotten.
        overtaken = {each for each, before in seen.items() if each not in now or now[each].published_through != before}
        overtaken |= {job.tenant_id for job, error in failed(outcomes) if isinstance(error, OvertakenError)}
        not_made = [_failed(job, error) for job, error in failed(outcomes) if job.tenant_id not in overtaken]
        ours = [(job, changes) for job, changes in done(outcomes) if job.tenant_id not in overtaken]
        _note_files(connection, ours, seq)
        execute_many(connection, "published/done", [_done(job, through) for job, _ in ours])
        _keep_rows(connection, [job for job, _ in ours])
        execute_many(connection, "published/keep_periods", [_kept(job, each) for job, each in ours if each.to_keep])
        execute_many(connection, "published/failed", not_made)
        execute_many(connection, "published/again", [{"tenant": tenant} for tenant in sorted(overtaken)])
        execute(connection, "queue/delete", entries=[entry for job, _ in ours for entry in job.entries])
    return [job for job, _ in outcomes if job.tenant_id in overtaken]


def done(outcomes: Sequence[Outcome]) -> list[tuple[Job, Changes]]:
    """Give the tenants whose files were made."""
    return [(job, outcome) for job, outcome in outcomes if isinstance(outcome, Changes)]


def failed(outcomes: Sequence[Outcome]) -> list[tuple[Job, TenantcastError]]:
    """Give the tenants whose files could not be made."""
    return [(job, outcome) for job, outcome in outcomes if isinstance(outcome, TenantcastError)]


def _note_files(connection: Connection, ours: Sequence[tuple[Job, Changes]], seq: int) -> None:
    files = [entry for job, changes in ours for entry in _entries(job, changes, seq)]
    gone = [place for job, changes in ours for place in _gone(job, changes)]
    gone += [{name: entry[name] for name in ("tenant", "kind", "page", "is_former")} for entry in files]
    deleted = [{"tenant": job.tenant_id, "swept": SWEPT} for job, _ in ours if job.info.deleted]
    execute_many(connection, "published/forget", deleted)
    execute_many(connection, "published/supersede", gone)
    execute_many(connection, "published/save", files)


def _gone(job: Job, changes: Changes) -> Iterator[dict[str, Any]]:
    for part in changes.each():
        for kind, page in part.gone:
            yield {"tenant": job.tenant_id, "kind": kind, "page": page, "is_former": part is changes.former}


def _entries(job: Job, changes: Changes, seq: int) -> Iterator[dict[str, Any]]:
    for part in changes.each():
        for file in part.own_files():
            yield _entry(job, file, seq) | {"is_former": part is changes.former}


def _entry(job: Job, file: File, seq: int) -> dict[str, Any]:
    return {
        "tenant": job.tenant_id,
        "path": file.path,
        "kind": file.kind,
        "page": file.page,
        "content_hash": file.content_hash,
        "bytes": len(file.content),
        "page_from": file.page_from,
        "page_to": file.page_to,
        "seq": seq,
        "shortened": file.shortened,
        "version": file.version,
    }


def _keep_rows(connection: Connection, jobs: Sequence[Job]) -> None:
    """Keep the weeks and months that were merged anew, and forget those that hold nothing any more."""
    merged = [(_line(job, kind, first), row) for job in jobs for (kind, first), row in job.merged.items()]
    whole = [{"tenant": job.tenant_id} for job in jobs if job.is_whole or job.info.deleted]
    execute_many(connection, "published/forget_rows", whole)
    execute_many(connection, "published/forget_row", [line for line, _ in merged])
    kept = [line | {"days": row.days} | asdict(row.point) | asdict(row.latency) for line, row in merged if row]
    execute_many(connection, "published/keep_row", kept)


def _line(job: Job, kind: str, first: str) -> dict[str, Any]:
    return {"tenant": job.tenant_id, "kind": kind, "first_day": date.fromisoformat(first)}


def _kept(job: Job, changes: Changes) -> dict[str, Any]:
    periods = orjson.dumps(changes.to_keep).decode()
    return {"tenant": job.tenant_id, "today": job.info.today, "zone": job.info.zone, "periods": periods}


def _failed(job: Job, error: TenantcastError) -> dict[str, Any]:
    return {"tenant": job.tenant_id, "failure": str(error)}


def _done(job: Job, through: datetime) -> dict[str, Any]:
    return {
        "tenant": job.tenant_id,
        "through": None if job.info.deleted else through,
        "next_change_at": _next_change(job, through),
    }


def _next_change(job: Job, through: datetime) -> datetime | None:
    """Say when numbers change with no new data: when a window moves, or a quota is another one."""
    if job.info.deleted:
        return None
    quotas = job.tenant.quotas if job.tenant else ()
    return min(filter(None, (_next_move(job, through), next_quota_change(quotas, through))), default=None)


def _next_move(job: Job, through: datetime) -> datetime | None:
    """Say when a window moves past data: hourly while the last 48 hours hold any, else at midnight."""
    if job.info.has_hours:
        return through + HOUR
    if job.info.has_days:
        midnight: datetime = job.info.tomorrow_starts_at
        return midnight
    return None
