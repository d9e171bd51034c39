"""Another address for one tenant, whose old one is known to somebody who should not know it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipeline.database.connection import execute, execute_many, rows
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.publish.caching import EDGE
from pipeline.publish.collecting import KEPT
from pipeline.publish.keys import Address, address, folder
from pipeline.publish.publisher import publish, slots_awaited, still_held
from pipeline.publish.sweeping import note_closed
from pipeline.runs import clock, json_time, require_installed

WAITING = "The address stays as it is: rotate it again once the publisher is done."


@dataclass(frozen=True)
class Rotation:
    """The new address, how many files are gone from the old ones, and until when those can still be read somewhere."""

    address: Address
    removed: int
    readable_until: datetime

    def to_json(self) -> dict[str, Any]:
        """Give the rotation as JSON has it."""
        return {
            **asdict(self.address),
            "removed": self.removed,
            "old_readable_until": json_time(self.readable_until),
        }


def rotate(installation: Installation, tenant_id: str, *, at_once: bool) -> Rotation:
    """Give a tenant another address, publish there, and with `at_once` take away what is under all older ones.

    Without, old files stay as they are until they are collected. Killed after the first step, the next publish does the
    second; the third is done by asking again. Raises PermanentError for a tenant that no tick has seen, and where
    nothing is up under the new address afterwards: then nothing has been taken away.
    """
    require_installed(installation.database)
    with slots_awaited(installation.database, otherwise=WAITING):
        _take_next_address(installation, tenant_id)
    publish(installation)
    found = address(installation, tenant_id)
    if installation.store.get(found.path) is None:
        raise PermanentError(
            f"Tenant {tenant_id!r} has a new address, but nothing could be published there, so its old files stay. "
            f"See why: python -m pipeline why {tenant_id}"
        )
    removed = _remove_replaced(installation, found) if at_once else 0
    return Rotation(found, removed, clock(installation.database) + (EDGE if at_once else KEPT))


def _take_next_address(installation: Installation, tenant_id: str) -> None:
    with installation.database.transaction() as connection:
        taken = rows(connection, "rotate/generation", id=tenant_id)
        for row in taken:
            execute(connection, "rotate/supersede", tenant=row.tenant_id)
            execute(connection, "published/again", tenant=row.tenant_id)
    if not taken:
        address(installation, tenant_id)  # says that it is not known


def _remove_replaced(installation: Installation, found: Address) -> int:
    """Remove files under older addresses, the dashboards first, while no publisher is at work."""
    with slots_awaited(installation.database, otherwise="The old files are still there: rotate again.") as holder:
        with installation.database.transaction() as connection:
            old = rows(connection, "rotate/replaced", id=found.tenant_id, folder=f"{folder(found.key)}/")
            note_closed(connection, [row.path for row in old])
        for row in old:
            installation.store.delete(row.path)
        still_held(holder)
        with installation.database.transaction() as connection:
            execute_many(connection, "collect/forget_files", [dict(row._mapping) for row in old])
    return len(old)
