"""What the database really holds of the source tables: kinds, columns, types, partitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg.sql import Identifier
from sqlalchemy import Connection

from pipeline.database.connection import rows
from pipeline.errors import PermanentError
from pipeline.sources.mapping import (
    EVENT_TABLES,
    OPTIONAL,
    OPTIONAL_TABLES,
    REQUIRED,
    SourceMapping,
    SourceTable,
)

TENANT_ID_TYPES = ("uuid", "bigint", "integer", "text", "character varying")
TIME_TYPES = ("timestamp with time zone", "timestamp without time zone")
NUMBER_TYPES = ("smallint", "integer", "bigint", "real", "double precision", "numeric")
KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
NUMBER_COLUMNS = {"api_requests": ("status_code", "duration_ms"), "usage_records": ("amount",)}


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


@dataclass(frozen=True)
class FoundTable:
    """A source table as it is in the database; `types` by the contract's column names."""

    mapped: SourceTable
    relation: Relation
    types: Mapping[str, str]


def find_tables(connection: Connection, mapping: SourceMapping) -> dict[str, FoundTable]:
    """Give the source tables that exist, by contract name."""
    found = {}
    for name, mapped in mapping.tables.items():
        columns = rows(connection, "source/columns", schema=mapped.schema, table=mapped.table)
        if columns:
            first = columns[0]
            known = (*REQUIRED[name], *OPTIONAL.get(name, ()))
            types = {row.name: row.type for row in columns}
            found[name] = FoundTable(
                mapped=mapped,
                relation=Relation(first.oid, quoted(mapped.schema, mapped.table), first.kind),
                types={column: types[mapped.column(column)] for column in known if mapped.column(column) in types},
            )
    return found


def quoted(*names: str) -> str:
    """Quote an identifier, possibly qualified."""
    return Identifier(*names).as_string(None)


def check_tables(found: Mapping[str, FoundTable], mapping: SourceMapping) -> None:
    """Raise PermanentError for the first table, column or type that the work needs and that is not there."""
    for name, mapped in mapping.tables.items():
        if name not in found:
            if name in OPTIONAL_TABLES:
                continue
            raise PermanentError(
                f"{name}: there is no table {quoted(mapped.schema, mapped.table)}. "
                f"Create it, or name yours: [source.{name}] table = ... in the file that TENANTCAST_CONFIG names."
            )
        _check_columns(found[name])
    _check_tenant_ids(found)


def _check_columns(table: FoundTable) -> None:
    name, relation = table.mapped.name, table.relation.name
    for column in REQUIRED[name]:
        if column not in table.types:
            raise PermanentError(
                f"{name}.{column}: table {relation} has no column {quoted(table.mapped.column(column))}. "
                f'Name yours: [source.{name}] {column} = "..." in the file that TENANTCAST_CONFIG names.'
            )
    if name in EVENT_TABLES:
        check_kind(table, table.relation)
        _check_type(table, "created_at", TIME_TYPES)
        for column in NUMBER_COLUMNS[name]:
            _check_type(table, column, NUMBER_TYPES)


def check_kind(table: FoundTable, relation: Relation) -> None:
    """Raise PermanentError where a relation cannot carry the marking triggers."""
    if relation.kind in ("r", "p"):
        return
    name, kind = table.mapped.name, KINDS.get(relation.kind, "no table")
    if relation.oid == table.relation.oid:
        raise PermanentError(
            f"{name}: {relation.name} is {kind}; changes can be marked on tables only. "
            f"Name the table beneath it: [source.{name}] table = ... in the file that TENANTCAST_CONFIG names."
        )
    raise PermanentError(
        f"{name}: partition {relation.name} is {kind}; changes can be marked on tables only. "
        "Detach it, or copy its rows into a partition that is a table."
    )


def _check_type(table: FoundTable, column: str, allowed: tuple[str, ...]) -> None:
    if _base(table.types[column]) not in allowed:
        raise PermanentError(
            f"{table.mapped.name}.{column}: column {quoted(table.mapped.column(column))} of {table.relation.name} "
            f"is {table.types[column]}; it must be one of {', '.join(allowed)}."
        )


def _check_tenant_ids(found: Mapping[str, FoundTable]) -> None:
    wanted = tenant_id_type(found)
    for name, table in found.items():
        column = "id" if name == "tenants" else "tenant_id"
        if column in table.types and _base(table.types[column]) != wanted:
            raise PermanentError(
                f"{name}.{column} is {table.types[column]}, tenants.id is {wanted}: they must be of one type. "
                f'Alter one of them, or name another column: [source.{name}] {column} = "..."'
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
