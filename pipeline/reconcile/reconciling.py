"""`reconcile`: raw rows against rollups against files; what differs is named, and with `repair` redone by the tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline.database.connection import execute
from pipeline.errors import NothingRolledError
from pipeline.installation import Installation
from pipeline.reconcile.comparison import Scope, compare, compare_span, snapshot, take_in
from pipeline.reconcile.differences import Comparison
from pipeline.reconcile.settling import data_through, settle
from pipeline.reconcile.spans import Span, spans, unplaced_spans
from pipeline.run import RunReport
from pipeline.runs import clock, json_time, recorded, require_installed
from pipeline.sources.adopt import adopt_partitions


@dataclass
class ReconcileReport:
    """What was found; after a repair also what was done, and what remains."""

    start: datetime | None = None
    end: datetime | None = None
    data_through: datetime | None = None
    found: Comparison = field(default_factory=Comparison)
    repair: RunReport | None = None
    remaining: Comparison | None = None

    @property
    def agrees(self) -> bool:
        """Whether all agrees, or was repaired."""
        if self.repair and (self.repair.busy or self.repair.publish.failures):
            return False
        return (self.remaining or self.found).agrees

    def to_json(self) -> dict[str, Any]:
        """Give what the run ledger keeps: counts, and the first differences."""
        return self._shaped(Comparison.counts)

    def full(self) -> dict[str, Any]:
        """Give all differences."""
        return self._shaped(Comparison.to_json)

    def lines(self) -> list[str]:
        """Say what was found, what was repaired and what remains."""
        lines = self.found.lines()
        if self.repair:
            lines += [f"tenant {tenant}: {why}" for tenant, why in self.repair.publish.failures.items()]
            lines += [f"{why} The marks are there: the next tick redoes them." for why in self.repair.busy]
        if self.remaining:
            count = self.remaining.differing.total()
            lines += [f"after the repair: {count:,} differ" if count else "after the repair: nothing differs"]
            lines += self.remaining.lines()
        last = "all agrees" if self.agrees else "NOT all agrees"
        return [*lines, f"{last}, through {json_time(self.data_through)}"]

    def _shaped(self, shape: Any) -> dict[str, Any]:
        return {
            "agrees": self.agrees,
            "from": json_time(self.start),
            "to": json_time(self.end),
            "data_through": json_time(self.data_through),
            "found": shape(self.found),
            "repair": self.repair.to_json() if self.repair else None,
            "remaining": shape(self.remaining) if self.remaining else None,
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
    with recorded(database, "reconcile", clock(database), report):
        # As each tick does: partitions that came or went mark their hours, which then wait instead of differing.
        if installation.settings.marking == "triggers":
            adopt_partitions(database, installation.settings.source)
        listed = spans(database, start, end)
        if start is None and end is None:
            listed += unplaced_spans()
        if not repair:
            report.found = compare(installation, listed)
            return report
        report.found = _mark(installation, listed)
        if not report.found.agrees:
            report.repair = settle(installation)
            report.remaining = compare(installation, listed)
    return report


def reconcile_recent(installation: Installation, *, hours: int, repair: bool) -> ReconcileReport:
    """Compare the last hours that are complete, and everything after them."""
    require_installed(installation.database)
    through = data_through(installation.database)
    start = through - timedelta(hours=hours) if through else None
    return reconcile(installation, start, repair=repair)


def _mark(installation: Installation, listed: Sequence[Span]) -> Comparison:
    """Compare, and mark what differs, span by span in one transaction each."""
    result = Comparison()
    with installation.progress.step("Comparing", total=len(listed), unit="days of raw tables") as step:
        for span in listed:
            with snapshot(installation.database, installation.settings, span.source) as connection:
                found = compare_span(connection, span, installation.settings, Scope())
                if any(not each.waiting for each in found.differences):
                    judged_at = found.standing.judged_at
                    execute(connection, "compare/mark_differing", source=span.source, judged_at=judged_at)
                    execute(connection, "compare/mark_days")
            take_in(result, span, found)
            step.advance()
    return result
