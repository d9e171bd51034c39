"""`init`: schema, indexes, ledger and triggers, on live tables without blocking them; safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from pipeline.database.connection import Database, define, rows
from pipeline.database.queries import source
from pipeline.errors import TransientError
from pipeline.installation import Installation
from pipeline.sources.catalog import (
    FoundTable,
    Relation,
    check_tables,
    find_tables,
    partitions,
    tenant_id_type,
)
from pipeline.sources.indexes import ensure_indexes
from pipeline.sources.mapping import EVENT_TABLES, REQUIRED
from pipeline.sources.naming import render, state_names, table_names, trial_names

LOCK_TIMEOUT = "1s"
LOCK_TRIES = 60
INIT_LOCK = 7_204_411_530  # any number, the same for every `init`

PLAIN_DEFINITIONS = ("schema/schemas", "sketch/type", "runs/table", "loads/table")
TENANT_DEFINITIONS = (
    "ledger/table",
    "queue/table",
    "tenants/table",
    "published/table",
    "api_hourly/table",
    "api_daily/table",
    "usage_hourly/table",
    "usage_daily/table",
    "rejected_hourly/table",
    "documents/windows",
)


@dataclass
class InstallReport:
    """What `init` did."""

    created: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    triggers: list[str] = field(default_factory=list)
    marked_hours: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return asdict(self)


def install(installation: Installation) -> InstallReport:
    """Create what is missing; raises PermanentError where a table or column of the SaaS is not as it must be."""
    database, mapping = installation.database, installation.settings.source
    report = InstallReport()
    with database.transaction() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": INIT_LOCK})
        found = find_tables(connection, mapping)
        report.created = _create_trial(connection, installation, found)
        found = find_tables(connection, mapping)
        check_tables(found, mapping)
        _define(connection, found)
    for name in EVENT_TABLES:
        report.indexes += ensure_indexes(database, found[name], installation.progress)
        watch(database, found, name, report)
    return report


def _create_trial(connection: Connection, installation: Installation, found: Mapping[str, FoundTable]) -> list[str]:
    """Create the missing tables under the contract's own names; somebody who mapped names brings all tables."""
    mapping = installation.settings.source
    missing = [name for name in REQUIRED if name not in found]
    if not missing or not mapping.is_default:
        return []
    define(connection, render("source/tables", trial_names(mapping, tenant_id_type(found))))
    return missing


def _define(connection: Connection, found: Mapping[str, FoundTable]) -> None:
    for name in PLAIN_DEFINITIONS:
        define(connection, source(name))
    for name in TENANT_DEFINITIONS:
        define(connection, render(name, state_names(found)))
    define(connection, render("source/tenants", table_names(found["tenants"], found)))
    for name, reading in (("api_requests", "source/api_events"), ("usage_records", "source/usage_events")):
        names = table_names(found[name], found)
        define(connection, render(reading, names))
        define(connection, render("source/marking", names))


def watch(database: Database, found: Mapping[str, FoundTable], name: str, report: InstallReport) -> None:
    """Put the triggers on a raw table and on each partition that lacks them, and mark what is there already.

    The triggers are committed before the marking's snapshot is taken: what that snapshot does not see yet,
    the triggers mark. A killed run marks again, which is harmless.
    """
    table = found[name]
    with database.transaction() as connection:
        tree = partitions(connection, table.relation)
        oids = [relation.oid for relation in tree]
        marked = {row.oid for row in rows(connection, "source/watched", oids=oids)}
        carrying = {row.oid for row in rows(connection, "source/triggers_present", oids=oids)}
    for relation in tree:
        names = table_names(table, found) | {"relation": relation.name}
        if relation.oid not in carrying:
            _create_triggers(database, relation, names)
            report.triggers.append(relation.name)
    fresh = [relation for relation in tree if relation.oid not in marked or relation.oid not in carrying]
    if fresh and fresh[0].oid == table.relation.oid:
        report.marked_hours += _mark(database, table, found, table.relation, tree)
    else:
        for relation in fresh:
            report.marked_hours += _mark(database, table, found, relation, [relation])


def _create_triggers(database: Database, relation: Relation, names: Mapping[str, str]) -> None:
    """Wait for writers only briefly at a time: a longer wait would make every later writer queue behind it."""
    statement = render("source/triggers", names)
    for attempt in range(LOCK_TRIES):
        try:
            with database.engine.connect() as connection, connection.begin():
                connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
                define(connection, statement)
            return
        except psycopg.errors.LockNotAvailable:
            time.sleep(min(0.1 * 2**attempt, 5))
    raise TransientError(
        f"{relation.name}: long transactions keep the marking triggers out. "
        "End them (pg_stat_activity shows them), then run init again; nothing is broken."
    )


def _mark(
    database: Database,
    table: FoundTable,
    found: Mapping[str, FoundTable],
    relation: Relation,
    covered: list[Relation],
) -> int:
    names = table_names(table, found) | {"relation": relation.name}
    with database.transaction() as connection:
        marked = define(connection, render("ledger/mark_whole", names))
        for part in covered:
            connection.execute(
                text("insert into pipeline.watched (oid, source) values (:oid, :source) on conflict do nothing"),
                {"oid": part.oid, "source": table.mapped.name},
            )
    return marked
