"""The end of a rotation of the secret: what is left under the keys of earlier ones goes at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipeline.database.connection import execute
from pipeline.errors import SettingsError
from pipeline.export.exporting import alone, collect_exports
from pipeline.installation import Installation
from pipeline.publish.caching import EDGE
from pipeline.publish.collecting import collect
from pipeline.publish.due import adopt_version, places
from pipeline.publish.publisher import slots_awaited, still_held
from pipeline.publish.status import LEDGERS
from pipeline.runs import clock, json_time, require_installed


@dataclass(frozen=True)
class Closing:
    """How many files are gone, how many stay because nothing is up in their place, and until when an edge may show any.

    What stays goes with a later run, once the tenant has files under its new address.
    """

    removed: int
    left: int
    readable_until: datetime

    def to_json(self) -> dict[str, Any]:
        """Give the closing as JSON has it."""
        return asdict(self) | {"readable_until": json_time(self.readable_until)}


def close_former(installation: Installation) -> Closing:
    """Take away at once all that is under the keys of earlier secrets; raises SettingsError while one is still named.

    Waits for the publisher that may be at work, and raises BusyError where it, or an export, does not end. Killed, it
    can simply be asked for again, and each run does a part of it.
    """
    if installation.settings.previous_secret:
        raise SettingsError(
            "TENANTCAST_PREVIOUS_SECRET is still set, so the next run would write under its keys again. Unset it here "
            "and where the runs are scheduled, then end the rotation."
        )
    database, at = installation.database, places(installation)
    require_installed(database)
    removed = 0
    otherwise = "The addresses of the earlier secret are still open: end the rotation again."
    with slots_awaited(database, otherwise=otherwise) as holder, alone(database) as exports:
        with database.transaction() as connection:
            adopt_version(connection, installation)
            execute(connection, "former/close_files")
            execute(connection, "former/close_platform_files")
            execute(connection, "former/close_exports", places=at)
        for ledger in LEDGERS:
            while taken := collect(installation, ledger, still_held=lambda: still_held(holder)):
                removed += taken
        while taken := collect_exports(installation, exports):
            removed += taken
        with database.transaction() as connection:
            left: int = execute(connection, "former/left", places=at).scalar_one()
    return Closing(removed, left, clock(database) + EDGE)
