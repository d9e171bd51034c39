"""The tick: take the marks, recompute their buckets, replace them, queue the tenants; one chunk one transaction."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial

from pipeline.costs.days import redo_costs
from pipeline.database.connection import Database, again_on_conflict, execute, rows
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.mrr.days import redo_mrr
from pipeline.platform.days import adopt_zone, redo_platform
from pipeline.reconcile.window import notice_changes
from pipeline.rollups.backlog import Chunk, MarkedHour, plan
from pipeline.rollups.chunk import recount_unplaced, redo, redo_marked_days
from pipeline.rollups.ledger import reuse_space
from pipeline.rollups.partitions import Retention, drop_old_partitions, ensure_partitions
from pipeline.rollups.quotas import sync_quotas
from pipeline.rollups.report import RollReport
from pipeline.rollups.statistics import analyze_raw, analyze_rollups
from pipeline.rollups.tenants import sync_tenants
from pipeline.runs import clock, hour_of, json_time, recorded, require_installed

ANALYZE_FROM = 100_000


def roll(installation: Installation, as_of: datetime | None = None) -> RollReport:
    """Bring the rollups up to the last hour that is complete at `as_of`, by default now.

    Raises BusyError when another tick is at work, PermanentError when `as_of` lies behind what is rolled up.
    """
    database, report, began = installation.database, RollReport(), time.monotonic()
    require_installed(database)
    if as_of:
        _through(database, as_of, asked=True)  # a wish that is refused is no failed run, which `doctor` would warn of
    with recorded(database, "rollup", as_of or clock(database), report) as run:
        through = _through(database, run.as_of, asked=as_of is not None)
        notice_changes(installation, through)
        timezone = installation.settings.timezone
        report.tenants_changed = again_on_conflict(lambda: sync_tenants(database, timezone, through))
        again_on_conflict(lambda: sync_quotas(database, through))
        again_on_conflict(lambda: adopt_zone(database, timezone))
        _redo_backlog(installation, through, report)
        redo_marked_days(installation, report, through=through)
        redo_costs(installation, report, through=through)
        redo_mrr(installation, report, through=through)
        redo_platform(installation, report, through=through)
        with database.transaction() as connection:
            execute(connection, "tick/advance", through=through)
        report.partitions_dropped = drop_old_partitions(database, _retention(installation), through)
        reuse_space(database, report.marks)
        _note_what_is_left(database, through, report)
        report.data_through = through
        report.seconds = round(time.monotonic() - began, 3)
    return report


def _through(database: Database, as_of: datetime, *, asked: bool) -> datetime:
    """Give the hour to work up to; only a time that was asked for can lie behind what is done, and is refused then."""
    with database.transaction() as connection:
        done: datetime | None = execute(connection, "tick/progress").one().data_through
    through = hour_of(as_of)
    if done is None or through >= done:
        return through
    if asked:
        raise PermanentError(
            f"Rollups are complete through {json_time(done)}; as of {json_time(through)} lies behind that. "
            "Ask for a later time, or use another database to show the past."
        )
    return done


def _retention(installation: Installation) -> Retention:
    settings = installation.settings
    return Retention(hourly_days=settings.hourly_retention_days, daily_days=settings.daily_retention_days)


def _redo_backlog(installation: Installation, through: datetime, report: RollReport) -> None:
    database = installation.database
    with database.transaction() as connection:
        tenants = execute(connection, "tenants/count").scalar_one()
        waiting = [MarkedHour(**row._mapping) for row in rows(connection, "ledger/backlog", through=through)]
        unplaced = [row.source for row in rows(connection, "tick/any_unplaced")]
        progress = execute(connection, "tick/progress").one()
    # Nothing is frozen before the first tick is through: it rolls up all that is there.
    days = installation.settings.raw_horizon_days if progress.data_through else None
    horizon = timedelta(days=days) if days else None
    chunks = plan(waiting, tenants)
    retention = _retention(installation)
    report.partitions_made = again_on_conflict(lambda: ensure_partitions(database, chunks, through, retention))
    much = sum(chunk.changes for chunk in chunks if chunk.by_scan) >= ANALYZE_FROM
    if much:
        analyze_raw(database, installation.settings.source)
    _redo_chunks(installation, chunks, report, through=through, horizon=horizon)
    for source in unplaced:
        recount_unplaced(installation, source, report)
    if much:
        analyze_rollups(database)


def _redo_chunks(
    installation: Installation, chunks: list[Chunk], report: RollReport, *, through: datetime, horizon: timedelta | None
) -> None:
    total = sum(chunk.changes for chunk in chunks)
    with installation.progress.step("Rolling up", total=total, unit="changed rows") as step:
        for chunk in chunks:
            again_on_conflict(partial(redo, installation, chunk, report, through=through, horizon=horizon))
            step.advance(chunk.changes)


def _note_what_is_left(database: Database, through: datetime, report: RollReport) -> None:
    with database.transaction() as connection:
        left = execute(connection, "tick/standing", through=through).one()
        held_back = rows(connection, "tick/held_back")
    report.tenants_queued = left.tenants
    report.left(marks=left.marks, oldest=left.oldest, newest=left.newest)
    report.held_back_by = [
        f"pid {row.pid} ({row.name}, {row.state}) has written to {row.tables} and is open since {json_time(row.since)}"
        for row in held_back
    ]
