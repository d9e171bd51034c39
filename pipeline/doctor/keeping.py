"""What is kept: raw rows that are purged, the partitions of rollups, and files that others replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted, moment
from pipeline.publish.collecting import MOST

AHEAD = timedelta(days=7)
DAY = timedelta(days=1)
COLLECTS = {"files": "run", "platform_files": "run", "exports": "export"}  # which verb takes them away


def judge_purged(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge raw rows that go while deletions of their age still count as corrections."""
    days = facts.settings.raw_horizon_days
    rule = f"TENANTCAST_RAW_HORIZON_DAYS is {days}" if days else "TENANTCAST_RAW_HORIZON_DAYS is not set"
    for row in rows:
        if not row.emptied or row.emptied * 2 < row.tenants or facts.now - row.oldest < DAY:
            continue
        yield Finding(
            name="purging",
            severity="error",
            what=f"{row.source}: of {row.emptied:,} of {row.tenants:,} tenants the oldest hours have no raw rows any "
            f"more, from {moment(row.oldest, facts.now)} on, and {rule}",
            why="A deletion inside the horizon is a correction: the next tick takes these hours out of the rollups, "
            "and no raw row is left to bring them back.",
            fix="If rows are being purged, stop the runs and set the horizon to the number of days that raw rows are "
            "kept, before the next one: hours that are older then stay as they are. If it was a correction, run.",
            paste="export TENANTCAST_RAW_HORIZON_DAYS=…",
        )


def judge_partitions(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge whether there is room for the days to come; where ticks are missing, that is said instead."""
    for row in rows:
        if facts.is_late or (row.made_to and row.made_to >= (facts.now + AHEAD).date()):
            continue
        until = f"only up to {row.made_to}" if row.made_to else "not at all"
        yield Finding(
            name="partitions",
            severity="warning",
            what=f"rollup.{row.rollup} has partitions {until}",
            why="Each tick makes those of the next weeks; something has taken them away since.",
            fix="Run one:",
            paste="python -m pipeline run",
        )


def judge_detaching(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge partitions that are half taken off."""
    del facts
    for row in rows:
        yield Finding(
            name="detaching",
            severity="warning",
            what=f"{row.part} is half taken off {row.relation}: a detach was stopped",
            why="No other partition of that table can be detached before it.",
            fix="Finish it:",
            paste=f"alter table {row.relation} detach partition {row.part} finalize;",
        )


def judge_detached(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge tables that somebody has taken off a rollup by hand: retention drops only what it has taken off itself."""
    del facts
    for row in rows:
        yield Finding(
            name="detached",
            severity="warning",
            what=f"rollup.{row.name} is named like a partition of rollup.{row.rollup}, and attached to nothing",
            why="Its rows are in no rollup, so documents and analysts do not see them, and no retention drops it.",
            fix=f"Attach it again (alter table rollup.{row.rollup} attach partition …), unless another partition has "
            "taken its place; or move it to a schema of yours:",
            paste=f"alter table rollup.{row.name} set schema …;",
        )


def judge_uncollected(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge superseded files that the last run has left although nobody can be led to them."""
    del facts
    for row in rows:
        verb = COLLECTS[row.ledger]
        yield Finding(
            name="collecting",
            severity="warning",
            what=f"the last {verb} has left {counted(row.files, 'superseded file')} of pipeline.{row.ledger} in the "
            "store that it could have taken away",
            why="They take up room, and it grows.",
            fix=f"Each {verb} takes away {MOST:,} of them at most: have it run more often, or a few times by hand.",
            paste=f"python -m pipeline {verb}",
        )
