"""Raw rows of a tenant in the tables of the SaaS: deleted only when asked for, some at a time."""

from __future__ import annotations

from sqlalchemy import TextClause, text

from pipeline.errors import PermanentError
from pipeline.forgetting.receipt import Receipt
from pipeline.forgetting.subject import Subject
from pipeline.forgetting.texts import unnamed
from pipeline.installation import Installation
from pipeline.sources.catalog import FoundTable, find_tables, quoted
from pipeline.sources.known import require_known
from pipeline.sources.mapping import EVENT_TABLES
from pipeline.sources.naming import render

AT_A_TIME = 10_000
OWNED = (*EVENT_TABLES, "quotas", "subscriptions", "tenants")  # what refers to a tenant before the tenant


def delete_raw_rows(installation: Installation, subject: Subject, receipt: Receipt) -> None:
    """Delete them table by table, each step a transaction of its own; where one is refused, the receipt says why."""
    receipt.raw_left.clear()
    for table in raw_tables(installation):
        name = table.mapped.name
        try:
            _delete(installation, table, subject, receipt)
        except PermanentError as error:
            receipt.raw_left[name] = unnamed(str(error), subject)


def count_raw_rows(installation: Installation, subject: Subject) -> dict[str, int]:
    """Give how many rows each of the tables holds of the tenant."""
    found = {}
    with installation.database.transaction() as connection:
        for table in raw_tables(installation):
            statement = _statement("forget/raw_rows", table)
            found[table.mapped.name] = int(connection.execute(statement, {"tenant": subject.typed}).scalar_one())
    return {name: count for name, count in found.items() if count}


def _delete(installation: Installation, table: FoundTable, subject: Subject, receipt: Receipt) -> None:
    name = table.mapped.name
    by_time = name in EVENT_TABLES
    statement = _statement("forget/delete_raw_events" if by_time else "forget/delete_raw_rows", table)
    values = {"tenant": subject.typed} | ({"most": AT_A_TIME} if by_time else {})
    with installation.progress.step(f"Deleting from {name}", unit="raw rows") as step:
        while True:
            with installation.database.transaction() as connection:
                deleted = connection.execute(statement, values).rowcount
                if not deleted:
                    return
                receipt.raw[name] += deleted
                receipt.note(connection)
            step.advance(deleted)


def raw_tables(installation: Installation) -> list[FoundTable]:
    """Give the tables that have rows of a tenant's own; raises PermanentError where `init` has noted others."""
    with installation.database.transaction() as connection:
        require_known(connection, installation.settings.source)
        found = find_tables(connection, installation.settings.source)
    return [found[name] for name in OWNED if name in found]


def _statement(name: str, table: FoundTable) -> TextClause:
    """Fill in the names; a colon within one is no bound value."""
    owner = "id" if table.mapped.name == "tenants" else "tenant_id"
    names = {
        "relation": table.relation.name,
        "tenant_id": quoted(table.mapped.column(owner)),
        "created_at": quoted(table.mapped.column("created_at")) if table.mapped.name in EVENT_TABLES else "",
    }
    return text(render(name, {word: given.replace(":", "\\:") for word, given in names.items()}))
