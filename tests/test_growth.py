"""The ledger stays small under a writer that never pauses, however many ticks there have been."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg

from pipeline.installation import Installation
from pipeline.run import run
from tests.conftest import Sql, address_of

BEGIN = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TENANTS = 20  # of which three are known, so that publishing does not take the test's time
COMMITS = 60  # between two ticks; each marks every tenant
TICKS = 64
LEDGER = ("pipeline.marks", "pipeline.queue")
BYTES_OF_A_MARK = 120
INSERT = f"""
insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
select 't' || t, '/', 200, 5, %s from generate_series(1, {TENANTS}) t
"""


class Writer:
    """Commits one small transaction after the other, dated as of `hour`."""

    def __init__(self, address: str) -> None:
        self.address, self.hour = address, BEGIN
        self.wanted, self.stopping = threading.Semaphore(0), False
        self.written = threading.Semaphore(0)

    def work(self) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            while self.wanted.acquire() and not self.stopping:
                connection.execute(INSERT, (self.hour,))
                self.written.release()

    def begin(self, commits: int) -> None:
        """Let it commit so many more while the caller goes on."""
        self.wanted.release(commits)

    def finish(self, commits: int) -> None:
        """Wait until it has committed so many of them."""
        for _ in range(commits):
            self.written.acquire()


@contextmanager
def writing(installation: Installation) -> Iterator[Writer]:
    writer = Writer(address_of(installation))
    thread = threading.Thread(target=writer.work)
    thread.start()
    try:
        yield writer
    finally:
        writer.stopping = True
        writer.begin(1)
        thread.join()


def test_the_ledger_does_not_grow_with_the_number_of_ticks(ready: Installation, sql: Sql) -> None:
    for tenant in ("t1", "t2", "t3"):
        sql.tenant(tenant)
    sizes: list[dict[str, int]] = []
    with writing(ready) as writer, psycopg.connect(address_of(ready)) as slow:
        for tick in range(TICKS):
            writer.hour = BEGIN + tick * HOUR
            if tick in (4, 40):  # a transaction that stays open keeps what is deleted meanwhile from being vacuumed
                slow.execute(INSERT, (writer.hour,))
            if tick in (12, 48):
                slow.commit()
            writer.begin(COMMITS + 5)
            writer.finish(COMMITS)
            report = run(ready, BEGIN + (tick + 1) * HOUR)
            writer.finish(5)
            assert report.rollup.marks >= COMMITS * TENANTS
            assert not report.busy
            sizes.append({table: int(str(sql.one("select pg_total_relation_size(%s)", table))) for table in LEDGER})
    run(ready, BEGIN + TICKS * HOUR)
    rows = "select (select count(*) from api_requests), (select sum(requests) from rollup.api_hourly)"
    assert len({int(str(count)) for count in sql(rows)[0]}) == 1
    a_tick = COMMITS * TENANTS * BYTES_OF_A_MARK
    for table in LEDGER:
        early, late = sizes[19][table], sizes[-1][table]
        assert late <= early + 4 * a_tick, f"{table}: {early:,} bytes after 20 ticks, {late:,} after {TICKS}"
        assert late <= 15 * a_tick
    dead = "select n_dead_tup from pg_stat_user_tables where schemaname = 'pipeline' and relname = 'marks'"
    assert int(str(sql.one(dead))) < 10 * COMMITS * TENANTS
