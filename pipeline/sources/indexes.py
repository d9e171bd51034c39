"""The two indexes that the work needs on each raw table, made without blocking writers, with their reasons."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.sql import SQL, Identifier, Literal
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


def ensure_indexes(database: Database, table: FoundTable, progress: Progress) -> list[str]:
    """Create what is missing, partition by partition and concurrently; give the names of the new indexes."""
    with database.autocommit() as connection:
        tree = partitions(connection, table.relation)
        leaves = [relation for relation in tree if relation.kind == "r"]
        made = []
        for wanted in WANTED:
            for leaf in leaves:
                if not _present(connection, leaf, table, wanted):
                    with progress.step(f"Indexing {leaf.name} by {', '.join(wanted.columns)}"):
                        made.append(_create(connection, leaf, table, wanted))
        return made


def _columns(table: FoundTable, wanted: Wanted) -> list[str]:
    return [table.mapped.column(column) for column in wanted.columns]


def _present(connection: Connection, leaf: Relation, table: FoundTable, wanted: Wanted) -> bool:
    found = rows(
        connection,
        "source/indexes_like",
        oid=leaf.oid,
        methods=list(wanted.enough),
        columns=_columns(table, wanted),
    )
    return bool(found)


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
    cursor.execute(SQL("comment on index {} is {}").format(qualified, Literal(wanted.reason)))
    return name
