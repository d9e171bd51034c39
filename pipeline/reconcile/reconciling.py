"""`reconcile`: raw rows against rollups, money, files; what differs is named, with `repair` redone by the tick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import again_on_conflict, execute
from pipeline.errors import BusyError, NothingRolledError, SettingsError
from pipeline.installation import Installation
from pipeline.reconcile.comparison import ALL, Found, compare, compare_span, remove_misplaced, snapshot, take_in
from pipeline.reconcile.days import Days
from pipeline.reconcile.differences import SHOWN, Comparison
from pipeline.reconcile.file_report import FilesReport
from pipeline.reconcile.files import compare_files, repair_files
from pipeline.reconcile.money import compare_money
from pipeline.reconcile.settling import data_through, patiently, settle
from pipeline.reconcile.spans import Span, spans, unplaced_spans
from pipeline.rollups.ticking import ticking
from pipeline.run import RunReport
from pipeline.runs import clock, json_time, recorded, require_installed
from pipeline.settings import Settings
from pipeline.sources.adopt import adopt_partitions, check_source
from pipeline.sources.locking import held_table


@dataclass
class ReconcileReport:
    """What was found; after a repair also what was done, and what remains."""

    start: datetime | None = None
    end: datetime | None = None
    data_through: datetime | None = None
    found: Comparison = field(default_factory=Comparison)
    files: FilesReport = field(default_factory=FilesReport)
    repair: RunReport | None = None
    remaining: Comparison | None = None
    remaining_files: FilesReport | None = None
    busy: str | None = None  # a publisher stayed at work: nothing can be said of the files

    @property
    def agrees(self) -> bool:
        """Whether all agrees, or was repaired."""
        if self.busy or (self.repair and (self.repair.busy or self.repair.publish.failures)):
            return False
        files = self.remaining_files or self.files
        return (self.remaining or self.found).agrees and not files.total

    def to_json(self) -> dict[str, Any]:
        """Give what the run ledger keeps: counts, and the first differences."""
        return self._shaped(Comparison.counts, _file_counts)

    def full(self) -> dict[str, Any]:
        """Give all differences."""
        return self._shaped(Comparison.to_json, FilesReport.to_json)

    def lines(self) -> list[str]:
        """Say what was found, what was repaired and what remains."""
        lines = [*self.found.lines(), *_file_lines(self.files)]
        if self.repair:
            lines += [f"tenant {tenant}: {why}" for tenant, why in self.repair.publish.failures.items()]
            lines += [f"{why} The marks are there: the next tick redoes them." for why in self.repair.busy]
        if self.remaining:
            count = self.remaining.differing.total()
            lines += [f"after the repair: {count:,} differ" if count else "after the repair: nothing differs"]
            lines += self.remaining.lines()
        if self.remaining_files:
            lines += _file_lines(self.remaining_files)
        if self.busy:
            lines.append(self.busy)
        last = "all agrees" if self.agrees else "NOT all agrees"
        return [*lines, f"{last}, through {json_time(self.data_through)}"]

    def _shaped(
        self, rollups: Callable[[Comparison], dict[str, Any]], files: Callable[[FilesReport], dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            "agrees": self.agrees,
            "from": json_time(self.start),
            "to": json_time(self.end),
            "data_through": json_time(self.data_through),
            "found": rollups(self.found),
            "files": files(self.files),
            "repair": self.repair.to_json() if self.repair else None,
            "remaining": rollups(self.remaining) if self.remaining else None,
            "remaining_files": files(self.remaining_files) if self.remaining_files else None,
            "busy": self.busy,
        }


def reconcile(
    installation: Installation, start: datetime | None = None, end: datetime | None = None, *, repair: bool = False
) -> ReconcileReport:
    """Compare all of [start, end), by default everything that is stored or raw; raises NothingRolledError."""
    database, report = installation.database, ReconcileReport(start, end)
    require_installed(database)
    report.data_through = data_through(database)
    if report.data_through is None:
        raise NothingRolledError("Nothing has been rolled up yet. Run: python -m pipeline run")
    if start is not None and start >= report.data_through:
        raise SettingsError(
            f"--from {json_time(start)}: rollups are complete through {json_time(report.data_through)}; what "
            "comes after that has not been rolled up, so there is nothing to compare. Ask for an earlier time."
        )
    with recorded(database, "reconcile", clock(database), report):
        # As each tick does: partitions that came or went mark their hours, which then wait instead of differing.
        if installation.settings.marking == "triggers":
            adopt_partitions(database, installation.settings.source)
        else:
            check_source(database, installation.settings.source, read_only=True)
        listed = spans(database, start, end)
        if start is None and end is None:
            listed += unplaced_spans()
        try:
            _reconcile(installation, listed, report, repair=repair)
        except BusyError as error:  # not a publisher's luck, as elsewhere: what was asked for has no answer yet
            report.busy = str(error)
    return report


def _reconcile(installation: Installation, listed: Sequence[Span], report: ReconcileReport, *, repair: bool) -> None:
    """Rollups first, then money, then files: each is put right from what it is made of."""
    days = Days(report.start, report.end)
    if repair:
        _mark(installation, listed, report.found)
    else:
        report.found = compare(installation, listed)
    compare_money(installation, days, report.found, mark=repair)
    report.files = compare_files(installation)
    if not repair or report.agrees:
        return
    if report.files.total:
        repair_files(installation, report.files)
    report.repair = settle(installation)
    report.remaining = compare(installation, listed)
    compare_money(installation, days, report.remaining)
    report.remaining_files = compare_files(installation)


def _file_lines(files: FilesReport) -> list[str]:
    """Say what was found of the files: the first of each kind of difference, and how many were looked at."""
    seen: Counter[str] = Counter()
    lines = []
    for each in files.differences:
        seen[each.what] += 1
        if seen[each.what] <= SHOWN:
            whose = f" tenant {each.tenant_id}" if each.tenant_id is not None else ""
            lines.append(f"files{whose} {each.to_json()['path']}: {each.what}".replace("  ", " "))
    lines += [f"files: {count - SHOWN:,} more: {what}" for what, count in files.found.items() if count > SHOWN]
    waiting = f", {files.waiting:,} tenants wait to be published" if files.waiting else ""
    return [*lines, f"files: {files.files:,} of {files.tenants:,} tenants{waiting}: {files.total:,} differ"]


def _file_counts(files: FilesReport) -> dict[str, Any]:
    """Give what the run ledger keeps: counts, and the first differences."""
    counted = replace(files, differences=files.differences[:SHOWN])
    return counted.to_json()


def reconcile_recent(installation: Installation, *, hours: int, repair: bool) -> ReconcileReport:
    """Compare the last hours that are complete, and everything after them."""
    require_installed(installation.database)
    through = data_through(installation.database)
    start = through - timedelta(hours=hours) if through else None
    return reconcile(installation, start, repair=repair)


def _mark(installation: Installation, listed: Sequence[Span], result: Comparison) -> None:
    """Compare, and mark what differs, span by span in one transaction each; what is misplaced goes."""
    with installation.progress.step("Comparing", total=len(listed), unit="days of raw tables") as step:
        for span in listed:
            with snapshot(installation.database, installation.settings, span.source) as connection:
                found = _mark_span(connection, span, installation.settings)
            if found.misplaced:
                found = patiently(lambda each=span: _remove(installation, each))  # type: ignore[misc]
            take_in(result, span, found)
            step.advance()


def _mark_span(connection: Connection, span: Span, settings: Settings) -> Found:
    """Leave a span that has something misplaced to `_remove`."""
    found = compare_span(connection, span, settings, ALL)
    if not found.misplaced and any(not each.waiting for each in found.differences):
        _mark_found(connection, span, found)
    return found


def _mark_found(connection: Connection, span: Span, found: Found) -> None:
    judged = {"judged_at": found.standing.judged_at, "data_through": found.standing.data_through}
    execute(connection, "compare/mark_differing", source=span.source, **judged)
    execute(connection, "compare/mark_days")


def _remove(installation: Installation, span: Span) -> Found:
    """Compare again as the only writer of rollups, and take away what a mark would not."""
    settings = installation.settings

    def once() -> Found:
        with ticking(installation.database, *held_table(settings, span.source)) as connection:
            found = compare_span(connection, span, settings, ALL)
            _mark_found(connection, span, found)
            remove_misplaced(connection, span.source, settings)
            return found

    return again_on_conflict(once)
