"""Where the writer's cost comes from: the same insert under ever more of the trigger, in one process of the server."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

BURST = 200
ROUNDS = 60
SINGLE = """
insert into {table} (tenant_id, endpoint, status_code, duration_ms, created_at)
values ('tenant-' || floor(random() * 2000)::int, '/v1/endpoint-3', 200, 12.5, clock_timestamp())
"""
FUNCTION = """
create function bench.{name}() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $part$ {body} $part$;
"""
TRIGGER = """
create trigger part after insert on bench.{name} {rows}
for each statement execute function {function}()
"""
ROWS = "referencing new table as new_rows"
GROUPED = """
insert into pipeline.marks (source, tenant_id, bucket_start, added)
select 'api_requests', n.tenant_id, pipeline.bucket_of(pipeline.utc(n.created_at)), count(*)
from new_rows as n group by n.tenant_id, pipeline.bucket_of(pipeline.utc(n.created_at));
"""
BODY = "begin {} return null; end"
AS_IT_IS = "the body of the function of ours"
PARTS = (
    ("bare", "no trigger", None, ""),
    ("empty", "an empty trigger", BODY.format(""), ""),
    ("told", "... that is told the new rows", BODY.format(""), ROWS),
    ("reading", "... and reads them", BODY.format("perform from new_rows;"), ROWS),
    ("grouped", "... and writes marks, always grouped", BODY.format(GROUPED), ROWS),
    ("pinned", "the trigger with a pinned search_path", AS_IT_IS, ROWS),
    ("marking", "the trigger as it is", None, ROWS),
)


def print_parts(connection: psycopg.Connection[Any]) -> None:
    """Measure and print."""
    for name, _, body, rows in PARTS:
        _make(connection, name, body, rows)
    connection.execute("set synchronous_commit = off")
    connection.prepare_threshold = 0
    spent: dict[str, list[float]] = {name: [] for name, *_ in PARTS}
    order = [name for name, *_ in PARTS]
    for _ in range(ROUNDS):
        random.shuffle(order)
        for name in order:
            spent[name].append(_burst(connection, name))
    print(f"  Where the time of a single row goes: CPU of one server process, without the disk, {ROUNDS} rounds")
    for name, what, *_ in PARTS:
        extra = median(mine - bare for mine, bare in zip(spent[name], spent["bare"], strict=True))
        print(f"    {what:<38}{median(spent[name]):7.1f} us a statement {extra:+7.1f}")


def _make(connection: psycopg.Connection[Any], name: str, body: str | None, rows: str) -> None:
    connection.execute(f"create table bench.{name} (like api_requests including all)".encode())
    connection.execute(f"alter table bench.{name} set (autovacuum_enabled = off)".encode())
    function = "pipeline.mark_api_requests_insert"
    if body == AS_IT_IS:
        row = connection.execute("select prosrc from pg_proc where proname = 'mark_api_requests_insert'").fetchone()
        body = row[0] if row else ""
    if body is not None:
        connection.execute(FUNCTION.format(name=name, body=body).encode())
        function = f"bench.{name}"
    if name != "bare":
        connection.execute(TRIGGER.format(name=name, rows=rows, function=function).encode())


def _burst(connection: psycopg.Connection[Any], name: str) -> float:
    """Give the CPU that a statement takes, in microseconds."""
    statement = SINGLE.format(table=f"bench.{name}").encode()
    before = _cpu(connection)
    for _ in range(BURST):
        connection.execute(statement)
    return (_cpu(connection) - before) / BURST / 1000


def _cpu(connection: psycopg.Connection[Any]) -> int:
    """Nanoseconds on a CPU that the server's process has had."""
    return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text(encoding="ascii").split()[0])
