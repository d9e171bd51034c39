"""The source tables of the contract, and the names they have in the user's own database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import SettingsError

REQUIRED: dict[str, tuple[str, ...]] = {
    "tenants": ("id", "name", "plan", "created_at"),
    "api_requests": ("id", "tenant_id", "endpoint", "status_code", "duration_ms", "created_at"),
    "usage_records": ("id", "tenant_id", "quota_type", "amount", "created_at"),
    "subscriptions": ("id", "tenant_id", "plan", "status"),
    "quotas": ("tenant_id", "quota_type", "limit_amount", "period"),
    "prices": ("item", "unit_size", "amount", "currency", "effective_from"),
    "fx_rates": ("base", "quote", "rate", "rate_date", "source"),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "tenants": ("timezone", "deleted_at"),
    "subscriptions": (
        "monthly_amount",
        "currency",
        "started_at",
        "ended_at",
        "trial_ends_at",
        "amount",
        "billing_interval",
    ),
    "quotas": ("anchor_day",),
    "prices": ("effective_to",),
}
EVENT_TABLES = ("api_requests", "usage_records")
BUSINESS_TABLES = ("subscriptions", "quotas", "prices", "fx_rates")
READ_TABLES = ("tenants", *EVENT_TABLES, *BUSINESS_TABLES)
OPTIONAL_TABLES = ("quotas", "prices", "fx_rates")
BODY_TAG = "$tenantcast$"  # where it stands in the body of one of our functions, the body ends


@dataclass(frozen=True)
class SourceTable:
    """Where one table of the contract lives: its schema, its name, and its columns by contract name."""

    name: str
    schema: str
    table: str
    columns: Mapping[str, str]

    def column(self, name: str) -> str:
        """Give the user's name of a contract column."""
        return self.columns.get(name, name)


@dataclass(frozen=True)
class SourceMapping:
    """All source tables; `schema` is where `init` creates the missing ones."""

    schema: str
    tables: Mapping[str, SourceTable]
    is_default: bool  # no table or column is renamed: what is missing may be created

    def __getitem__(self, name: str) -> SourceTable:
        return self.tables[name]


def parse_mapping(given: Mapping[str, Any]) -> SourceMapping:
    """Read the `[source]` part of the settings file.

    `[source]` holds `schema`; `[source.api_requests]` holds `table`, `schema` and, for each column
    that has another name, `contract_name = "your_name"`.
    """
    schema = str(given.get("schema", "public"))
    unknown = [name for name in given if name != "schema" and name not in REQUIRED]
    if unknown:
        raise SettingsError(f"[source.{unknown[0]}]: no such table. Known: {', '.join(REQUIRED)}.")
    return SourceMapping(
        schema=schema,
        tables={name: _table(name, schema, given.get(name, {})) for name in REQUIRED},
        is_default=not any(name in REQUIRED for name in given),
    )


def _table(name: str, schema: str, given: Any) -> SourceTable:
    if not isinstance(given, Mapping):
        raise SettingsError(f"[source.{name}]: expected a table with the keys table, schema and column names.")
    columns = (*REQUIRED[name], *OPTIONAL.get(name, ()))
    unknown = [key for key in given if key not in ("table", "schema", *columns)]
    if unknown:
        raise SettingsError(
            f"[source.{name}] {unknown[0]}: no such column. Known: {', '.join(columns)} (and table, schema)."
        )
    for key, value in {"schema": schema, **given}.items():
        if BODY_TAG in str(value):
            raise SettingsError(f"[source.{name}] {key}: no name may hold {BODY_TAG}. Rename it in the database.")
    return SourceTable(
        name=name,
        schema=str(given.get("schema", schema)),
        table=str(given.get("table", name)),
        columns={column: str(given[column]) for column in columns if column in given},
    )
