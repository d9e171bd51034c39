"""MRR against what the known versions of subscriptions give, and its days against their movements."""

from __future__ import annotations

from sqlalchemy import Connection

from pipeline.database.connection import execute
from pipeline.installation import Installation
from pipeline.mrr.days import work_out
from pipeline.reconcile.days import Days


def compare_mrr(connection: Connection, installation: Installation, days: Days) -> None:
    """Work all days out aside; where the next tick derives them anew anyway, there is nothing to compare."""
    today = work_out(connection, installation)
    if today is None:
        return
    bounds = days.of(installation.settings.timezone)
    execute(connection, "compare/mrr_movements", **bounds, today=today)
    execute(connection, "compare/mrr_days", **bounds, today=today)
    execute(connection, "compare/mrr_bridge", **bounds, today=today)


def mark_mrr(connection: Connection) -> None:
    """Have the next tick derive all days anew: a day's MRR follows from those before it."""
    execute(connection, "mrr/forget")
