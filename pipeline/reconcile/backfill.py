"""`backfill`: marks a range on purpose, with a reason, so that the tick recomputes it; what changes is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import again_on_conflict, execute, rows
from pipeline.errors import BusyError, NothingRolledError, PermanentError, SettingsError, TransientError
from pipeline.installation import Installation
from pipeline.reconcile.changes import MOST_DAYS, Changes
from pipeline.reconcile.comparison import Found, Scope, Standing, compare_span, horizon, snapshot, take_in
from pipeline.reconcile.differences import Comparison
from pipeline.reconcile.settling import patiently, roll_marked, settle
from pipeline.reconcile.spans import Span, spans
from pipeline.rollups.ticking import ticking
from pipeline.run import RunReport
from pipeline.runs import Run, clock, json_time, note, recorded, require_installed
from pipeline.sources.adopt import adopt_partitions
from pipeline.sources.locking import held_table

SPANS_PER_TICK = 14  # a week of both raw tables


@dataclass(frozen=True)
class Asked:
    """A backfill as somebody asks for it; `tenants` None: all; `frozen`: also hours whose raw rows were purged.

    Of those, what would hold less than is stored only with `even_if_fewer`.
    """

    start: datetime
    end: datetime
    reason: str
    tenants: tuple[str, ...] | None = None
    frozen: bool = False
    even_if_fewer: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give what two runs of one backfill have in common, besides the reason."""
        return {
            "from": json_time(self.start),
            "to": json_time(self.end),
            "tenants": sorted(self.tenants) if self.tenants else None,
            "frozen": self.frozen,
            "even_if_fewer": self.even_if_fewer,
        }


@dataclass
class BackfillReport:
    """What a backfill did, or with `dry_run` would do; `kept_from` is set where earlier hours had to be refused."""

    asked: Asked
    dry_run: bool = False
    found: Comparison = field(default_factory=Comparison)
    changes: Changes = field(default_factory=Changes)
    kept_from: datetime | None = None
    unrestored_hours: int = 0
    marks: int = 0
    marked_through: tuple[str, str] | None = None
    resumes: int | None = None
    run: RunReport | None = None
    busy: str | None = None

    def to_json(self, days: int | None = None) -> dict[str, Any]:
        """Give the report as JSON has it, with the first days that change or as many as asked for."""
        return {
            **self.asked.to_json(),
            "dry_run": self.dry_run,
            "found": self.found.counts(),
            "changes": self.changes.to_json(days) if days else self.changes.to_json(),
            "refused_before": json_time(self.kept_from),
            "unrestored_hours": self.unrestored_hours,
            "marks": self.marks,
            "marked_through": self.marked_through,
            "resumes": self.resumes,
            "run": self.run.to_json() if self.run else None,
            "busy": self.busy,
        }

    def full(self) -> dict[str, Any]:
        """Give all days that change."""
        return self.to_json(MOST_DAYS)


def preview(installation: Installation, asked: Asked) -> BackfillReport:
    """Find what a backfill would change; changes nothing."""
    report = BackfillReport(asked, dry_run=True)
    kept = _checked(installation, report)
    listed = spans(installation.database, kept.start, kept.end)
    with installation.progress.step("Comparing", total=len(listed), unit="days of raw tables") as step:
        for span in listed:
            with snapshot(installation.database, installation.settings, span.source) as connection:
                found = _compare(connection, span, installation, asked)
                _take_in(connection, span, report, found, timezone=installation.settings.timezone)
            step.advance()
    return report


def backfill(installation: Installation, asked: Asked) -> BackfillReport:
    """Mark the range span by span and let the tick redo it; a run that was killed is gone on with.

    If another tick stays at work, the marks are left to the next one and `busy` says so.
    """
    database, report = installation.database, BackfillReport(asked)
    kept = _checked(installation, report)
    with recorded(database, "backfill", clock(database), report, reason=asked.reason) as run:
        if installation.settings.marking == "triggers":
            adopt_partitions(database, installation.settings.source)
        done = _resume(installation, run, report)
        listed = [span for span in spans(database, kept.start, kept.end) if done is None or span.place > done]
        _work_through(installation, listed, run, report)
        report.run = settle(installation)
        report.busy = " ".join(report.run.busy) or None
    return report


