"""Money against what it is made of: costs, MRR and the platform's days, each worked out aside as the tick does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from pipeline.database.connection import again_on_conflict, execute
from pipeline.installation import Installation
from pipeline.reconcile.comparison import WORK_MEM, differences
from pipeline.reconcile.costs import compare_costs, mark_costs
from pipeline.reconcile.days import Days
from pipeline.reconcile.differences import Comparison, Difference
from pipeline.reconcile.mrr import compare_mrr, mark_mrr
from pipeline.reconcile.platform import compare_activity, compare_platform, mark_activity, mark_platform


@dataclass(frozen=True)
class Part:
    """One thing to compare: `compare` fills `differing`, `mark` has the next tick do anew what is in there."""

    compare: Callable[[Connection, Installation, Days], None]
    mark: Callable[[Connection], None]


PARTS = (
    Part(compare_costs, mark_costs),
    Part(compare_mrr, mark_mrr),
    Part(compare_activity, mark_activity),
    Part(compare_platform, mark_platform),
)


def compare_money(installation: Installation, days: Days, result: Comparison, *, mark: bool = False) -> None:
    """Compare each part in a snapshot of its own, add what differs, and with `mark` have the next tick do it anew."""
    with installation.progress.step("Comparing money", total=len(PARTS), unit="parts") as step:
        for part in PARTS:
            result.add(again_on_conflict(partial(_compare, installation, part, days, mark=mark)))
            step.advance()


def _compare(installation: Installation, part: Part, days: Days, *, mark: bool) -> list[Difference]:
    with installation.database.transaction("REPEATABLE READ") as connection:
        connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
        execute(connection, "compare/workspace")
        part.compare(connection, installation, days)
        found = differences(connection)
        if mark and any(not each.waiting for each in found):
            part.mark(connection)
    return found
