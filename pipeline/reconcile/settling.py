"""Lets the tick, the one writer of rollups, do what has been marked; waits a bounded time for one that is at work."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from pipeline.database.connection import Database, execute
from pipeline.errors import BusyError, PermanentError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import RunReport, run

LONGEST_WAIT = 60.0
PAUSES = (0.2, 1.5)  # seconds; drawn between them, so that those who wait do not come back at once
Done = TypeVar("Done")


def settle(installation: Installation) -> RunReport:
    """Roll up and publish as of data_through, which stays where it is; the report's `busy` says who else is at it."""

    def once() -> RunReport:
        report = as_of_data_through(installation.database, lambda through: run(installation, through))
        if report.busy:
            raise BusyError(" ".join(report.busy))
        return report

    try:
        return patiently(once)
    except BusyError as error:
        return RunReport(busy=[str(error)])


def roll_marked(installation: Installation) -> None:
    """Roll up what is marked, and leave the publishing for later; raises BusyError as `patiently` does."""
    patiently(lambda: as_of_data_through(installation.database, lambda through: roll(installation, through)))


def patiently(work: Callable[[], Done]) -> Done:
    """Do some work, again and again while somebody else is at it; raises BusyError after LONGEST_WAIT seconds."""
    deadline = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            return work()
        except BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(*PAUSES))  # noqa: S311 spreads the tries, guards nothing


def as_of_data_through(database: Database, work: Callable[[datetime | None], Done]) -> Done:
    """Work as of how far the rollups are; where another tick has moved that meanwhile, again."""
    while True:
        through = data_through(database)
        try:
            return work(through)
        except PermanentError:
            if data_through(database) == through:
                raise


def data_through(database: Database) -> datetime | None:
    """Give the end of the last hour that is complete in the rollups."""
    with database.transaction() as connection:
        through: datetime | None = execute(connection, "tick/progress").one().data_through
        return through
