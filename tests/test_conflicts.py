"""Ticks and publishers that meet on one row: the work is done again, and nobody sees an error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.rollups.ticking import ticking
from pipeline.run import run
from tests.conftest import NOW, Sql, address_of, dashboard_of


def test_a_tick_that_meets_a_publisher_on_a_tenant_starts_again(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    run(ready, NOW)
    sql("update tenants set name = 'Renamed'")
    with psycopg.connect(address_of(ready)) as publisher, ThreadPoolExecutor(1) as pool:
        publisher.execute("update pipeline.tenant_state set failure = 'met'")
        ticking = pool.submit(roll, ready, NOW)
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        while not sql.one(waiting):
            assert not ticking.done()
        publisher.commit()
        assert ticking.result().tenants_changed == 1
    run(ready, NOW)
    assert dashboard_of(ready)["tenant"]["name"] == "Renamed"


def test_a_tick_and_a_publisher_meet_on_the_progress(ready: Installation, sql: Sql) -> None:
    with psycopg.connect(address_of(ready)) as publisher, ThreadPoolExecutor(1) as pool:
        publisher.execute("update pipeline.progress set seq = seq + 1")
        ticking = pool.submit(roll, ready, NOW)
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        while not sql.one(waiting):
            assert not ticking.done()
        publisher.commit()
        ticking.result()
    assert str(sql.one("select data_through from pipeline.progress")) == "2026-03-10 12:00:00+00:00"


def test_a_run_beside_the_first_tick_of_all_leaves_it_the_work(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    with ticking(ready.database):
        report = run(ready, NOW)
    assert "Another tick" in report.busy[0]
    assert (report.publish.tenants, report.status.seq) == (0, 0)
    assert run(ready, NOW).busy == []
