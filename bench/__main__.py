"""The first figures: a full build and one fresh hour, against the bare scan and against exact percentiles."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.statements import EXACT, ROWS, SCAN, TABLES
from pipeline.database import embedded
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.settings import ROOT, load_settings
from pipeline.sources.install import install

HOUR = timedelta(hours=1)
END = datetime(2026, 3, 1, tzinfo=UTC)
LIMITS = """\
Limits: one embedded PostgreSQL and one client on this machine, data in its page cache, made-up rows (Zipf tenants,
12 endpoints, log-normal durations). Seconds are of this run alone; only the ratios say something.
"Exact" is percentile_cont at the same grain, written to the same kind of table with the same indexes; it cannot be
merged into days. The whole tick also does days, rejected rows, marks, tenants and the queue.
"""


@dataclass(frozen=True)
class Scene:
    """A database of its own, filled with rows up to the end."""

    installation: Installation
    connection: psycopg.Connection[Any]
    start: datetime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests (default: %(default)s)")
    parser.add_argument("--tenants", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=30)
    given = parser.parse_args()
    print(LIMITS)
    scene = prepare(given.rows, given.tenants, given.days)
    span = {"start": scene.start, "end": END}
    print(f"Full build: {given.rows:,} requests, {given.tenants:,} tenants, {given.days} days")
    with quiet():
        install(scene.installation)
    compare(scene, span, END)
    fresh = given.rows // (given.days * 24)
    span = {"start": END, "end": END + HOUR}
    scene.connection.execute(ROWS, {"rows": fresh, "tenants": given.tenants, **span})
    print(f"\nOne fresh hour: {fresh:,} requests on top")
    compare(scene, span, END + HOUR)


def prepare(rows: int, tenants: int, days: int) -> Scene:
    """Make a database `bench` with the raw rows in it."""
    server = embedded.start(ROOT / "var" / "bench-postgres").replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop database if exists bench with (force)")
        connection.execute("create database bench")
    address = server.rsplit("/", 1)[0] + "/bench"
    settings = {
        "TENANTCAST_DATABASE_URL": address,
        "TENANTCAST_SECRET": "b" * 32,
        "TENANTCAST_HOME": str(ROOT / "var" / "bench"),
    }
    connection = psycopg.connect(address, autocommit=True)
    connection.execute(TABLES)
    start = END - timedelta(days=days)
    connection.execute(ROWS, {"rows": rows, "tenants": tenants, "start": start, "end": END})
    connection.execute("vacuum analyze api_requests")
    connection.execute("checkpoint")
    return Scene(Installation(load_settings(settings)), connection, start)


def compare(scene: Scene, span: dict[str, datetime], as_of: datetime) -> None:
    """Time the scan, the exact build and the tick over the same rows, and print how they compare."""
    connection = scene.connection
    connection.execute("set max_parallel_workers_per_gather = 0")
    connection.execute("set work_mem = '256MB'")
    scan = min(timed(lambda: connection.execute(SCAN, span).fetchone()) for _ in range(3))
    exact = timed(lambda: connection.execute(EXACT, span))
    connection.execute("checkpoint")
    reports = []
    with quiet():
        tick = timed(lambda: reports.append(roll(scene.installation, as_of)))
    hours = reports[0].seconds_by_step["hours"]
    print(f"  {'bare scan':<34}{scan:9.3f} s")
    for name, seconds in (
        ("exact percentile_cont", exact),
        ("Tenantcast, hourly rollup", hours),
        ("Tenantcast, whole tick", tick),
    ):
        print(f"  {name:<34}{seconds:9.3f} s {seconds / scan:8.1f} x scan {seconds / exact:7.2f} x exact")


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def quiet() -> redirect_stderr[Any]:
    """Keep the progress of the measured verbs off the table."""
    return redirect_stderr(Path(os.devnull).open("w", encoding="utf-8"))


if __name__ == "__main__":
    main()
