"""Whose database it is: the demo works on tables that it filled itself, and on no others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.database.connection import define, execute
from pipeline.database.queries import source
from pipeline.demo.world import Parameters, World
from pipeline.demo.write import qualified, statement
from pipeline.errors import BusyError, PermanentError
from pipeline.sources.catalog import check_tables, find_tables, tenant_id_type
from pipeline.sources.mapping import SourceMapping, SourceTable
from pipeline.sources.naming import render, trial_names

MARKER = "pipeline.demo"


@dataclass(frozen=True)
class Marker:
    """What the source tables hold: which simulated SaaS, and how far it is loaded (None: not at all)."""

    parameters: Parameters
    starts_at: datetime
    loaded_through: datetime | None


def find_marker(connection: Connection) -> Marker | None:
    """Give the marker of this database; None where the demo has never been."""
    if not _exists(connection, MARKER):
        return None
    row = execute(connection, "demo/read").one_or_none()
    if row is None:
        return None
    return Marker(Parameters(row.seed, row.scale, row.tenants, row.days), row.starts_at, row.loaded_through)


def refuse_foreign(connection: Connection, tables: SourceMapping) -> None:
    """Refuse source tables that hold rows although the demo has never been here."""
    for table in tables.tables.values():
        if not _exists(connection, qualified(table)):
            continue
        if connection.execute(statement("any_row", table)).scalar_one():
            raise PermanentError(
                f"demo: the table {_shown(table)} has rows that are not the demo's, and it fills only "
                "tables of its own. Give it another database (TENANTCAST_DATABASE_URL), "
                "and another TENANTCAST_HOME with it."
            )


def create_tables(connection: Connection, tables: SourceMapping) -> None:
    """Create the source tables where they are missing; mapped ones have to be there, as for `init`."""
    if tables.is_default:
        found = find_tables(connection, tables)
        define(connection, render("source/tables", trial_names(tables, tenant_id_type(found))))
    check_tables(find_tables(connection, tables), tables)


def rolled_through(connection: Connection) -> datetime | None:
    """Give the end of the last hour that is rolled up; None where nothing ever was."""
    if not _exists(connection, "pipeline.progress"):
        return None
    found: datetime | None = execute(connection, "demo/rolled_through").scalar_one_or_none()
    return found


def begin(connection: Connection, tables: SourceMapping, world: World) -> None:
    """Empty the source tables of the demo's earlier rows, and note the new beginning."""
    define(connection, source("demo/table"))
    for table in tables.tables.values():
        connection.execute(statement("empty", table))
    execute(connection, "demo/begin", **asdict(world.parameters), starts_at=world.starts_at)


def refuse_strangers(connection: Connection, tables: SourceMapping, world: World) -> None:
    """Refuse to empty tables that hold, beside the demo's, rows of tenants that it did not make."""
    for name in ("tenants", "subscriptions", "quotas", "api_requests", "usage_records"):
        known = {"known": list(world.ids)}
        if connection.execute(statement("strangers", tables[name]), known).scalar_one():
            raise PermanentError(
                f"demo: the table {_shown(tables[name])} has rows of tenants that the demo did not make; "
                "to start anew, it would have to empty it. Remove them, repeat the demo with the arguments "
                "it had, or give it another database."
            )


def advance(connection: Connection, since: datetime | None, until: datetime) -> None:
    """Note, in the transaction of the rows themselves, that they are loaded up to `until`."""
    if execute(connection, "demo/advance", since=since, until=until).rowcount != 1:
        raise BusyError("Another demo is filling this database at this moment; nothing was added twice.")


def begin_changes(connection: Connection, until: datetime) -> bool:
    """Note, in the transaction of the changes themselves, that they are made; False where they were before."""
    return execute(connection, "demo/changed", until=until).rowcount == 1


def _exists(connection: Connection, name: str) -> bool:
    return bool(execute(connection, "demo/relation", relation=name).scalar_one())


def _shown(table: SourceTable) -> str:
    return f"{table.schema}.{table.table}"
