"""(f) Publishing: shaping and writing beside the floor, and what it costs by the share of tenants that changed."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from statistics import median
from typing import Any

import orjson
import psycopg

from bench.measuring import judge, paired, say, timed
from bench.scenes import END, HOUR, Scenes, demo, quiet, sparse
from pipeline.costs.days import open_for
from pipeline.documents.encode import compress
from pipeline.installation import Installation
from pipeline.publish.caching import cache_control
from pipeline.publish.due import find_due
from pipeline.publish.keys import tenant_keys
from pipeline.publish.publisher import BATCH, publish, start_writing
from pipeline.publish.reading import Job, read_jobs
from pipeline.publish.recording import Outcome, done, failed
from pipeline.publish.shaping import Changes, shape
from pipeline.publish.stores import Store
from pipeline.publish.writers import MOST_PROCESSES, THREADS, processors, writers_for
from pipeline.rollups.tick import roll

TENANTS = 2_000
ROWS_AT_SCALE_1 = 2_000_000
ROUNDS = 5
SHARES = (0.01, 0.3)
# One request of each living tenant, or of a share of them, in the hour that begins at %(start)s.
ONE_EACH = """
insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
select id, '/v1/endpoint-1', 200, 25, %(start)s::timestamptz + interval '10 minutes'
from tenants where abs(hashtext(id)) %% 1000 < 1000 * %(share)s::numeric
"""
LIMITS = """\
The floor is orjson, libdeflate and a put of the very documents that were published, in as many threads of one process,
into the same folder on disk, and nothing else. The two take turns; a ratio is the median over the rounds. Reads and the
ledger of files are the database's work and stand apart. Memory is of the publisher
without its writers. Not measured: S3."""


@dataclass
class Work:
    """What is published, and what that gave."""

    installation: Installation
    through: datetime
    jobs: list[Job] = field(default_factory=list)
    seq: int = 1_000

    def read(self) -> None:
        """Read all jobs, batch by batch, as the publisher does."""
        database = self.installation.database
        due = find_due(self.installation, self.through)
        for start in range(0, len(due), BATCH):
            with database.transaction("REPEATABLE READ") as connection:
                some = due[start : start + BATCH]
                jobs = read_jobs(connection, some, self.through, costs_open=open_for(self.installation))
            self.jobs += [job for job in jobs if job.tenant]  # none has one that was deleted

    def shape(self, job: Job) -> Changes:
        """Shape the files of one tenant."""
        keys = tenant_keys(self.installation, job.info.id, job.info.generation)
        currency = self.installation.settings.currency
        return shape(job, keys=keys, seq=self.seq, data_through=self.through, currency=currency)

    def publish(self) -> list[Changes]:
        """Shape and write all as the publisher does, and take note of what is up, so that it can be done again."""
        outcomes: list[Outcome] = []
        store, url = self.installation.store, self.installation.settings.store_url
        writing: list[Callable[[], list[Outcome]]] = []
        with writers_for(store, url, len(self.jobs)) as writers:
            for start in range(0, len(self.jobs), BATCH):
                shaped: list[Outcome] = [(job, self.shape(job)) for job in self.jobs[start : start + BATCH]]
                before, writing = writing, [start_writing(writers, shaped, self.seq)]
                outcomes += [each for given in before for each in given()]
            outcomes += [each for given in writing for each in given()]
        assert not failed(outcomes), failed(outcomes)[0][1]
        for job, changes in done(outcomes):
            if changes.dashboard:
                up = job.current["dashboard", ""]
                job.current["dashboard", ""] = replace(up, version=changes.dashboard.version, seq=self.seq)
        self.seq += 1
        return [changes for _, changes in done(outcomes)]


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    rows = min(scenes.rows, ROWS_AT_SCALE_1)
    print(f"publish: {TENANTS:,} changed tenants of the demo, about {rows:,} rows\n{LIMITS}")
    say("the demo")
    with demo("bench_publish", rows / ROWS_AT_SCALE_1, tenants=TENANTS) as installation:
        _beside_the_floor(installation)
    print(f"\npublish: by the share of {scenes.tenants:,} tenants that changed")
    with sparse("bench_share", scenes.tenants) as (installation, connection):
        _by_share(installation, connection)


def _beside_the_floor(installation: Installation) -> None:
    through = END + HOUR
    with psycopg.connect(str(installation.settings.database_url).replace("+psycopg", ""), autocommit=True) as own:
        own.execute(ONE_EACH, {"start": END, "share": 1})
    with quiet():
        roll(installation, through)
    work = Work(installation, through)
    reads = timed(work.read)
    files = [file for changes in work.publish() for file in changes.files()]
    documents = [(file.path, orjson.loads(gzip.decompress(file.content))) for file in files]
    ours, floor, spread = [], [], []
    for _ in range(ROUNDS):
        floor.append(timed(partial(_floor, installation.store, documents)))
        spread.append(timed(partial(_spread_floor, installation.store, documents)))
        ours.append(timed(work.publish))
    shaping = timed(lambda: [work.shape(job) for job in work.jobs])
    with quiet():
        whole = timed(partial(publish, installation, through))
    least = median(floor)
    size = sum(len(file.content) for file in files)
    print(f"  {len(work.jobs):,} tenants, {len(files):,} files, {size:,} bytes; the floor takes {least:.2f} s")
    print(f"  shaping alone {shaping:.2f} s, shaping and writing {median(ours):.2f} s, reads {reads:.2f} s")
    print(f"  the whole publish, with reads and the ledger: {whole:.2f} s, {whole / least:.2f} x the floor")
    print(f"  beside a floor spread over as many processes: {paired(spread, ours):.2f}")
    judge("shaping and writing to the floor", paired(floor, ours), at_most=1.5)


def _floor(store: Store, documents: Sequence[tuple[str, Any]]) -> None:
    def put(each: tuple[str, Any]) -> None:
        path, document = each
        store.put(path, compress(orjson.dumps(document)), cache_control=cache_control(path))

    with ThreadPoolExecutor(THREADS) as writers:
        list(writers.map(put, documents))


def _spread_floor(store: Store, documents: Sequence[tuple[str, Any]]) -> None:
    count = min(MOST_PROCESSES, processors())
    # Forked, so that no document has to be copied to them first.
    some = [get_context("fork").Process(target=_floor, args=(store, documents[n::count])) for n in range(count)]
    for each in some:
        each.start()
    for each in some:
        each.join()


def _by_share(installation: Installation, connection: psycopg.Connection[Any]) -> None:
    """A first publish, hours in which some tenants have rows, and the midnight after which all windows have moved."""
    at, costs = END, []
    _publish_at(installation, at, "the first publish, all")
    for share in SHARES:
        connection.execute(ONE_EACH, {"start": at, "share": share})
        at += HOUR
        costs.append(_publish_at(installation, at, f"an hour, {share:.0%}"))
    costs.append(_publish_at(installation, END + 23 * HOUR, "the Lagos midnight, all"))
    judge("a tenant's cost, 1 % to all", costs[0] / costs[-1], at_most=2)
    judge("a tenant's cost, 30 % to all", costs[1] / costs[-1], at_most=2)


def _publish_at(installation: Installation, at: datetime, what: str) -> float:
    """Tick and publish; print what that took; give the seconds a tenant."""
    with quiet():
        roll(installation, at)
        report = publish(installation, at)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = report.seconds / max(report.tenants, 1)
    print(
        f"  {what:<24} {report.tenants:>8,} tenants {report.files_written:>9,} files {report.seconds:>8.2f} s "
        f"{each * 1000:>6.2f} ms each; at most {memory:,.0f} MB so far"
    )
    return each
