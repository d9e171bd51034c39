"""`init`: schema, indexes, ledger and triggers, on live tables without blocking them; safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection

from pipeline.database.connection import Database, define, execute, rows
from pipeline.database.migrations import latest, migrate
from pipeline.database.queries import source
from pipeline.errors import PermanentError, TransientError
from pipeline.installation import Installation
from pipeline.progress import Progress
from pipeline.sources.adopt import (
    LOCK_TIMEOUT,
    LOCK_TRIES,
    LONGEST_PAUSE,
    describe_holding,
    mark_relation,
    unwatch,
    watch,
)
from pipeline.sources.catalog import FoundTable, check_tables, find_tables, tenant_id_type
from pipeline.sources.endpoints import apply_templates, reading_names
from pipeline.sources.indexes import ensure_indexes
from pipeline.sources.known import elsewhere, know, require_known
from pipeline.sources.mapping import BUSINESS_TABLES, EVENT_TABLES, REQUIRED, SourceMapping
from pipeline.sources.naming import names_of, render, state_names, table_names, trial_names
from pipeline.sources.templates import Template

INIT_LOCK = 7_204_411_530  # any number, the same for every `init`
INIT_SECONDS = 30.0
Done = TypeVar("Done")

PLAIN_DEFINITIONS = (
    "schema/schemas",
    "sketch/type",
    "runs/table",
    "runs/summary",
    "loads/table",
    "source/known_table",
    "source/templates",
    "book/table",
    "documents/quota_period",
    "documents/page_of",
    "subscriptions/monthly",
    "mrr/table",
    "exports/table",
    "closed/table",
)
TENANT_DEFINITIONS = (
    "forget/table",
    "ledger/table",
    "ledger/marked_days",
    "queue/table",
    "tenants/table",
    "quotas/table",
    "published/table",
    "api_hourly/table",
    "api_daily/table",
    "usage_hourly/table",
    "usage_daily/table",
    "cost_daily/table",
    "cost_daily/marks",
    "cost_daily/lines",
    "subscriptions/table",
    "mrr_daily/table",
    "mrr_movements/table",
    "activity_daily/table",
    "platform_daily/table",
    "platform/table",
    "partitions/functions",
    "rejected_hourly/table",
    "ledger/stored_hours",
    "documents/windows",
)
VIEWS = (
    "tenants",
    "usage_by_tenant_month",
    "active_tenants_month",
    "p95_by_endpoint_week",
    "p95_by_endpoint_week_all",
    "cost_by_tenant_month",
    "cost_by_item_month",
    "cost_missing",
    "mrr_bridge_month",
    "mrr_by_plan_month",
    "quota_status",
    "tenants_near_quota",
)


@dataclass
class InstallReport:
    """What `init` did."""

    created: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    triggers_removed: list[str] = field(default_factory=list)
    marked_hours: int = 0
    templates: int = 0
    templates_changed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return asdict(self)


def install(installation: Installation, *, moved: bool = False) -> InstallReport:
    """Create what is missing; raises PermanentError where a table or column of the SaaS is not as it must be.

    So it does where the settings name another source than the one that it has set up before, unless that has `moved`.
    A read-only source gets nothing: no table, no index, no trigger; triggers that it has are taken off.
    """
    database, report = installation.database, InstallReport()
    read_only = installation.settings.marking == "reconcile"
    with _alone(database):
        found = _again_when_locked(lambda: _prepare(installation, report, moved=moved), installation.progress)
        for name in EVENT_TABLES:
            if read_only:
                report.triggers_removed += unwatch(database, found[name], installation.progress)
            else:
                _set_up(database, found, name, installation.progress, report)
    return report


def _prepare(installation: Installation, report: InstallReport, *, moved: bool) -> Mapping[str, FoundTable]:
    """Make or change what is ours, all or nothing, and give the raw tables as they are.

    A lock on something of ours that readers hold is waited for only briefly: others would queue behind us.
    """
    mapping, read_only = installation.settings.source, installation.settings.marking == "reconcile"
    with installation.database.transaction() as connection:
        connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        found = find_tables(connection, mapping)
        if not moved and any(name not in found for name in REQUIRED):
            _require_noted(connection, mapping)
        if not read_only:
            report.created = _create_trial(connection, installation, found)
        found = find_tables(connection, mapping)
        check_tables(found, mapping, read_only=read_only)
        if not moved:
            _require_noted(connection, mapping)
        _refuse_other_ids(connection, found)
        _refuse_to_leave(connection, found)
        _define(connection, found, installation.settings.endpoints, report)
        _move(connection, found, mapping, report, read_only=read_only)
        return found


def _again_when_locked(work: Callable[[], Done], progress: Progress) -> Done:
    for attempt in range(LOCK_TRIES):
        try:
            return work()
        except TransientError as error:
            if not isinstance(getattr(error.__cause__, "orig", error.__cause__), psycopg.errors.LockNotAvailable):
                raise
        if not attempt:
            progress.say("init waits for long transactions that read or write what it has to change")
        time.sleep(min(0.1 * 2**attempt, LONGEST_PAUSE))
    raise TransientError(
        "Long transactions keep init from changing schemas pipeline and rollup; pg_stat_activity shows them. "
        "Wait for them or end them, then run init again; nothing is broken."
    )


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Keep every other `init` out.

    The lock is tried for, never waited for: building an index waits for all older snapshots, and a waiting
    statement has one. So has a finished one with bound values, until the next; hence no bound value here.
    """
    with database.transaction() as connection:
        connection.exec_driver_sql("set local idle_in_transaction_session_timeout = 0")
        deadline = time.monotonic() + INIT_SECONDS
        while not connection.exec_driver_sql(f"select pg_try_advisory_xact_lock({INIT_LOCK})").scalar_one():
            if time.monotonic() > deadline:
                raise TransientError("Another init is at work on this database. Let it end, then run init again.")
            time.sleep(0.2)
        yield