def _checked(installation: Installation, report: BackfillReport) -> Asked:
    """Refuse what cannot be done; give what is asked for without the hours that are not kept any more."""
    asked, database = report.asked, installation.database
    require_installed(database)
    with database.transaction() as connection:
        standing = Standing(**execute(connection, "compare/standing").one()._mapping)
        unknown = rows(connection, "compare/unknown_tenants", tenants=list(asked.tenants or ()))
    if standing.data_through is None:
        raise NothingRolledError("Nothing has been rolled up yet. Run: python -m pipeline run")
    if asked.start >= standing.data_through:
        raise SettingsError(
            f"--from {json_time(asked.start)}: rollups are complete through {json_time(standing.data_through)}; what "
            "comes after that is rolled up by `run`."
        )
    if unknown:
        raise SettingsError(
            f"--tenant {unknown[0].id!r}: no such tenant. Its row must be there, and `run` has seen it."
        )
    if standing.hours_from is None or asked.start >= standing.hours_from:
        return asked
    if asked.end <= standing.hours_from:
        raise PermanentError(
            f"Hours before {json_time(standing.hours_from)} are not kept any more; nothing can be recomputed there."
        )
    report.kept_from = standing.hours_from
    return replace(asked, start=standing.hours_from)


def _resume(installation: Installation, run: Run, report: BackfillReport) -> tuple[str, str] | None:
    """Give the last span that an unfinished run of the same backfill has marked."""
    with installation.database.transaction() as connection:
        before = rows(
            connection,
            "runs/unfinished",
            verb="backfill",
            reason=report.asked.reason,
            asked=json.dumps(report.asked.to_json()),
            run_id=run.run_id,
        )
    if not before or before[0].state == "done" or not before[0].report.get("marked_through"):
        return None
    report.resumes = before[0].run_id
    source_time, source = before[0].report["marked_through"]
    report.marked_through = (source_time, source)
    return report.marked_through


def _work_through(installation: Installation, listed: Sequence[Span], run: Run, report: BackfillReport) -> None:
    """Let a tick come now and then, so that a long range is never one big backlog."""
    with installation.progress.step("Marking", total=len(listed), unit="days of raw tables") as step:
        for number, span in enumerate(listed, start=1):
            again = partial(again_on_conflict, partial(_mark, installation, span, run, report))
            _thawing(again) if report.asked.frozen else again()
            step.advance()
            if number % SPANS_PER_TICK == 0 and number < len(listed) and not report.busy:
                try:
                    roll_marked(installation)
                except BusyError as error:
                    report.busy = str(error)


def _thawing(mark: Callable[[], None]) -> None:
    """Mark a span as the only writer; a tick that stays at work is no success here: nothing is left to it."""
    try:
        patiently(mark)
    except BusyError:
        raise TransientError(
            "--frozen: another tick has been at work for a minute. Run the same command again: it goes on after the "
            "last part that was marked."
        ) from None


def _mark(installation: Installation, span: Span, run: Run, report: BackfillReport) -> None:
    """Compare one span, mark it and write down how far we are, all in one transaction.

    What a tick reads to leave hours frozen changes only under its lock.
    """
    settings, asked = installation.settings, report.asked
    if asked.frozen:
        opened = ticking(installation.database, *held_table(settings, span.source))
    else:
        opened = snapshot(installation.database, settings, span.source)
    with _marking_through(report, span), opened as connection:
        found = _compare(connection, span, installation, asked)
        if asked.frozen:
            execute(connection, "compare/thaw", source=span.source)
            execute(connection, "compare/thaw_refused", source=span.source)
        judging = {"judged_at": found.standing.judged_at, "horizon": horizon(settings)}
        marks = execute(connection, "compare/mark_all", source=span.source, **judging).rowcount
        execute(connection, "compare/mark_days")
        _take_in(connection, span, report, found, timezone=settings.timezone)
        report.marks += marks
        note(connection, run, report)


@contextmanager
def _marking_through(report: BackfillReport, span: Span) -> Iterator[None]:
    """Say that a span is marked, unless that comes to nothing: a failed run records the report as well."""
    before, report.marked_through = report.marked_through, span.place
    try:
        yield
    except BaseException:
        report.marked_through = before
        raise


def _compare(connection: Connection, span: Span, installation: Installation, asked: Asked) -> Found:
    scope = Scope(tenants=asked.tenants, thaw=asked.frozen, even_if_fewer=asked.even_if_fewer, totals=False)
    return compare_span(connection, span, installation.settings, scope)


def _take_in(connection: Connection, span: Span, report: BackfillReport, found: Found, *, timezone: str) -> None:
    report.changes.add(connection, found.differences, timezone)
    take_in(report.found, span, found)
    report.unrestored_hours += found.unrestored_hours
