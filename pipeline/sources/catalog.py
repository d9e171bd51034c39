"""What the database really holds of the source tables: kinds, columns, types, partitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from psycopg.sql import Identifier
from sqlalchemy import Connection

from pipeline.database.connection import rows
from pipeline.errors import PermanentError
from pipeline.sources.mapping import (
    EVENT_TABLES,
    OPTIONAL,
    OPTIONAL_TABLES,
    READ_TABLES,
    REQUIRED,
    SourceMapping,
    SourceTable,
)

TENANT_ID_TYPES = ("uuid", "bigint", "integer", "text", "character varying")
TIME_TYPES = ("timestamp with time zone", "timestamp without time zone")
DAY_TYPES = (*TIME_TYPES, "date")
NUMBER_TYPES = ("smallint", "integer", "bigint", "real", "double precision", "numeric")
KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
COLUMN_TYPES: dict[str, dict[str, tuple[str, ...]]] = {
    "tenants": {"created_at": DAY_TYPES, "deleted_at": DAY_TYPES},
    "api_requests": {"created_at": TIME_TYPES, "status_code": NUMBER_TYPES, "duration_ms": NUMBER_TYPES},
    "usage_records": {"created_at": TIME_TYPES, "amount": NUMBER_TYPES},
    "subscriptions": {
        "monthly_amount": NUMBER_TYPES,
        "amount": NUMBER_TYPES,
        "started_at": DAY_TYPES,
        "ended_at": DAY_TYPES,
        "trial_ends_at": DAY_TYPES,
    },
    "quotas": {"limit_amount": NUMBER_TYPES, "anchor_day": NUMBER_TYPES},
    "prices": {
        "unit_size": NUMBER_TYPES,
        "amount": NUMBER_TYPES,
        "effective_from": DAY_TYPES,
        "effective_to": DAY_TYPES,
    },
    "fx_rates": {"rate": NUMBER_TYPES, "rate_date": DAY_TYPES},
}
# Categories as in pg_type: S is text of every kind, E an enum, N a number; a domain has that of what it is made from.
WORDS = ("S", "E")
NAMES = (*WORDS, "N")
TEXT_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "tenants": {"name": NAMES, "plan": NAMES, "timezone": WORDS},
    "api_requests": {"endpoint": NAMES},
    "usage_records": {"quota_type": NAMES},
    "subscriptions": {"plan": NAMES, "status": WORDS, "currency": WORDS, "billing_interval": WORDS},
    "quotas": {"quota_type": NAMES, "period": WORDS},
    "prices": {"item": NAMES, "currency": WORDS},
    "fx_rates": {"base": WORDS, "quote": WORDS, "source": NAMES},
}


@dataclass(frozen=True)
class Relation:
    """One table, partition or view: its oid, its quoted name, its kind as in pg_class.relkind.

    No row lies outside [from_time, to_time); they are as Postgres writes them, infinities too.
    """

    oid: int
    name: str
    kind: str
    from_time: str = "-infinity"
    to_time: str = "infinity"
    hides_rows: bool = False


@dataclass(frozen=True)
class Misfit:
    """Something of the source that the work cannot do with, and what to do about it."""

    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


@dataclass(frozen=True)
class FoundTable:
    """A source table as it is in the database; `types` and their `categories` by the contract's column names."""

    mapped: SourceTable
    relation: Relation
    types: Mapping[str, str]
    categories: Mapping[str, str]


def find_tables(connection: Connection, mapping: SourceMapping) -> dict[str, FoundTable]:
    """Give the source tables that exist, by contract name."""
    found = {}
    for name, mapped in mapping.tables.items():
        columns = rows(connection, "source/columns", schema=mapped.schema, table=mapped.table)
        if columns:
            first = columns[0]
            known = (*REQUIRED[name], *OPTIONAL.get(name, ()))
            by_name = {row.name: row for row in columns}
            present = {each: by_name[mapped.column(each)] for each in known if mapped.column(each) in by_name}
            place = quoted(mapped.schema, mapped.table)
            found[name] = FoundTable(
                mapped=mapped,
                relation=Relation(first.oid, place, first.kind, hides_rows=first.hides_rows),
                types={column: row.type for column, row in present.items()},
                categories={column: row.category for column, row in present.items()},
            )
    return found


def quoted(*names: str) -> str:
    """Quote an identifier, possibly qualified."""
    return Identifier(*names).as_string(None)


def check_tables(found: Mapping[str, FoundTable], mapping: SourceMapping, *, read_only: bool = False) -> None:
    """Raise PermanentError for the first table, column or type that the work needs and that is not there.

    A read-only source carries no triggers, so its raw tables may be views and foreign tables.
    """
    for misfit in misfits(found, mapping, read_only=read_only):
        raise PermanentError(str(misfit))


def misfits(found: Mapping[str, FoundTable], mapping: SourceMapping, *, read_only: bool = False) -> Iterator[Misfit]:
    """Give every table, column and type that the work needs and that is not there."""
    for name, mapped in mapping.tables.items():
        if name in found:
            yield from _column_misfits(found[name], read_only=read_only)
        elif name not in OPTIONAL_TABLES:
            yield Misfit(
                f"{name}: there is no table {quoted(mapped.schema, mapped.table)}.",
                f"Create it, or name yours: [source.{name}] table = ... in the file that TENANTCAST_CONFIG names.",
            )
    yield from _tenant_id_misfits(found)


