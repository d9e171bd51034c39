"""The run ledger, `pipeline.runs`: what each run did."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from pipeline.database import migrations
from pipeline.database.connection import Database, execute
from pipeline.errors import BusyError

HOUR = timedelta(hours=1)


class Report(Protocol):
    """What a run can say of itself."""

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""


@dataclass(frozen=True)
class Run:
    """One entry of the ledger while its work goes on."""

    run_id: int
    as_of: datetime


@contextmanager
def recorded(
    database: Database, verb: str, as_of: datetime, report: Report, *, reason: str | None = None
) -> Iterator[Run]:
    """Write an entry when the work begins, and how it ended when it ends; a killed run stays `running`.

    With a reason goes who gave it.
    """
    asked = {"reason": reason, "requested_by": requester() if reason else None}
    with database.transaction() as connection:
        run_id = execute(connection, "runs/begin", verb=verb, as_of=as_of, **asked).scalar_one()
    try:
        yield Run(run_id=run_id, as_of=as_of)
    except BaseException as error:
        state = "busy" if isinstance(error, BusyError) else "failed"
        _finish(database, run_id, state, report, str(error) or type(error).__name__)
        raise
    _finish(database, run_id, "done", report, None)


def _finish(database: Database, run_id: int, state: str, report: Report, error: str | None) -> None:
    with database.transaction() as connection:
        execute(
            connection,
            "runs/finish",
            run_id=run_id,
            state=state,
            report=json.dumps(report.to_json()),
            error=error,
        )


def note(connection: Connection, run: Run, report: Report) -> None:
    """Write down what a run has done so far, with what the transaction does."""
    execute(connection, "runs/note", run_id=run.run_id, report=json.dumps(report.to_json()))


def requester() -> str:
    """Say who is at work: user and machine. The database's user is added where it is written down."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def clock(database: Database) -> datetime:
    """Give the database's time: one clock for all machines, so that a skewed one does no harm."""
    with database.transaction() as connection:
        at: datetime = connection.exec_driver_sql("select clock_timestamp()").scalar_one()
        return at


def hour_of(at: datetime) -> datetime:
    """Give the start of the hour, UTC: the end of the last hour that is complete at `at`."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def json_time(at: datetime | None) -> str | None:
    """Write a time as documents have it: UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def require_installed(database: Database) -> None:
    """Raise PermanentError where `init` of this version has not been run."""
    with database.transaction() as connection:
        migrations.require_installed(connection)


def as_dict(report: Any) -> dict[str, Any]:
    """Give a report's fields with times as documents have them."""
    return {name: json_time(value) if isinstance(value, datetime) else value for name, value in asdict(report).items()}
