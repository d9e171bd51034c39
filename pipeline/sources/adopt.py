"""Puts raw tables and their partitions under watch: triggers first, then marks for what is there already.

`init` does it for all of them, each tick for the partitions that the SaaS has made, attached or taken away since.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from sqlalchemy import Connection

from pipeline.database.connection import Database, define, execute, rows
from pipeline.errors import TransientError
from pipeline.progress import Progress
from pipeline.sources.catalog import FoundTable, Relation, check_relation, check_tables, find_tables, partitions
from pipeline.sources.indexes import ensure_indexes
from pipeline.sources.known import require_known
from pipeline.sources.mapping import EVENT_TABLES, SourceMapping
from pipeline.sources.naming import render, table_names

LOCK_TIMEOUT = "1s"
LOCK_TRIES = 60
LONGEST_PAUSE = 5.0
INDEX_TIMEOUT = "5s"


@dataclass
class Watch:
    """What was put under watch: relations that got triggers, and how many hours were marked."""

    relations: list[str] = field(default_factory=list)
    marked_hours: int = 0


def adopt_partitions(database: Database, mapping: SourceMapping, progress: Progress | None = None) -> None:
    """Watch every partition that is not watched yet; also checks that the source is still as it must be."""
    progress = progress or Progress()
    found = check_source(database, mapping)
    for name in EVENT_TABLES:
        watch(database, found, name, progress)
        if found[name].relation.kind == "p":
            ensure_indexes(database, found[name], progress, lock_timeout=INDEX_TIMEOUT)


def check_source(database: Database, mapping: SourceMapping, *, read_only: bool = False) -> dict[str, FoundTable]:
    """Give the source tables; raises PermanentError where one is not as it must be, or not what `init` has noted."""
    with database.transaction() as connection:
        found = find_tables(connection, mapping)
        check_tables(found, mapping, read_only=read_only)
        require_known(connection, mapping)
    return found


def watch(database: Database, found: Mapping[str, FoundTable], name: str, progress: Progress) -> Watch:
    """Put the triggers on a raw table and on each partition that lacks them, and mark what is there already.

    The triggers are committed before the marking's snapshot is taken: what that snapshot does not see yet,
    the triggers mark. A killed run marks again, which is harmless.
    """
    table, done = found[name], Watch()
    with database.transaction() as connection:
        tree = partitions(connection, table)
        oids = [relation.oid for relation in tree]
        watched = {(row.oid, row.from_time, row.to_time) for row in rows(connection, "source/watched", source=name)}
        carrying = {row.oid for row in rows(connection, "source/triggers_present", oids=oids)}
    for relation in tree:
        check_relation(table, relation)
        if relation.oid not in carrying:
            names = table_names(table, found) | {"relation": relation.name}
            _define_briefly(database, relation, render("source/triggers", names), progress)
            done.relations.append(relation.name)
    fresh = [
        relation
        for relation in tree
        if relation.oid not in carrying or (relation.oid, relation.from_time, relation.to_time) not in watched
    ]
    if any(relation.oid == table.relation.oid for relation in fresh):
        done.marked_hours += _mark(database, found, table, relation=table.relation, covered=tree)
        fresh = []
    for relation in fresh:
        done.marked_hours += _mark(database, found, table, relation=relation, covered=[relation])
    done.marked_hours += _mark_emptied(database, name, oids)
    return done


def unwatch(database: Database, table: FoundTable, progress: Progress) -> list[str]:
    """Take the triggers off a raw table and its partitions; give which carried any. What is marked stays marked.

    What the triggers noted of a TRUNCATE becomes marks first, since nobody looks at it afterwards.
    """
    source = table.mapped.name
    with database.transaction() as connection:
        tree = partitions(connection, table)
        oids = [relation.oid for relation in tree]
        left = {row.oid for row in rows(connection, "source/triggers_left", oids=oids)}
    freed = [relation for relation in tree if relation.oid in left]
    for relation in freed:
        statement = render("source/drop_triggers", {"relation": relation.name})
        _define_briefly(database, relation, statement, progress)
    _mark_emptied(database, source, oids)
    with database.transaction() as connection:
        execute(connection, "ledger/unwatch", source=source)
    return [relation.name for relation in freed]


def _define_briefly(database: Database, relation: Relation, statement: str, progress: Progress) -> None:
    """Wait for writers only briefly at a time: a longer wait would make every later writer queue behind it."""
    told = ""
    for attempt in range(LOCK_TRIES):
        try:
            with database.engine.connect() as connection, connection.begin():
                connection.exec_driver_sql(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
                define(connection, statement)
            return
        except psycopg.errors.LockNotAvailable:
            holding = describe_holding(database, relation)
            if holding and holding != told:
                progress.say(f"{relation.name}: the marking triggers wait for {holding}")
                told = holding
            time.sleep(min(0.1 * 2**attempt, LONGEST_PAUSE))
    raise TransientError(
        f"{relation.name}: long transactions keep the marking triggers out: {told or 'pg_stat_activity shows them'}. "
        "Wait for them or end them, then run the same again; nothing is broken."
    )


def describe_holding(database: Database, relation: Relation) -> str:
    """Say which transactions hold locks that keep triggers and indexes out; empty where none does."""
    with database.transaction() as connection:
        holding = rows(connection, "source/holding", oid=relation.oid)
    return ", ".join(f"pid {row.pid} ({row.name}, {row.state}, since {row.since}Z)" for row in holding)


def _mark(
    database: Database,
    found: Mapping[str, FoundTable],
    table: FoundTable,
    *,
    relation: Relation,
    covered: list[Relation],
) -> int:
    """Mark the hours that a relation has rows of, and those that are stored of it: rows may have gone unseen."""
    source = table.mapped.name
    with database.transaction() as connection:
        marked = mark_relation(connection, found, table, relation)
        for part in covered:
            place = {"oid": part.oid, "from_time": part.from_time, "to_time": part.to_time}
            execute(connection, "ledger/watch", source=source, **place)
    return marked


def mark_relation(
    connection: Connection, found: Mapping[str, FoundTable], table: FoundTable, relation: Relation
) -> int:
    """Mark the hours that a relation has rows of, and those that are stored of its times; give how many."""
    names = table_names(table, found) | {"relation": relation.name}
    marked = define(connection, render("ledger/mark_whole", names))
    return marked + _mark_stored(connection, table.mapped.name, relation.from_time, relation.to_time)


def _mark_emptied(database: Database, source: str, oids: list[int]) -> int:
    with database.transaction() as connection:
        ranges = rows(connection, "ledger/take_emptied", source=source, oids=oids)
        return sum(_mark_stored(connection, source, row.from_time, row.to_time, row.marked_at) for row in ranges)


def _mark_stored(
    connection: Connection, source: str, from_time: str, to_time: str, marked_at: datetime | None = None
) -> int:
    place = {"from_time": from_time, "to_time": to_time, "marked_at": marked_at}
    return execute(connection, "ledger/mark_stored", source=source, **place).rowcount
