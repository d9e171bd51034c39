"""Publishing: the tenants whose numbers can have changed, their files, in an order that never lists a missing one."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection

from pipeline.database.connection import Database, execute, execute_many, rows
from pipeline.documents.encode import compress
from pipeline.errors import BusyError, PermanentError, TenantcastError
from pipeline.installation import Installation
from pipeline.publish.caching import cache_control
from pipeline.publish.keys import tenant_key
from pipeline.publish.reading import Job, read_jobs
from pipeline.publish.shaping import Changes, File, shape
from pipeline.runs import as_dict, hour_of, json_time, recorded, require_installed
from pipeline.settings import ROOT

SLOTS = 64
SLOT_LOCK = 1_412_000_117  # any number, the same for every publisher
BATCH = 50
WRITERS = 8
WORK_MEM = "64MB"
STATUS = "v1/status.json"
HOUR = timedelta(hours=1)


@dataclass
class PublishReport:
    """What a publish did; `failures` by tenant."""

    data_through: datetime | None = None
    seq: int = 0
    tenants: int = 0
    files_written: int = 0
    files_unchanged: int = 0
    bytes_written: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)


def publish(installation: Installation, as_of: datetime, *, shard: int = 0, shards: int = 1) -> PublishReport:
    """Bring the files of a shard's tenants up to the last hour that is rolled up and complete at `as_of`.

    Raises BusyError when another publisher works on one of the shard's slots, PermanentError when nothing has been
    rolled up or `as_of` lies behind what is published. A tenant's own failure is in the report and stops nobody else.
    """
    database, report, began = installation.database, PublishReport(), time.monotonic()
    require_installed(database)
    installation.store.check()
    with recorded(database, "publish", as_of, report), _slots_held(database, shard, shards) as holder:
        through = published_through(database, as_of)
        report.data_through = through
        report.seq = next_seq(installation)
        due = _due(database, through, shard, shards)
        with installation.progress.step("Publishing", total=len(due), unit="tenants") as step:
            for jobs in _read_ahead(database, due, through):
                _publish_jobs(installation, jobs, through, report)
                holder.exec_driver_sql("select 1")  # the slots are still ours, or this fails
                step.advance(len(jobs))
        report.seconds = round(time.monotonic() - began, 3)
    return report


@contextmanager
def _slots_held(database: Database, shard: int, shards: int) -> Iterator[Connection]:
    """Hold the shard's slots in a transaction that does nothing else."""
    with database.transaction() as connection:
        held = rows(connection, "published/lock_slots", key=SLOT_LOCK, shard=shard, shards=shards, slots=SLOTS)
        if held:
            raise BusyError(
                f"Another publisher is at work on {len(held)} of {SLOTS} slots; the next run does what is left."
            )
        # A finished statement with values keeps its snapshot until the next one, and would hold up index builds.
        connection.exec_driver_sql("select 1")
        yield connection


def published_through(database: Database, as_of: datetime) -> datetime:
    """Give the hour to publish through: what is rolled up, but not past `as_of`; never back."""
    with database.transaction() as connection:
        rolled: datetime | None = execute(connection, "tick/progress").one().data_through
        before: datetime | None = execute(connection, "published/furthest").scalar_one()
    if rolled is None:
        raise PermanentError("Nothing has been rolled up yet. Run: python -m pipeline run")
    through = min(hour_of(as_of), rolled)
    if before and through < before:
        raise PermanentError(
            f"Files are published through {json_time(before)}; as of {json_time(through)} lies behind that. "
            "Ask for a later time."
        )
    return through


def next_seq(installation: Installation) -> int:
    """Take the next number: above all given out, and above that of the status.json that is up."""
    packed = installation.store.get(STATUS)
    published = 0
    if packed:
        published = int(orjson.loads(gzip.decompress(packed)).get("seq", 0))
    with installation.database.transaction() as connection:
        return int(execute(connection, "published/next_seq", published=published).scalar_one())


@cache
def documents_version() -> str:
    """Give a digest of all that shapes documents, so that a change of code reaches every file."""
    parts = [*(ROOT / "pipeline" / "documents").glob("*.py"), *(ROOT / "sql" / "documents").glob("*.sql")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(parts))).hexdigest()


def _due(database: Database, through: datetime, shard: int, shards: int) -> list[Any]:
    with database.transaction() as connection:
        execute(connection, "published/adopt_version", version=documents_version())
        execute(connection, "queue/forget_unknown")
        found = rows(connection, "queue/due", through=through, shard=shard, shards=shards)
    return [row.tenant_id for row in found]


