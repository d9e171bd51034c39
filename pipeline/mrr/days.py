"""The days of MRR: those that may have changed are worked out anew, and what differs is replaced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from pipeline.costs.days import open_for
from pipeline.database.connection import again_on_conflict, execute
from pipeline.installation import Installation
from pipeline.mrr.checking import check
from pipeline.mrr.day import day_of
from pipeline.mrr.definition import Definition, definition_of
from pipeline.mrr.scope import EVER, Scope
from pipeline.mrr.subscriptions import take_versions
from pipeline.rollups.report import RollReport
from pipeline.rollups.ticking import ticking
from pipeline.settings import Settings
from pipeline.sources.locking import held_table


@dataclass(frozen=True)
class Look:
    """One look at the subscriptions: when it is, and by what it judges."""

    through: datetime
    today: date
    timezone: str
    currency: str
    definition: Definition


def look_of(settings: Settings, through: datetime) -> Look:
    """Give the look of a tick that works up to `through`."""
    return Look(
        through=through,
        today=day_of(through, settings.timezone),
        timezone=settings.timezone,
        currency=settings.currency,
        definition=definition_of(settings.mrr_definition),
    )


def redo_mrr(installation: Installation, report: RollReport, *, through: datetime) -> None:
    """Take in the subscriptions, then work out the days that their changes reach, and those that have begun since.

    Raises PermanentError where what comes out does not add up.
    """
    with report.timed("mrr"):
        again_on_conflict(lambda: _redo(installation, report, through))


def _redo(installation: Installation, report: RollReport, through: datetime) -> None:
    look = look_of(installation.settings, through)
    with ticking(installation.database, *held_table(installation.settings, "subscriptions")) as connection:
        changed = take_versions(connection, today=look.today, currency=look.currency)
        day_from = _day_from(connection, look)
        find_spans(connection, look)
        execute(connection, "mrr/redo_changed" if day_from != EVER else "mrr/redo_all")
        execute(
            connection,
            "mrr/rates",
            currency=look.currency,
            timezone=look.timezone,
            today=look.today,
            open_time=open_for(installation),
        )
        first_day = execute(connection, "mrr/scope", day_from=day_from).scalar_one()
        scope = Scope(day_from=day_from, first_day=first_day, today=look.today, currency=look.currency)
        days = _replace(connection, scope)
        check(connection, scope)
        execute(connection, "mrr/note", definition=look.definition.name, timezone=look.timezone, today=look.today)
    report.subscriptions_changed = changed
    report.mrr_days_changed = days


def work_out(connection: Connection, installation: Installation) -> date | None:
    """Work out all days aside, by what the last tick saw; give the last one, None where the next tick does them all."""
    known = execute(connection, "mrr/known").one_or_none()
    through = execute(connection, "tick/progress").one().data_through
    look = look_of(installation.settings, through)
    if known is None or (known.definition, known.timezone) != (look.definition.name, look.timezone):
        return None
    look = replace(look, today=known.day_through)
    execute(connection, "subscriptions/workspace")
    find_spans(connection, look)
    execute(connection, "mrr/redo_all")
    _fill(connection, Scope(day_from=EVER, first_day=EVER, today=look.today, currency=look.currency))
    return look.today


def _day_from(connection: Connection, look: Look) -> date | str:
    """Give the day from which on all tenants are redone: the one that the last tick left unfinished, or the first."""
    known = execute(connection, "mrr/known").one_or_none()
    if known is None or (known.definition, known.timezone) != (look.definition.name, look.timezone):
        return EVER
    last: date = known.day_through
    return min(look.today, last)


def find_spans(connection: Connection, look: Look) -> None:
    """Have the days on which each subscription counts in the temporary table mrr_spans, which is made for it."""
    execute(connection, "subscriptions/spans_workspace")
    execute(
        connection,
        "subscriptions/spans",
        through=look.through,
        today=look.today,
        timezone=look.timezone,
        statuses=list(look.definition.statuses),
        without_trials=look.definition.without_trials,
    )
    connection.exec_driver_sql("analyze mrr_spans")


def _replace(connection: Connection, scope: Scope) -> int:
    """Bring both tables to what they should be; mark the platform's days; give how many changed."""
    _fill(connection, scope)
    execute(connection, "mrr_movements/stored", day_from=scope.day_from)
    connection.exec_driver_sql("analyze stored_mrr_movements")
    execute(connection, "mrr_movements/clear")
    execute(connection, "mrr_movements/add")
    execute(connection, "mrr_daily/clear", first_day=scope.first_day)
    execute(connection, "mrr_daily/add")
    days: int = execute(connection, "mrr/mark_changed").scalar_one()
    return days


def _fill(connection: Connection, scope: Scope) -> None:
    """Work out what both tables should be, aside."""
    place = {"today": scope.today, "currency": scope.currency}
    connection.exec_driver_sql("analyze mrr_redo")
    execute(connection, "mrr_movements/fill", day_from=scope.day_from, **place)
    execute(connection, "mrr_daily/fill", first_day=scope.first_day, **place)
    connection.exec_driver_sql("analyze right_mrr_movements")
    connection.exec_driver_sql("analyze right_mrr_daily")
