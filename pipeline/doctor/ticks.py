"""Ticks: whether they come, and how runs ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted, moment
from pipeline.publish.keys import without_keys
from pipeline.runs import json_time

RUN = "python -m pipeline run"
HOURLY = ("rollup", "publish", "status")
AGAIN = "Run the same again, with the same arguments: it goes on from where it was."


def judge_ticks(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge how far the rollups are, and how the last run of each verb ended."""
    last = {row.verb: row for row in rows}
    tick = last.get("rollup")
    if facts.is_late:
        yield _late(tick, facts)
    for row in rows:
        error = without_keys(row.error or "it does not say why")
        if row.state == "failed" and not (facts.is_late and row.verb == "rollup"):
            yield Finding(
                name="failed",
                severity="error" if row.verb in HOURLY else "warning",
                what=f"the last {row.verb} failed, run {row.run_id} of {moment(row.started_at, facts.now)}: {error}",
                why="What it was to do waits.",
                fix="Correct that, and run again:" if row.verb in HOURLY else AGAIN,
                paste=RUN if row.verb in HOURLY else "",
            )
        elif row.failed and row.state == "done":
            yield Finding(
                name="failed",
                severity="note",
                what=f"{row.verb}: {counted(row.failed, 'run')} failed in the last 24 hours; the last one went through",
                why="Nothing is lost: what a failed run leaves, the next one does.",
                fix="See which, and why:",
                paste="python -m pipeline runs",
            )


def _late(tick: Row[Any] | None, facts: Facts) -> Finding:
    if facts.data_through is None:
        at_work = tick is not None and tick.state == "running"
        return Finding(
            name="tick",
            severity="note" if at_work else "warning",
            what="nothing has been rolled up yet" + ("; a tick is at work" if at_work else ""),
            why="There are no files before the first tick is through.",
            fix="Let it end." if at_work else "Run it, and have it run each hour:",
            paste="" if at_work else RUN,
        )
    said = "no tick was begun in the last seven days"
    if tick is not None:
        error = f": {without_keys(tick.error)}" if tick.error else ""
        said = f"the last one, run {tick.run_id}, began {moment(tick.started_at, facts.now)} and is {tick.state}{error}"
    return Finding(
        name="tick",
        severity="error",
        what=f"rollups are complete through {moment(facts.data_through, facts.now)}, and the hour that ended at "
        f"{json_time(facts.through)} is missing; {said}",
        why="Ticks are not run or do not end. Readers see old numbers; no change is lost, marks wait.",
        fix="See that the scheduler runs it each hour (cron, a systemd timer, the Dag tenantcast_hourly), and run it:",
        paste=f"python -m pipeline runs\n{RUN}",
    )


def judge_killed(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge runs that never said how they ended."""
    for row in rows:
        hourly = row.verb in HOURLY
        yield Finding(
            name="killed",
            severity="note" if row.was_made_good else "warning",
            what=f"run {row.run_id} ({row.verb}) of {moment(row.started_at, facts.now)} did not end: it was killed",
            why="Nothing is lost or doubled: what it had not committed is still marked or queued"
            + ("; a later run has done it." if row.was_made_good else "."),
            fix="Nothing, if you know who did it; else look for the out-of-memory killer in the system's log."
            if row.was_made_good
            else ("Run again:" if hourly else AGAIN),
            paste=RUN if hourly and not row.was_made_good else "",
        )
