"""The receipt of an erasure: what was removed, what stays without a name, until when copies can be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import Database, execute, rows
from pipeline.installation import Installation
from pipeline.layout import counted
from pipeline.runs import json_time, require_installed
from pipeline.sources import identity

UNDONE = "not run yet"
COUNTED = ("rows", "kept", "raw")
SUMMED = ("files", "platform_files", "export_files", "texts")


@dataclass
class Receipt:
    """Names nobody: `tenant` is a keyed hash. `kept` are rows that stay under a random id, `raw_left` why some stay.

    `texts` are entries of the ledgers of runs, loads and repricings that named the tenant.
    """

    tenant: str = ""
    complete: bool = False
    rows: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    raw: Counter[str] = field(default_factory=Counter)
    raw_left: dict[str, str] = field(default_factory=dict)
    files: int = 0
    platform_files: int = 0
    export_files: int = 0
    texts: int = 0
    edge_until: str | None = None
    invalidation: str = UNDONE

    def to_json(self) -> dict[str, Any]:
        """Give the receipt as JSON has it."""
        named = {name: dict(sorted(getattr(self, name).items())) for name in COUNTED}
        return {**vars(self), **named}

    def add_earlier(self, found: Mapping[str, Any]) -> None:
        """Go on with what an earlier run has noted: what it removed was removed."""
        for name in COUNTED:
            getattr(self, name).update(found.get(name, {}))
        for name in SUMMED:
            setattr(self, name, getattr(self, name) + found.get(name, 0))
        self.edge_until = found.get("edge_until")
        self.invalidation = found.get("invalidation", UNDONE)

    def note(self, connection: Connection, paths: Sequence[str] = ()) -> None:
        """Write down what has been removed so far, with what removes it, and which paths the edge is to be told of."""
        given = {"digest": self.tenant, "receipt": json.dumps(self.to_json()), "paths": list(paths)}
        execute(connection, "forget/note", **given)

    def finish(self, database: Database) -> None:
        """Write down how it ended."""
        with database.transaction() as connection:
            given = {"digest": self.tenant, "receipt": json.dumps(self.to_json())}
            execute(connection, "forget/finish", **given, complete=self.complete)

    def removed_at(self, at: datetime) -> None:
        """Note until when what was just removed can still be read at an edge."""
        self.edge_until = json_time(at)


def read_receipt(installation: Installation, tenant: str) -> dict[str, Any] | None:
    """Give the receipt of a tenant that was forgotten, with when that was; None for any other."""
    require_installed(installation.database)
    with installation.database.transaction() as connection:
        kind = execute(connection, "ledger/tenant_id").scalar_one()
        found = rows(connection, "forget/known", id=str(identity.typed(tenant, kind)))
    if not found:
        return None
    return {
        **Receipt(tenant=found[0].digest).to_json(),
        **found[0].receipt,
        "forgotten_at": json_time(found[0].forgotten_at),
    }


def tell(found: Mapping[str, Any]) -> Iterator[str]:
    """Say a receipt to people."""
    yield f"receipt for tenant {found['tenant']} (a keyed hash of its id)"
    for name, count in found["rows"].items():
        yield f"  erased: {name}, {counted(count, 'row')}"
    for name, count in found["raw"].items():
        yield f"  erased from the source: {name}, {counted(count, 'row')}"
    for name, why in found["raw_left"].items():
        yield f"  NOT erased from the source: {name}: {why}"
    for name, count in found["kept"].items():
        yield f"  stays under a random id: {name}, {counted(count, 'row')}"
    yield (
        f"  files removed: {found['files']:,} of the tenant, {found['platform_files']:,} older ones of the platform, "
        f"{found['export_files']:,} older ones of the export"
    )
    yield f"  entries of ledgers that named it: {found['texts']:,}"
    yield f"  an edge may hold copies until {found['edge_until']}; invalidation: {found['invalidation']}"
    yield "all is erased" if found["complete"] else "NOT all is erased yet: run forget again"
