"""(d) What the ledger costs the SaaS's writers: single rows and batches of 500, with commits that reach the disk."""

from __future__ import annotations

import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.measuring import judge, paired, say
from bench.scenes import TENANTS, Scenes, database, installation_on, quiet
from bench.statements import TABLES
from bench.trigger_parts import print_parts
from pipeline.database.cluster import installed_programs
from pipeline.sources.install import install

CLIENTS = 4
SECONDS = 2
ROUNDS = 20
BATCH = 500
SINGLE = """\
\\set t random(1, 2000)
\\set e random(1, 12)
\\set d random(1, 100000)
insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
values ('tenant-' || :t, '/v1/endpoint-' || :e, 200, :d * 0.01, clock_timestamp());
"""
LIMITS = f"""\
{CLIENTS} clients (pgbench) on the server's machine, commits flushed to its disk, turns of {SECONDS} s with the ledger's
trigger enabled and disabled on one and the same table. That table has its key and, on both sides, the two indexes that
Tenantcast reads through. Single rows are prepared statements; batches are {BATCH} rows of many tenants, as text. CPU is
that of the server's processes for these clients. Autovacuum is off. Not measured: a network, which hides a part."""


@dataclass(frozen=True)
class Turn:
    """What one turn gave."""

    per_second: float
    wal_bytes: float
    cpu_us: float


def measure(_: Scenes) -> None:
    """Measure and print."""
    print(f"writer: with and without the ledger\n{LIMITS}")
    with _table() as (address, connection), tempfile.TemporaryDirectory(prefix="bench-") as scripts:
        for name, protocol, files in (
            ("single rows", "prepared", _single(Path(scripts))),
            (f"batches of {BATCH}", "simple", _batches(Path(scripts))),
        ):
            _compare(name, address, connection, ["-M", protocol, *files])
        print_parts(connection)


@contextmanager
def _table() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    with database("bench_writer") as (address, connection), tempfile.TemporaryDirectory(prefix="bench-") as home:
        connection.execute(TABLES)
        installation = installation_on(address, home)
        with quiet():
            install(installation)
        installation.database.engine.dispose()
        for table in ("api_requests", "pipeline.marks"):
            connection.execute(f"alter table {table} set (autovacuum_enabled = off)".encode())
        yield address, connection


def _single(folder: Path) -> list[str]:
    path = folder / "single.sql"
    path.write_text(SINGLE, encoding="ascii")
    return ["-f", str(path)]


def _batches(folder: Path) -> list[str]:
    made = random.Random(1)
    given: list[str] = []
    for number in range(8):
        rows = ",".join(
            f"('tenant-{int(TENANTS ** made.random())}', '/v1/endpoint-{int(12 * made.random() ** 2)}', 200, "
            f"{made.lognormvariate(4, 1):.3f}, clock_timestamp())"
            for _ in range(BATCH)
        )
        path = folder / f"batch-{number}.sql"
        columns = "(tenant_id, endpoint, status_code, duration_ms, created_at)"
        path.write_text(f"insert into api_requests {columns} values {rows};\n", encoding="ascii")
        given += ["-f", str(path)]
    return given


def _compare(name: str, address: str, connection: psycopg.Connection[Any], options: list[str]) -> None:
    kept: dict[bool, list[Turn]] = {False: [], True: []}
    for turn in range(ROUNDS + 1):
        for ledger in (False, True) if turn % 2 else (True, False):
            kept[ledger].append(_turn(address, connection, options, ledger=ledger))
        say(f"{name}: round {turn} of {ROUNDS}")
    without, with_ledger = kept[False][1:], kept[True][1:]  # the first round warms up
    for label, turns in (("without", without), ("with", with_ledger)):
        print(
            f"  {name}, {label:<8}{median(turn.per_second for turn in turns):9,.0f} a second, "
            f"{median(turn.wal_bytes for turn in turns):9,.0f} bytes of WAL and "
            f"{median(turn.cpu_us for turn in turns):7,.0f} us of CPU a statement"
        )
    wal, cpu = (
        paired([getattr(turn, field) for turn in without], [getattr(turn, field) for turn in with_ledger])
        for field in ("wal_bytes", "cpu_us")
    )
    print(f"  {name}: {wal:.2f} x the WAL, {cpu:.2f} x the CPU (paired medians of {ROUNDS})")
    lost = [1 - b.per_second / a.per_second for a, b in zip(without, with_ledger, strict=True)]
    print(f"  Lost in each round, %: {' '.join(f'{share * 100:.0f}' for share in sorted(lost))}")
    judge(f"{name}: % of throughput lost", median(lost) * 100, at_most=10)


def _turn(address: str, connection: psycopg.Connection[Any], options: list[str], *, ledger: bool) -> Turn:
    connection.execute(
        f"alter table api_requests {'enable' if ledger else 'disable'} trigger tenantcast_insert".encode()
    )
    connection.execute("truncate api_requests, pipeline.marks")
    connection.execute("checkpoint")
    wal, cpu = _wal(connection), _ended_cpu(connection)
    told = _pgbench(address, options)
    done = int(re.search(r"actually processed: (\d+)", told)[1])  # type: ignore[index]
    return Turn(
        per_second=float(re.search(r"tps = ([\d.]+)", told)[1]),  # type: ignore[index]
        wal_bytes=(_wal(connection) - wal) / done,
        cpu_us=(_ended_cpu(connection) - cpu) / done * 1e6,
    )


def _pgbench(address: str, options: list[str]) -> str:
    parts = urlsplit(address)
    place = ["-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username)]
    load = ["-n", "-c", str(CLIENTS), "-j", "2", "-T", str(SECONDS)]
    done = subprocess.run(
        [str(installed_programs() / "bin" / "pgbench"), *place, *load, *options, parts.path.lstrip("/")],
        env=os.environ | {"PGPASSWORD": str(parts.password)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"pgbench failed: {done.stderr}")
    return done.stdout


def _wal(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("select pg_current_wal_insert_lsn() - '0/0'").fetchone()
    return int(row[0]) if row else 0


def _ended_cpu(connection: psycopg.Connection[Any]) -> float:
    """CPU seconds of the server's processes that have ended: between two turns, of pgbench's connections."""
    time.sleep(0.2)
    row = connection.execute("show data_directory").fetchone()
    assert row
    postmaster = (Path(row[0]) / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0]
    fields = Path(f"/proc/{postmaster}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
