"""`reprice`: prices closed days anew on purpose, by the prices and rates known now; the difference comes first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from pipeline.costs.days import BATCH, look, open_for, replace, take, work_out
from pipeline.database.connection import again_on_conflict, execute, rows
from pipeline.errors import NothingRolledError
from pipeline.installation import Installation
from pipeline.reconcile.settling import data_through, patiently, settle
from pipeline.rollups.ticking import ticking
from pipeline.run import RunReport
from pipeline.runs import clock, recorded, require_installed

MOST = 10_000  # differences that are listed; of more than that, only the count is kept
SHOWN = 50  # of these, how many the run ledger and a terminal show


@dataclass(frozen=True)
class Repricing:
    """Days [first_day, end_day) of all tenants, each in its own zone, and why they are priced anew."""

    first_day: date
    end_day: date
    reason: str


@dataclass(frozen=True)
class Difference:
    """One item of one tenant: what its days cost before and after, and how many lines have no amount.

    Amounts are in the platform's currency, not rounded; null where no line has one.
    """

    tenant_id: str
    item: str
    days: int
    amount_before: Decimal | None
    amount_after: Decimal | None
    unknown_before: int
    unknown_after: int

    @property
    def change(self) -> Decimal:
        """What the known costs come to more."""
        return _more(self.amount_before, self.amount_after)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON has it, amounts as text."""
        return {name: _plain(value) for name, value in vars(self).items()} | {"change": _plain(self.change)}


@dataclass
class RepriceReport:
    """What a repricing did, or with `dry_run` would do; `differences` are the largest of the `items` that change."""

    asked: Repricing
    currency: str
    dry_run: bool = False
    book: int | None = None
    tenants: int = 0
    days: int = 0
    items: int = 0
    amount_before: Decimal | None = Decimal(0)
    amount_after: Decimal | None = Decimal(0)
    unknown_before: int = 0
    unknown_after: int = 0
    days_left: int = 0
    differences: list[Difference] = field(default_factory=list)
    run: RunReport | None = None

    @property
    def change(self) -> Decimal:
        """What the known costs come to more."""
        return _more(self.amount_before, self.amount_after)

    def to_json(self) -> dict[str, Any]:
        """Give what the run ledger keeps: totals, and the first differences."""
        return self.full() | {"differences": [each.to_json() for each in self.differences[:SHOWN]]}

    def full(self) -> dict[str, Any]:
        """Give all of the report as JSON has it, amounts as text."""
        return {
            "from": self.asked.first_day.isoformat(),
            "to": self.asked.end_day.isoformat(),
            "reason": self.asked.reason,
            "currency": self.currency,
            "dry_run": self.dry_run,
            "book": self.book,
            "tenants": self.tenants,
            "days": self.days,
            "items": self.items,
            "days_left": self.days_left,
            "amount_before": _plain(self.amount_before),
            "amount_after": _plain(self.amount_after),
            "change": _plain(self.change),
            "unknown_before": self.unknown_before,
            "unknown_after": self.unknown_after,
            "differences": [each.to_json() for each in self.differences],
            "run": self.run.to_json() if self.run else None,
        }


class _DryRunError(Exception):
    """Ends the transaction of a dry run: nothing of it stays."""


def preview(installation: Installation, asked: Repricing) -> RepriceReport:
    """Find what pricing these days anew would change; changes nothing."""
    report = RepriceReport(asked, installation.settings.currency, dry_run=True)
    with suppress(_DryRunError):
        patiently(lambda: _reprice(installation, report))
    return report


def reprice(installation: Installation, asked: Repricing) -> RepriceReport:
    """Price the days anew, all or none, record it, and publish what changed.

    If another tick stays at work, the publishing is left to the next one and `run.busy` says so.
    """
    database = installation.database
    report = RepriceReport(asked, installation.settings.currency)
    require_installed(database)
    with recorded(database, "reprice", clock(database), report, reason=asked.reason):
        patiently(lambda: again_on_conflict(lambda: _reprice(installation, report)))
        report.run = settle(installation)
    return report


def _reprice(installation: Installation, report: RepriceReport) -> None:
    """Do all in one transaction as the only writer."""
    require_installed(installation.database)
    through = data_through(installation.database)
    if through is None:
        raise NothingRolledError("Nothing has been rolled up yet. Run: python -m pipeline run")
    asked, report.days_left = report.asked, 0
    days: dict[str, Any] = {"first_day": asked.first_day, "end_day": asked.end_day}
    with ticking(installation.database) as connection:
        _catch_up(connection, installation, through)
        report.book = execute(connection, "reprice/record", **days, reason=asked.reason).scalar_one()
        execute(connection, "reprice/workspace")
        _adopt_zones(connection, days)
        execute(connection, "reprice/ask_days", **days)
        while execute(connection, "reprice/mark_some", most=BATCH).rowcount:
            _reprice_marked(connection, report, installation, through)
        _tell(connection, report)
        if report.dry_run:
            raise _DryRunError


def _adopt_zones(connection: Connection, days: dict[str, Any]) -> None:
    if execute(connection, "reprice/adopt_zone", **days).rowcount:
        execute(connection, "reprice/clear_zones", **days)
        execute(connection, "reprice/save_zones", **days)


def _catch_up(connection: Connection, installation: Installation, through: datetime) -> None:
    """Do what the next tick would have done anyway, so that it does not show as a difference."""
    look(connection, installation, through)
    execute(connection, "cost_daily/workspace")
    while take(connection, open_for(installation)):
        work_out(connection)
        replace(connection, through)
        execute(connection, "reprice/clear_workspace")


def _reprice_marked(
    connection: Connection, report: RepriceReport, installation: Installation, through: datetime
) -> None:
    while take(connection, open_for(installation)):
        report.days_left += work_out(connection)
        execute(connection, "reprice/compare")
        replace(connection, through)
        execute(connection, "reprice/clear_workspace")


def _tell(connection: Connection, report: RepriceReport) -> None:
    totals = execute(connection, "reprice/totals").one()
    for name, value in totals._mapping.items():
        setattr(report, name, value)
    found = rows(connection, "reprice/differences", most=MOST)
    report.differences = [Difference(**row._mapping) for row in found]


def _more(before: Decimal | None, after: Decimal | None) -> Decimal:
    return (after or Decimal(0)) - (before or Decimal(0))


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value