def _read_ahead(database: Database, due: Sequence[Any], through: datetime) -> Iterator[list[Job]]:
    """Give the jobs batch by batch; the next batch is read while the one before is shaped and written."""

    def read(start: int) -> list[Job]:
        with database.transaction("REPEATABLE READ") as connection:
            connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
            return read_jobs(connection, due[start : start + BATCH], through)

    starts = range(0, len(due), BATCH)
    with ThreadPoolExecutor(1) as reader:
        coming = [reader.submit(read, start) for start in starts[:1]]
        for start in starts:
            jobs = coming.pop().result()
            coming = [reader.submit(read, later) for later in (start + BATCH,) if later < len(due)]
            yield jobs


def _publish_jobs(installation: Installation, jobs: Sequence[Job], through: datetime, report: PublishReport) -> None:
    with ThreadPoolExecutor(WRITERS) as writers:
        outcomes = list(writers.map(lambda job: _publish_tenant(installation, job, through, report.seq), jobs))
    _record(installation, list(zip(jobs, outcomes, strict=True)), through, report)


def _publish_tenant(installation: Installation, job: Job, through: datetime, seq: int) -> Changes | TenantcastError:
    """Write one tenant's files: pages, then the dashboard that lists them. Its failure is given, not raised."""
    key = tenant_key(installation.secret, job.info.id, job.info.generation)
    try:
        if job.info.deleted:
            return Changes()
        if job.tenant is None:
            return PermanentError(f"{job.info.problem}; its last good files stay. Correct tenants.timezone.")
        changes = shape(job, key=key, seq=seq, data_through=through, currency=installation.settings.currency)
        for file in changes.files():
            installation.store.put(file.path, file.content, cache_control=cache_control(file.path))
    except TenantcastError as error:
        return error
    except Exception as error:
        return PermanentError(f"unexpected {type(error).__name__} while its files were made: {error}")
    return changes


def _record(
    installation: Installation,
    outcomes: Sequence[tuple[Job, Changes | TenantcastError]],
    through: datetime,
    report: PublishReport,
) -> None:
    """Write down what is up now, and take what was read off the queue; all of a batch in one transaction."""
    done = [(job, changes) for job, changes in outcomes if isinstance(changes, Changes)]
    failed = [(job, error) for job, error in outcomes if isinstance(error, TenantcastError)]
    files = [(job, file) for job, changes in done for file in changes.files()]
    gone = [(job, kind, page) for job, changes in done for kind, page in changes.gone]
    gone += [(job, file.kind, file.page) for job, file in files]
    with installation.database.transaction() as connection:
        _remove_deleted(installation, connection, [job for job, _ in done if job.info.deleted])
        execute_many(connection, "published/supersede", [_place(job, kind, page) for job, kind, page in gone])
        execute_many(connection, "published/save", [_entry(job, file, report.seq) for job, file in files])
        execute_many(connection, "published/done", [_done(job, through) for job, _ in done])
        execute_many(connection, "published/keep_periods", [_kept(job, each) for job, each in done if each.to_keep])
        execute_many(
            connection,
            "published/failed",
            [{"tenant": job.tenant_id, "failure": str(error)} for job, error in failed],
        )
        execute(connection, "queue/delete", entries=[entry for job, _ in done for entry in job.entries])
    report.tenants += len(outcomes)
    report.files_written += len(files)
    report.bytes_written += sum(len(file.content) for _, file in files)
    report.files_unchanged += sum(changes.unchanged for _, changes in done)
    report.failures |= {job.info.id: str(error) for job, error in failed}


def _remove_deleted(installation: Installation, connection: Connection, jobs: Sequence[Job]) -> None:
    for job in jobs:
        for row in rows(connection, "published/forget", tenant=job.tenant_id):
            installation.store.delete(row.path)


def _place(job: Job, kind: str, page: str) -> dict[str, Any]:
    return {"tenant": job.tenant_id, "kind": kind, "page": page, "at": datetime.now(UTC)}


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
    }


def _kept(job: Job, changes: Changes) -> dict[str, Any]:
    return {
        "tenant": job.tenant_id,
        "today": job.info.today,
        "periods": orjson.dumps(changes.to_keep).decode(),
    }


def _done(job: Job, through: datetime) -> dict[str, Any]:
    return {
        "tenant": job.tenant_id,
        "through": None if job.info.deleted else through,
        "next_change_at": _next_change(job, through),
    }


def _next_change(job: Job, through: datetime) -> datetime | None:
    """Say when numbers change with no new data: hourly while the last 48 hours hold any, else at midnight."""
    if job.tenant is None or job.info.deleted:
        return None
    if job.tenant.series.get("hour"):
        return through + HOUR
    if job.kept is not None or job.tenant.series.get("day"):
        midnight: datetime = job.info.tomorrow_starts_at
        return midnight
    return None


@contextmanager
def publish_lock(database: Database) -> Iterator[None]:
    """Hold all slots: no publisher is at work meanwhile."""
    with _slots_held(database, 0, 1):
        yield


def put_status(installation: Installation, document: dict[str, Any]) -> None:
    """Write status.json."""
    installation.store.put(STATUS, compress(orjson.dumps(document)), cache_control=cache_control(STATUS))
