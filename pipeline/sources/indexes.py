"""The two indexes that the work needs on each raw table, made without blocking writers, with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal
from sqlalchemy import Connection

from pipeline.database.connection import Database, driver, rows
from pipeline.progress import Progress
from pipeline.sources.catalog import FoundTable, Relation, partitions


@dataclass(frozen=True)
class Wanted:
    """An index that has to be there under any name; `columns` by contract name, `enough` any of these methods."""

    suffix: str
    columns: tuple[str, ...]
    method: str
    enough: tuple[str, ...]
    storage: str
    reason: str


WANTED = (
    Wanted(
        suffix="tenant_time",
        columns=("tenant_id", "created_at"),
        method="btree",
        enough=("btree",),
        storage="",
        reason="Tenantcast: a few late buckets of a tenant are read through it, without touching other rows.",
    ),
    Wanted(
        suffix="time",
        columns=("created_at",),
        method="brin",
        enough=("brin", "btree"),
        storage=" with (pages_per_range = 32, autosummarize = on)",
        reason="Tenantcast: a fresh hour of all tenants is one scan of its pages; small and cheap for writers.",
    ),
)


def ensure_indexes(database: Database, table: FoundTable, progress: Progress, *, lock_timeout: str = "0") -> list[str]:
    """Create what is missing, partition by partition and concurrently; give the names of the new indexes.

    Building one waits for transactions that are older; past `lock_timeout` (0: never) it is left for the next time.
    """
    made = []
    with database.autocommit() as connection:
        leaves = [relation for relation in partitions(connection, table) if relation.kind == "r"]
        connection.exec_driver_sql(f"set lock_timeout = '{lock_timeout}'")
        try:
            for wanted in WANTED:
                for leaf in _lacking(connection, leaves, table, wanted):
                    try:
                        with progress.step(f"Indexing {leaf.name} by {', '.join(wanted.columns)}"):
                            made.append(_create(connection, leaf, table, wanted))
                    except psycopg.errors.LockNotAvailable:
                        progress.say(f"{leaf.name}: an index waits for long transactions; the next run tries again")
        finally:
            connection.exec_driver_sql("reset lock_timeout")
    return made


def _lacking(connection: Connection, leaves: Sequence[Relation], table: FoundTable, wanted: Wanted) -> list[Relation]:
    """Give the leaves without such an index; one of ours that a killed run left without a comment gets it."""
    found = rows(
        connection,
        "source/indexes",
        oids=[leaf.oid for leaf in leaves],
        methods=list(wanted.enough),
        columns=_columns(table, wanted),
    )
    for row in found:
        if row.bare and row.index_name.endswith(f"_{wanted.suffix}"):
            driver(connection).execute(_comment(Identifier(row.schema, row.index_name), wanted))
    present = {row.oid for row in found}
    return [leaf for leaf in leaves if leaf.oid not in present]


def _columns(table: FoundTable, wanted: Wanted) -> list[str]:
    return [table.mapped.column(column) for column in wanted.columns]


def _create(connection: Connection, leaf: Relation, table: FoundTable, wanted: Wanted) -> str:
    """An index left invalid by a killed run is dropped first: its name is ours alone."""
    name = f"tenantcast_{leaf.oid}_{wanted.suffix}"
    cursor = driver(connection).cursor()
    schema = connection.exec_driver_sql(
        "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = %s",
        (leaf.oid,),
    ).scalar_one()
    qualified = Identifier(schema, name)
    cursor.execute(SQL("drop index concurrently if exists {}").format(qualified))
    cursor.execute(
        SQL("create index concurrently {} on {} using {} ({}){}").format(
            Identifier(name),
            SQL(leaf.name),
            SQL(wanted.method),
            SQL(", ").join(Identifier(column) for column in _columns(table, wanted)),
            SQL(wanted.storage),
        )
    )
    cursor.execute(_comment(qualified, wanted))
    return name


def _comment(index: Identifier, wanted: Wanted) -> Composed:
    return SQL("comment on index {} is {}").format(index, Literal(wanted.reason))
