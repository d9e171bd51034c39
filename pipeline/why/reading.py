"""Reads all there is to say of one tenant's files, in one snapshot; the store is asked for what readers get."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import orjson
from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.errors import PermanentError, TenantcastError
from pipeline.installation import Installation
from pipeline.publish.due import STATUS
from pipeline.publish.keys import public_name, without_keys
from pipeline.runs import hour_of, require_installed
from pipeline.sources import identity
from pipeline.sources.catalog import find_tables, partitions
from pipeline.sources.mapping import EVENT_TABLES
from pipeline.why.account import Account, Dashboard, Files, Holding, LastRun, Marks, Queue, Rejected, Status, Stored

CLOSE = 5


def read_account(installation: Installation, tenant: str) -> Account:
    """Read all of it; raises PermanentError for a tenant that nobody knows, with ids that are close to it."""
    require_installed(installation.database)
    with installation.database.transaction("REPEATABLE READ") as connection:
        kind = execute(connection, "ledger/tenant_id").scalar_one()
        typed = identity.typed(tenant, kind)
        account = None if typed is None else _read(installation, connection, tenant, typed)
        if account is None or not (account.in_tenants or account.seen or account.has_rows):
            raise _unknown(connection, tenant, kind)
    return account


def _unknown(connection: Connection, tenant: str, kind: str) -> PermanentError:
    named = {row.id: row.name for row in rows(connection, "why/similar")}
    spoken = {word.casefold(): each for each, name in named.items() for word in (each, name or each)}
    close = [spoken[word] for word in get_close_matches(tenant.casefold(), spoken, n=CLOSE)]
    meant = ", ".join(dict.fromkeys(f"{each} ({named[each]})" for each in close))
    hint = f" Close to it: {meant}." if meant else ""
    return PermanentError(
        f"Tenant {tenant!r}: nobody knows it. It is not in tenants, and no row that was rolled up or waits is "
        f"of it. Ids are {kind}.{hint}"
    )


def _read(installation: Installation, connection: Connection, tenant: str, typed: Any) -> Account:
    platform = execute(connection, "why/platform").one()
    timezone = installation.settings.timezone
    state = dict(execute(connection, "why/tenant", tenant=typed, timezone=timezone).one()._mapping)
    state["failure"] = without_keys(state["failure"]) if state["failure"] else None
    through = platform.data_through or hour_of(platform.now)
    last_day = execute(connection, "why/last_day", tenant=typed, through=through).one()
    dashboard, key = _dashboard(installation, connection, typed)
    waiting = rows(connection, "why/marks", tenant=typed, through=hour_of(platform.now))
    return Account(
        tenant=tenant,
        now=platform.now,
        **{name: value for name, value in state.items() if name != "zone"},
        data_through=platform.data_through,
        announced_through=platform.published_through,
        status=_status(installation, key),
        dashboard=dashboard,
        stored=[Stored(**row._mapping) for row in rows(connection, "why/stored", tenant=typed)],
        requests_last_day=last_day.requests,
        endpoints_last_day=last_day.endpoints,
        marks=[Marks(**row._mapping) for row in waiting],
        queue=Queue(**execute(connection, "why/queue", tenant=typed).one()._mapping),
        holding=_holding(installation, connection),
        files=[Files(**row._mapping) for row in rows(connection, "why/files", tenant=typed)],
        rejected=[Rejected(**row._mapping) for row in rows(connection, "why/rejected", tenant=typed, now=platform.now)],
        runs=[_run(row._mapping) for row in rows(connection, "why/runs")],
    )


def _holding(installation: Installation, connection: Connection) -> list[Holding]:
    found = find_tables(connection, installation.settings.source)
    tables = [found[name] for name in EVENT_TABLES if name in found]
    oids = [relation.oid for table in tables for relation in partitions(connection, table)]
    return [Holding(**row._mapping) for row in rows(connection, "why/holding", oids=oids)]


def _run(row: Mapping[Any, Any]) -> LastRun:
    return LastRun(**{**row, "error": without_keys(row["error"]) if row["error"] else None})


def _dashboard(installation: Installation, connection: Connection, typed: Any) -> tuple[Dashboard | None, str | None]:
    """Read the first screen that is up, and give its tenant's key beside it."""
    found = rows(connection, "why/dashboard", tenant=typed)
    if not found:
        return None, None
    row = found[0]
    document, problem = _document(installation, row.path)
    stamps = Dashboard(
        seq=row.seq,
        data_through=document.get("data_through"),
        written_at=row.written_at,
        problem=problem,
    )
    return stamps, row.path.split("/")[2]


def _status(installation: Installation, key: str | None) -> Status:
    document, problem = _document(installation, STATUS)
    return Status(
        seq=document.get("seq"),
        data_through=document.get("data_through"),
        published_at=document.get("published_at"),
        names_tenant=key is not None and public_name(key) in document.get("stale", []),
        problem=problem,
    )


def _document(installation: Installation, path: str) -> tuple[dict[str, Any], str | None]:
    """Read a published document; give what is wrong where it cannot be read."""
    try:
        content = installation.store.get(path)
        document = orjson.loads(gzip.decompress(content)) if content else None
    except TenantcastError as error:
        return {}, without_keys(str(error))
    except (OSError, EOFError, ValueError) as error:  # not gzip, not whole, not JSON
        return {}, f"it cannot be read: {without_keys(str(error))}"
    if not isinstance(document, dict):
        return {}, "it is not in the store"
    return document, None
