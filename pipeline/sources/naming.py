"""Fills the `@names` of definitions: identifiers and types of the user's tables, quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.database.queries import source
from pipeline.sources.catalog import FoundTable, quoted, tenant_id_type
from pipeline.sources.mapping import SourceMapping

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