def _column_misfits(table: FoundTable, *, read_only: bool) -> Iterator[Misfit]:
    name, relation = table.mapped.name, table.relation.name
    for column in REQUIRED[name]:
        if column not in table.types:
            yield Misfit(
                f"{name}.{column}: table {relation} has no column {quoted(table.mapped.column(column))}.",
                f'Name yours: [source.{name}] {column} = "..." in the file that TENANTCAST_CONFIG names.',
            )
    if name in READ_TABLES:
        yield from relation_misfits(table, table.relation, read_only=read_only)
    for column, allowed in COLUMN_TYPES.get(name, {}).items():
        yield from _type_misfits(table, column, allowed)
    for column, categories in TEXT_COLUMNS.get(name, {}).items():
        yield from _text_misfits(table, column, categories)


def check_relation(table: FoundTable, relation: Relation, *, read_only: bool = False) -> None:
    """Raise PermanentError where a relation hides rows, or cannot carry the marking triggers that it needs."""
    for misfit in relation_misfits(table, relation, read_only=read_only):
        raise PermanentError(str(misfit))


def relation_misfits(table: FoundTable, relation: Relation, *, read_only: bool = False) -> Iterator[Misfit]:
    """Say that a relation hides rows, or cannot carry the marking triggers that it needs."""
    if relation.hides_rows:
        yield Misfit(
            f"{table.mapped.name}: row level security of {relation.name} is on for the role that "
            "TENANTCAST_DATABASE_URL names, and rows that it hides would count as deleted.",
            "Give the role bypassrls (alter role ... bypassrls), or name another role.",
        )
    if table.mapped.name in EVENT_TABLES and not read_only:
        yield from _kind_misfits(table, relation)


def _kind_misfits(table: FoundTable, relation: Relation) -> Iterator[Misfit]:
    if relation.kind in ("r", "p"):
        return
    name, kind = table.mapped.name, KINDS.get(relation.kind, "no table")
    if relation.oid == table.relation.oid:
        yield Misfit(
            f"{name}: {relation.name} is {kind}; changes can be marked on tables only.",
            f"Name the table beneath it: [source.{name}] table = ... in the file that TENANTCAST_CONFIG names. "
            "Or have changes found by comparison: TENANTCAST_MARKING=reconcile.",
        )
    else:
        yield Misfit(
            f"{name}: partition {relation.name} is {kind}; changes can be marked on tables only.",
            "Detach it, or copy its rows into a partition that is a table.",
        )


def _type_misfits(table: FoundTable, column: str, allowed: tuple[str, ...]) -> Iterator[Misfit]:
    if column in table.types and _base(table.types[column]) not in allowed:
        yield _unfit(table, column, f"one of {', '.join(allowed)}")


def _text_misfits(table: FoundTable, column: str, categories: tuple[str, ...]) -> Iterator[Misfit]:
    if column not in table.types or table.categories[column] in categories:
        return
    if categories != NAMES:
        yield _unfit(table, column, "text, varchar, char or an enum")
    elif table.types[column] != "uuid":
        yield _unfit(table, column, "text, varchar, char, an enum, a number or a uuid")


def _unfit(table: FoundTable, column: str, allowed: str) -> Misfit:
    return Misfit(
        f"{table.mapped.name}.{column}: column {quoted(table.mapped.column(column))} of {table.relation.name} "
        f"is {table.types[column]}; it must be {allowed}.",
        "Alter it, or name another column: "
        f'[source.{table.mapped.name}] {column} = "..." in the file that TENANTCAST_CONFIG names.',
    )


def _tenant_id_misfits(found: Mapping[str, FoundTable]) -> Iterator[Misfit]:
    wanted = tenant_id_type(found)
    for name, table in found.items():
        column = "id" if name == "tenants" else "tenant_id"
        if column in table.types and _base(table.types[column]) != wanted:
            yield Misfit(
                f"{name}.{column} is {table.types[column]}, tenants.id is {wanted}: they must be of one type.",
                f'Alter one of them, or name another column: [source.{name}] {column} = "..."',
            )


def tenant_id_type(found: Mapping[str, FoundTable]) -> str:
    """Give the type of a tenant's id; text where there are no tables yet."""
    for name, table in found.items():
        column = "id" if name == "tenants" else "tenant_id"
        if column in table.types:
            given = _base(table.types[column])
            if given not in TENANT_ID_TYPES:
                raise PermanentError(f"{name}.{column} is {given}; it must be uuid, bigint or text.")
            return given
    return "text"


def _base(type_name: str) -> str:
    return re.sub(r"\([0-9, ]+\)", "", type_name)


def partitions(connection: Connection, table: FoundTable) -> list[Relation]:
    """Give the table itself and all its partitions at every level."""
    column = table.mapped.column("created_at")
    found = rows(connection, "source/partitions", oid=table.relation.oid, created_at=column)
    return [Relation(**row._mapping) for row in found]