def _set_up(
    database: Database, found: Mapping[str, FoundTable], name: str, progress: Progress, report: InstallReport
) -> None:
    if holding := describe_holding(database, found[name].relation):
        progress.say(f"{found[name].relation.name}: at work, new indexes wait for {holding}")
    report.indexes += ensure_indexes(database, found[name], progress)
    done = watch(database, found, name, progress)
    report.triggers += done.relations
    report.marked_hours += done.marked_hours


def _refuse_other_ids(connection: Connection, found: Mapping[str, FoundTable]) -> None:
    for row in rows(connection, "ledger/tenant_id"):
        if row.type != tenant_id_type(found):
            raise PermanentError(
                f"Tenant ids are {tenant_id_type(found)}, but what init has made here is for {row.type}. "
                "Use another database, or drop the schemas pipeline and rollup and run init again."
            )


def _refuse_to_leave(connection: Connection, found: Mapping[str, FoundTable]) -> None:
    """Refuse a mapping under which the triggers of a table that was mapped before would stop its writers."""
    for name in EVENT_TABLES:
        mapped = found[name].mapped
        columns = {column: mapped.column(column) for column in ("tenant_id", "created_at")}
        for row in rows(connection, "source/left_behind", source=name, **columns):
            raise PermanentError(
                f"{row.relation} was {name} until now and still has its triggers, but not both columns "
                f"{' and '.join(columns.values())}, by which {found[name].relation.name} is read: this mapping would "
                "stop its writers. Check TENANTCAST_CONFIG; if the source really has moved, drop the triggers "
                f"tenantcast_* of {row.relation} first."
            )


def _require_noted(connection: Connection, mapping: SourceMapping) -> None:
    """Refuse another source than an `init` before has noted; where none has, there is nothing to hold it against."""
    if connection.exec_driver_sql("select to_regclass('pipeline.sources')").scalar_one():
        require_known(connection, mapping)


def _move(
    connection: Connection,
    found: Mapping[str, FoundTable],
    mapping: SourceMapping,
    report: InstallReport,
    *,
    read_only: bool,
) -> None:
    """Note what is read from now on; what that replaces is marked whole, at once or where it is put under watch."""
    report.moved = [name for name, _ in elsewhere(connection, mapping)]
    report.marked_hours = 0
    for name in report.moved:
        execute(connection, "source/unknow", source=name)
        if name in EVENT_TABLES and read_only:
            report.marked_hours += mark_relation(connection, found, found[name], found[name].relation)
        elif name in EVENT_TABLES:
            execute(connection, "ledger/unwatch", source=name)
    know(connection, found)


def _create_trial(connection: Connection, installation: Installation, found: Mapping[str, FoundTable]) -> list[str]:
    """Create the missing tables under the contract's own names; somebody who mapped names brings all tables."""
    mapping = installation.settings.source
    missing = [name for name in REQUIRED if name not in found]
    if not missing or not mapping.is_default:
        return []
    define(connection, render("source/tables", trial_names(mapping, tenant_id_type(found))))
    return missing


def _define(
    connection: Connection, found: Mapping[str, FoundTable], templates: Sequence[Template], report: InstallReport
) -> None:
    migrate(connection)
    for name in PLAIN_DEFINITIONS:
        define(connection, source(name))
    for name in TENANT_DEFINITIONS:
        define(connection, render(name, state_names(found)))
    report.templates, report.templates_changed = len(templates), apply_templates(connection, templates)
    define(connection, render("source/tenants", table_names(found["tenants"], found)))
    for name in BUSINESS_TABLES:
        define(connection, render(f"source/{name}", names_of(name, found)))
    for name, reading in (("api_requests", "source/api_events"), ("usage_records", "source/usage_events")):
        names = table_names(found[name], found)
        define(connection, render(reading, reading_names(names, templates)))
        define(connection, render("source/unplaced", names | {"relation": found[name].relation.name}))
        define(connection, render("source/marking", names))
    for name in VIEWS:
        define(connection, source(f"views/{name}"))
    execute(connection, "schema/set_version", version=latest())
