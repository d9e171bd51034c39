"""Fills the `@names` of definitions: identifiers and types of the user's tables, quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.database.queries import source
from pipeline.sources.catalog import FoundTable, quoted, tenant_id_type
from pipeline.sources.mapping import OPTIONAL, REQUIRED, SourceMapping

ZONELESS = ("date", "timestamp without time zone")
NAME = re.compile(r"@([a-z_]+)")


def render(name: str, names: Mapping[str, str]) -> str:
    """Give `sql/<name>.sql` with every `@name` filled in; longest names first, so `@id` never cuts `@id_type`."""
    return NAME.sub(lambda match: _longest(match[1], names), source(name))


def _longest(word: str, names: Mapping[str, str]) -> str:
    for end in range(len(word), 0, -1):
        if word[:end] in names:
            return names[word[:end]] + word[end:]
    raise KeyError(word)


def trial_names(mapping: SourceMapping, tenant_type: str) -> dict[str, str]:
    """Names for the trial's tables."""
    tables = {name: quoted(table.schema, table.table) for name, table in mapping.tables.items()}
    return {"schema": quoted(mapping.schema), "tenant_id_type": tenant_type, **tables}


def state_names(found: Mapping[str, FoundTable]) -> dict[str, str]:
    """Names for definitions of ours that carry a tenant's id."""
    return {"tenant_id_type": tenant_id_type(found)}


def table_names(table: FoundTable, found: Mapping[str, FoundTable]) -> dict[str, str]:
    """Names for what reads or marks one source table: its columns, its types, itself."""
    mapped = table.mapped
    columns = {column: quoted(mapped.column(column)) for column in table.types}
    types = {f"{column}_type": given for column, given in table.types.items()}
    names = state_names(found) | columns | types | {mapped.name: table.relation.name, "source": mapped.name}
    if mapped.name == "tenants":
        names["timezone"] = f"t.{columns['timezone']}::text" if "timezone" in columns else "null::text"
        names["deleted_at"] = f"t.{columns['deleted_at']}" if "deleted_at" in columns else "null"
    return names


def names_of(name: str, found: Mapping[str, FoundTable]) -> dict[str, str]:
    """Names for what reads a table whole: a column that is not there reads as null, a table that is not there as empty.

    Times without a zone are UTC.
    """
    columns = dict.fromkeys((*REQUIRED[name], *OPTIONAL.get(name, ())), "null")
    names = state_names(found) | columns | {name: "(select where false) as absent"}
    if name not in found:
        return names
    table = found[name]
    present = {column: _as_time(table, column) for column in table.types}
    return names | present | {name: table.relation.name}


def _as_time(table: FoundTable, column: str) -> str:
    name = quoted(table.mapped.column(column))
    return f"({name}::timestamp at time zone 'UTC')" if table.types[column] in ZONELESS else name
