"""Publishing: the tenants whose numbers can have changed, and their files, none listed before it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pipeline.costs.days import open_for
from pipeline.database.connection import Database, again_on_conflict, rows
from pipeline.errors import BusyError, OvertakenError, PermanentError, TenantcastError, UnusableError
from pipeline.installation import Installation
from pipeline.publish.due import find_due, next_seq, next_seq_above, published_through
from pipeline.publish.keys import tenant_keys
from pipeline.publish.reading import Job, read_jobs
from pipeline.publish.recording import Outcome, done, failed, plan, record
from pipeline.publish.shaping import Changes, shape
from pipeline.publish.writers import Writers, writers_for
from pipeline.publish.writing import Dashboard, Order, Part, Versions
from pipeline.runs import as_dict, clock, recorded, require_installed

SLOTS = 64
SLOT_LOCK = 1_412_000_117  # any number, the same for every publisher
BATCH = 50
WORK_MEM = "64MB"
PATIENCE = 60.0
PAUSE = 0.2


@dataclass
class PublishReport:
    """What a publish did; `failures` and `unusable` by tenant, the latter for what its own row says."""

    data_through: datetime | None = None
    seq: int = 0
    tenants: int = 0
    files_written: int = 0
    files_unchanged: int = 0
    bytes_written: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)


def publish(
    installation: Installation, as_of: datetime | None = None, *, shard: int = 0, shards: int = 1
) -> PublishReport:
    """Bring the files of a shard's tenants up to the last hour that is rolled up and complete at `as_of`.

    Raises BusyError when another publisher works on one of the shard's slots, PermanentError when nothing has been
    rolled up or `as_of` lies behind what is published. A tenant's own failure is in the report and stops nobody else.
    """
    database, report = installation.database, PublishReport()
    require_installed(database)
    installation.store.check()
    if as_of:
        published_through(database, as_of)  # a wish that is refused is no failed run, which `doctor` would warn of
    say_where(installation)
    with (
        recorded(database, "publish", as_of or clock(database), report),
        slots_held(database, shard=shard, shards=shards) as holder,
    ):
        report.data_through = published_through(database, as_of)
        publish_due(installation, holder, report, shard=shard, shards=shards)
    return report


def say_where(installation: Installation) -> None:
    """Say it before a trial's numbers go to a bucket, where somebody may take them for others."""
    settings = installation.settings
    if settings.database_url is None and not settings.store_url.startswith("file:"):
        installation.progress.say(
            f"TENANTCAST_DATABASE_URL is not set: what is in the embedded database goes to {settings.store_url}"
        )


@contextmanager
def slots_held(database: Database, *, shard: int = 0, shards: int = 1) -> Iterator[Connection]:
    """Hold the shard's slots, by default all, in a transaction that does nothing else."""
    with database.transaction() as connection:
        held = rows(connection, "published/lock_slots", key=SLOT_LOCK, shard=shard, shards=shards, slots=SLOTS)
        if held:
            raise BusyError(
                f"Another publisher is at work on {len(held)} of {SLOTS} slots; the next run does what is left."
            )
        still_held(connection)
        yield connection


@contextmanager
def slots_awaited(database: Database, *, otherwise: str) -> Iterator[Connection]:
    """Hold all slots, once the publisher that may be at work is done; raises BusyError after a minute of waiting."""
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                holder = stack.enter_context(slots_held(database))
                break
            except BusyError:
                if time.monotonic() > deadline:
                    raise BusyError(f"A publisher has been at work for {PATIENCE:.0f} s. {otherwise}") from None
                time.sleep(PAUSE)
        yield holder


def still_held(holder: Connection) -> None:
    """Fail if the slots are lost. A finished statement with values would also keep its snapshot until the next."""
    holder.exec_driver_sql("select 1")


def publish_due(
    installation: Installation, holder: Connection, report: PublishReport, *, shard: int = 0, shards: int = 1
) -> None:
    """Publish what is due in slots that are held, through `report.data_through`; count it in the report."""
    assert report.data_through is not None
    began, through = time.monotonic(), report.data_through
    report.seq = next_seq(installation)
    due = find_due(installation, through, shard=shard, shards=shards)
    with (
        installation.progress.step("Publishing", total=len(due), unit="tenants") as step,
        writers_for(installation.store, installation.settings.store_url, len(due), shards=shards) as writers,
    ):
        for outcomes in _write_behind(installation, _read_ahead(installation, due, through), writers, holder, report):
            _note(installation, outcomes, holder, report)
            step.advance(len(outcomes))
    report.seconds = round(report.seconds + time.monotonic() - began, 3)


