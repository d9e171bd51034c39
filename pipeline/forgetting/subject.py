"""Who is to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.publish.keys import tenant_keys
from pipeline.sources import identity
from pipeline.why.reading import read_account


@dataclass(frozen=True)
class Subject:
    """A tenant: its id as text and in its own type, what it is called, the keys of its folders."""

    id: str
    typed: Any
    names: tuple[str, ...]
    keys: tuple[str, ...]
    files: int


def find_subject(installation: Installation, tenant: str) -> Subject:
    """Find a tenant that is known, has rows that were rolled up, or was forgotten; raises PermanentError for others."""
    with installation.database.transaction() as connection:
        kind = execute(connection, "ledger/tenant_id").scalar_one()
        typed = identity.typed(tenant, kind)
        subject = None if typed is None else _read(connection, installation, typed)
    if subject is None:
        read_account(installation, tenant)  # says that nobody knows it, and which ids are close to it
        raise PermanentError(f"Tenant {tenant!r} holds nothing that could be erased.")
    return subject


def _read(connection: Connection, installation: Installation, typed: Any) -> Subject | None:
    standing = execute(connection, "forget/standing", tenant=typed).one()
    if standing.is_stand_in:
        raise PermanentError(f"{typed} is no tenant: it stands for one that was forgotten, and holds sums alone.")
    held = rows(connection, "forget/erase", tenant=typed, only_count=True)
    known = rows(connection, "forget/known", id=str(typed))
    if not (held or known or standing.in_tenants):
        return None
    generations = range(1, standing.generation + 1)
    return Subject(
        id=str(typed),
        typed=typed,
        names=tuple(row.name for row in rows(connection, "forget/names", tenant=typed)),
        keys=tuple(key for number in generations for key in tenant_keys(installation, str(typed), number)),
        files=standing.files,
    )
