"""The ledger and the queue: what waits too long, what lies in the future, what keeps them from staying small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import LATE, Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import amount_of_bytes, counted, moment
from pipeline.runs import json_time

RUN = "python -m pipeline run"
DEAD_ROWS = 1_000_000
DEAD_SHARE = 20  # times as many as live ones


def judge_overdue(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge marks that wait though their hour is over; where ticks are missing, that is said instead."""
    for row in rows:
        if facts.is_late or facts.now - row.waits_since < LATE:
            continue
        yield Finding(
            name="marks",
            severity="error",
            what=f"{row.source}: {counted(row.marks, 'mark')} of hours that are over "
            f"{'waits' if row.marks == 1 else 'wait'}, the oldest since {moment(row.waits_since, facts.now)}, "
            f"of the hour {json_time(row.oldest) or 'that is none'}",
            why="The rows behind them are in no rollup and no file yet, though ticks go through.",
            fix="See what the runs say, and run one:",
            paste=f"python -m pipeline runs\n{RUN}",
        )


def judge_future(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge rows dated far ahead."""
    for row in rows:
        example = f", such as tenant {row.tenant}" if row.tenant else ""
        yield Finding(
            name="future",
            severity="warning",
            what=f"{row.source}: rows dated from {json_time(row.first_hour)} to {moment(row.last_hour, facts.now)}, "
            f"{counted(row.marks, 'mark')} of {counted(row.tenants, 'tenant')}{example}",
            why="They wait in the ledger until their hour is over; they do no harm, but they count nowhere.",
            fix="Correct created_at in the raw rows, and the clock or the code that writes them. "
            "The corrected rows mark themselves.",
        )


def judge_queue(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge a queue that nobody empties."""
    for row in rows:
        if row.oldest is None or facts.now - row.oldest < LATE:
            continue
        yield Finding(
            name="queue",
            severity="error",
            what=f"{counted(row.tenants, 'tenant')} wait{'s' * (row.tenants == 1)} to be published "
            f"({counted(row.entries, 'entry', 'entries')}), the first since {moment(row.oldest, facts.now)}",
            why="Their numbers are rolled up, and their files do not show them.",
            fix="See what the publishes say, and run one:",
            paste="python -m pipeline runs\npython -m pipeline publish",
        )


def judge_vacuum(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge what vacuum leaves of the tables that live by being emptied."""
    for row in rows:
        if not row.is_on or not row.counts:
            setting = "autovacuum" if not row.is_on else "track_counts"
            yield Finding(
                name="autovacuum",
                severity="warning",
                what=f"{setting} is off on this server",
                why="What each tick deletes from the ledger stays on disk, and every tick reads through it.",
                fix="Turn it on:",
                paste=f"alter system set {setting} = on;\nselect pg_reload_conf();",
            )
            return
        if row.is_off_here:
            yield Finding(
                name="autovacuum",
                severity="warning",
                what=f"autovacuum is off for {row.relation}",
                why="What each tick deletes from it stays on disk, and every tick reads through it.",
                fix="Turn it on:",
                paste=f"alter table {row.relation} reset (autovacuum_enabled);",
            )
        elif row.dead > max(DEAD_ROWS, DEAD_SHARE * row.live):
            yield Finding(
                name="bloat",
                severity="warning",
                what=f"{row.relation}: {row.dead:,} dead rows beside {row.live:,} live ones "
                f"({amount_of_bytes(row.bytes)}); last vacuumed {moment(row.last_autovacuum, facts.now)}",
                why="Every tick reads through them.",
                fix="End the transactions that keep vacuum off (named here if there are any), then:",
                paste=f"vacuum {row.relation};",
            )


def judge_transactions(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge transactions that have been open for an hour."""
    for row in rows:
        rows_too = (
            "It has written to a raw table: those rows come when it commits, and late. " if row.holds_rows else ""
        )
        yield Finding(
            name="transaction",
            severity="warning",
            what=f"pid {row.pid} ({row.name}, {row.state}) has a transaction open since {moment(row.since, facts.now)}",
            why=f"{rows_too}Vacuum cannot clear away what ticks take from the ledger meanwhile, and that grows.",
            fix="Have it commit or roll back. If it has been forgotten:",
            paste=f"select pg_terminate_backend({row.pid});",
        )


def judge_prepared(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge transactions that were prepared and left."""
    for row in rows:
        literal = row.gid.replace("'", "''")
        yield Finding(
            name="prepared",
            severity="warning",
            what=f"transaction {row.gid!r} of {row.owner} was prepared {moment(row.since, facts.now)} and is open",
            why="Rows that it wrote come when it commits, its locks hold, and vacuum cannot go past it, also after a "
            "restart.",
            fix="Ask whoever coordinates it; one of:",
            paste=f"commit prepared '{literal}';\nrollback prepared '{literal}';",
        )
