"""`status.json`, written last: how far all files are true, and which tenants are not up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from pipeline.database.connection import execute, rows
from pipeline.documents.encode import compress
from pipeline.documents.version import SCHEMA
from pipeline.errors import OvertakenError, PermanentError, TenantcastError
from pipeline.installation import Installation
from pipeline.platform.publishing import Moment, Published, publish_platform
from pipeline.publish.collecting import Ledger, collect
from pipeline.publish.contract import publish_contract
from pipeline.publish.due import STATUS, next_seq, next_seq_above, published_through, status_hash
from pipeline.publish.fencing import put_newer
from pipeline.publish.keys import platform_key, public_name, tenant_keys
from pipeline.publish.publisher import PublishReport, publish_due, slots_held, still_held
from pipeline.publish.sweeping import sweep_closed
from pipeline.publish.tombstones import sweep
from pipeline.runs import as_dict, clock, json_time, recorded, require_installed

HOUR = timedelta(hours=1)
ROUNDS = 3
LEDGERS: tuple[Ledger, ...] = ("files", "platform_files")


@dataclass
class StatusReport:
    """What status.json says; `stale` holds the SHA-256 of the keys of tenants that are not up to date, of both secrets.

    `published` counts tenants that ticks had queued since the publishers looked; `platform_files` what was written of
    the platform, whose key is in `stale` where that failed, and `platform_failure` says why; `contract_files` counts
    schemas and types that were written; `collected` files were taken away: superseded ones, and what a late publisher
    has left of a forgotten tenant.
    """

    data_through: datetime | None = None
    seq: int = 0
    stale: list[str] = field(default_factory=list)
    published: int = 0
    platform_files: int = 0
    contract_files: int = 0
    platform_failure: str | None = None
    collected: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)


def announce(installation: Installation, as_of: datetime | None = None) -> StatusReport:
    """Publish what is left, write status.json, take away what is long superseded.

    Raises BusyError while a publisher is at work. A tenant whose last publish failed, or that new rows reach faster
    than it can be published, is named.
    """
    database, report = installation.database, StatusReport()
    require_installed(database)
    at = as_of or clock(database)
    with recorded(database, "status", at, report), slots_held(database) as holder:
        through = published_through(database, as_of)
        standing = _finish(installation, holder, through, report)
        keys = [tenant_keys(installation, row.id, row.generation) for row in standing]
        report.stale = sorted(public_name(key) for key in chain.from_iterable(keys))
        report.data_through, report.seq = through, next_seq(installation)
        _publish_platform(installation, holder, report, at, stale=sorted(public_name(first) for first, *_ in keys))
        report.contract_files = publish_contract(installation.store)
        content = compress(orjson.dumps(_document(report, at)))
        digest = status_hash(content)
        with database.transaction() as connection:
            execute(connection, "published/announcing", status_hash=digest)
        put_newer(installation.store, STATUS, content, seq=report.seq)
        with database.transaction() as connection:
            execute(connection, "published/announced", through=through, status_hash=digest)
        for ledger in LEDGERS:
            report.collected += collect(installation, ledger, still_held=lambda: still_held(holder))
        report.collected += sweep(installation, still_held=lambda: still_held(holder))
        report.collected += sweep_closed(installation, still_held=lambda: still_held(holder))
    return report


def _publish_platform(
    installation: Installation, holder: Connection, report: StatusReport, at: datetime, *, stale: Sequence[str]
) -> None:
    """Write the platform's files; what fails is named as stale, as a tenant is, and holds nobody up."""
    assert report.data_through is not None
    moment = Moment(through=report.data_through, as_of=at, seq=report.seq)
    try:
        written = _publish_above(installation, holder, report, moment, stale=stale)
    except TenantcastError as error:
        report.platform_failure = str(error)
    except DBAPIError:  # of the connection that holds the slots; all others come as ours
        raise
    except Exception as error:
        report.platform_failure = str(
            PermanentError(f"unexpected {type(error).__name__} in the platform's files: {error}")
        )
    else:
        report.platform_files = written.files_written
        return
    still_held(holder)
    names = [public_name(platform_key(secret)) for secret in installation.secrets]
    report.stale = sorted([*report.stale, *names])


def _publish_above(
    installation: Installation, holder: Connection, report: StatusReport, moment: Moment, *, stale: Sequence[str]
) -> Published:
    """Write the platform's files; once more, above it, where a summary with a higher number is up."""

    def written(at: Moment) -> Published:
        return publish_platform(installation, at, stale=stale, still_held=lambda: still_held(holder))

    try:
        return written(moment)
    except OvertakenError as error:
        still_held(holder)
        report.seq = next_seq_above(installation.database, error.standing)
        return written(replace(moment, seq=report.seq))


def _finish(
    installation: Installation, holder: Connection, through: datetime, report: StatusReport
) -> Sequence[Row[Any]]:
    """Publish tenants that wait without having failed; give those that are still not up to date."""
    for attempt in range(ROUNDS + 1):
        with installation.database.transaction() as connection:
            standing = rows(connection, "published/standing", through=through)
        if attempt == ROUNDS or all(row.failure is not None for row in standing):
            break
        published = PublishReport(data_through=through)
        publish_due(installation, holder, published)
        report.published += published.tenants
    return standing


def _document(report: StatusReport, at: datetime) -> dict[str, Any]:
    assert report.data_through is not None
    return {
        "schema": SCHEMA,
        "seq": report.seq,
        "data_through": json_time(report.data_through),
        "published_at": json_time(at),
        "next_expected_at": json_time(report.data_through + HOUR),
        "stale": report.stale,
    }
