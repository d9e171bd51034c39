"""`status.json`, written last: how far all files are true, and which tenants are not up to date."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline.database.connection import execute, rows
from pipeline.errors import BusyError
from pipeline.installation import Installation
from pipeline.publish.keys import public_name, tenant_key
from pipeline.publish.publisher import next_seq, publish_lock, published_through, put_status
from pipeline.runs import as_dict, json_time, recorded

SCHEMA = 1
HOUR = timedelta(hours=1)


@dataclass
class StatusReport:
    """What status.json says; `stale` holds the SHA-256 of the keys of tenants that are not up to date."""

    data_through: datetime | None = None
    seq: int = 0
    stale: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)


def announce(installation: Installation, as_of: datetime) -> StatusReport:
    """Write status.json. A tenant whose last publish failed is named; raises BusyError while others still wait."""
    database, report = installation.database, StatusReport()
    with recorded(database, "status", as_of, report), publish_lock(database):
        through = published_through(database, as_of)
        with database.transaction() as connection:
            standing = rows(connection, "published/standing", through=through)
        waiting = [row.id for row in standing if row.failure is None]
        if waiting:
            raise BusyError(
                f"{len(waiting)} tenants wait to be published (first: {waiting[0]}); status.json stays as it is."
            )
        report.stale = sorted(public_name(tenant_key(installation.secret, row.id, row.generation)) for row in standing)
        report.data_through, report.seq = through, next_seq(installation)
        put_status(installation, _document(report, as_of))
        with database.transaction() as connection:
            execute(connection, "published/announced", through=through)
    return report


def _document(report: StatusReport, as_of: datetime) -> dict[str, Any]:
    assert report.data_through is not None
    return {
        "schema": SCHEMA,
        "seq": report.seq,
        "data_through": json_time(report.data_through),
        "published_at": json_time(as_of),
        "next_expected_at": json_time(report.data_through + HOUR),
        "stale": report.stale,
    }
