"""What changed in the raw tables since the last tick: marked by triggers, or found by comparing the last hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.database.connection import execute
from pipeline.installation import Installation
from pipeline.reconcile.comparison import Scope, compare_span
from pipeline.reconcile.spans import BEGINNING, SHORT, spans
from pipeline.rollups.ticking import ticking
from pipeline.sources.adopt import adopt_partitions, check_source

SCOPE = Scope(days=False, totals=False)


def notice_changes(installation: Installation, through: datetime) -> None:
    """Have the ledger complete before a tick takes marks: watch new partitions, or mark what a comparison finds."""
    database, settings = installation.database, installation.settings
    if settings.marking == "triggers":
        adopt_partitions(database, settings.source)
        return
    check_source(database, settings.source, read_only=True)
    with database.transaction() as connection:
        done: datetime | None = execute(connection, "tick/progress").one().data_through
    if done is not None:
        _mark_differing(installation, done)
    _mark_new(installation, done or BEGINNING, through)


def _mark_differing(installation: Installation, done: datetime) -> None:
    """Mark the buckets of the window that are not what raw rows give."""
    hours = timedelta(hours=installation.settings.reconcile_hours)
    for span in spans(installation.database, done - hours, done):
        with ticking(installation.database) as connection:
            found = compare_span(connection, span, installation.settings, SCOPE)
            if found.differences:
                judged_at = found.standing.judged_at
                through = found.standing.data_through
                place = {"source": span.source, "judged_at": judged_at, "data_through": through}
                execute(connection, "compare/mark_differing", **place)


def _mark_new(installation: Installation, start: datetime, through: datetime) -> None:
    """Mark the hours that no tick has rolled up yet; what one that was killed has stored of them, too."""
    for source, short in SHORT.items():
        with ticking(installation.database) as connection:
            execute(connection, f"compare/mark_new_{short}", start=start, end=through)
            place = {"source": source, "from_time": start, "to_time": through}
            execute(connection, "ledger/mark_stored", **place, marked_at=None)
            if start == BEGINNING:
                execute(connection, "compare/mark_unplaced", source=source)


def describe(installation: Installation) -> str | None:
    """Say in a sentence what is seen of a read-only source, and how late; None where triggers see all."""
    settings = installation.settings
    if settings.marking == "triggers":
        return None
    hours = settings.reconcile_hours
    return (
        "The raw tables are only read (TENANTCAST_MARKING=reconcile): each tick sees every new hour, and changes in "
        f"the {hours} hours before it by comparing them again; a change in an older hour is seen only when "
        "`python -m pipeline reconcile --repair` next runs over it."
    )