def _read_ahead(installation: Installation, due: Sequence[Any], through: datetime) -> Iterator[list[Job]]:
    """Give the jobs batch by batch; the next batch is read while the one before is shaped and written."""

    def read(start: int) -> list[Job]:
        with installation.database.transaction("REPEATABLE READ") as connection:
            connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
            return read_jobs(connection, due[start : start + BATCH], through, costs_open=open_for(installation))

    starts = range(0, len(due), BATCH)
    with ThreadPoolExecutor(1) as reader:
        coming = [reader.submit(read, start) for start in starts[:1]]
        for start in starts:
            jobs = coming.pop().result()
            coming = [reader.submit(read, later) for later in (start + BATCH,) if later < len(due)]
            yield jobs


def _write_behind(
    installation: Installation,
    batches: Iterable[Sequence[Job]],
    writers: Writers,
    holder: Connection,
    report: PublishReport,
) -> Iterator[list[Outcome]]:
    """Shape batch by batch and give what became of each; one is shaped while the one before is written.

    The ledger learns of a file before it is written, and nothing is begun to be written once the slots are lost.
    """
    writing: list[Callable[[], list[Outcome]]] = []
    for jobs in batches:
        shaped = [(job, _contained(_shape, installation, job, report)) for job in jobs]
        plan(installation.database, shaped, report.seq)
        still_held(holder)
        before, writing = writing, [start_writing(writers, shaped, report.seq)]
        yield from (outcomes() for outcomes in before)
    yield from (outcomes() for outcomes in writing)


def start_writing(writers: Writers, shaped: Sequence[Outcome], seq: int) -> Callable[[], list[Outcome]]:
    """Begin to write what was shaped; the answer waits for the end and gives what became of each tenant."""
    to_write = done(shaped)
    written = writers.start([_order(job, changes) for job, changes in to_write], seq)

    def outcomes() -> list[Outcome]:
        said = zip(to_write, written(), strict=True)
        became = {job.tenant_id: _written(changes, of_it) for (job, changes), of_it in said}
        return [(job, became.get(job.tenant_id, outcome)) for job, outcome in shaped]

    return outcomes


def _order(job: Job, changes: Changes) -> Order:
    """Give what to write; of a deleted tenant all is to be removed, the dashboard first."""
    return Order(tuple(_part(part) for part in changes.each()), tuple(job.to_delete))


def _part(changes: Changes) -> Part:
    pages, first = tuple((page.path, page.content) for page in changes.pages), changes.dashboard
    return Part(pages, Dashboard(first.path, first.content, first.version) if first else None)


def _written(changes: Changes, said: Versions | TenantcastError) -> Changes | TenantcastError:
    """Take note of the versions that the dashboards have in the store now."""
    if isinstance(said, TenantcastError):
        return said
    for part, version in zip(changes.each(), said, strict=True):
        if part.dashboard:
            part.dashboard = replace(part.dashboard, version=version)
    return changes


def _note(installation: Installation, outcomes: Sequence[Outcome], holder: Connection, report: PublishReport) -> None:
    """Note what is up, if the slots are still ours, and count it."""
    database, through, seq = installation.database, report.data_through, report.seq
    assert through is not None
    still_held(holder)
    overtaken = again_on_conflict(lambda: record(database, outcomes, through, seq))
    for standing in [error.standing for _, error in failed(outcomes) if isinstance(error, OvertakenError)]:
        next_seq_above(database, standing)
    _count(report, [each for each in outcomes if each[0] not in overtaken])


def _contained(step: Any, *given: Any) -> Changes | TenantcastError:
    """Do a step of one tenant; its error is given, not raised: it must not stop the others."""
    try:
        changes: Changes = step(*given)
    except TenantcastError as error:
        return error
    except Exception as error:
        return PermanentError(f"unexpected {type(error).__name__} while its files were made: {error}")
    return changes


def _shape(installation: Installation, job: Job, report: PublishReport) -> Changes:
    if job.info.deleted:
        return Changes()
    if job.tenant is None:
        raise UnusableError(f"{job.info.problem}; its last good files stay. Correct tenants.timezone.")
    assert report.data_through is not None
    return shape(
        job,
        keys=tenant_keys(installation, job.info.id, job.info.generation),
        seq=report.seq,
        data_through=report.data_through,
        currency=installation.settings.currency,
    )


def _count(report: PublishReport, outcomes: Sequence[Outcome]) -> None:
    files = [file for _, changes in done(outcomes) for file in changes.files()]
    report.tenants += len(outcomes)
    report.files_written += len(files)
    report.bytes_written += sum(len(file.content) for file in files)
    report.files_unchanged += sum(part.unchanged for _, changes in done(outcomes) for part in changes.each())
    for job, error in failed(outcomes):
        kept = report.unusable if isinstance(error, UnusableError) else report.failures
        kept[job.info.id] = str(error)
