"""The ledger of the export, `pipeline.exports`: which file holds which part of which month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.errors import TransientError
from pipeline.export.parts import Part
from pipeline.installation import Installation
from pipeline.publish.due import places
from pipeline.publish.keys import export_folder
from pipeline.publish.sweeping import note_opened


@dataclass(frozen=True)
class Entry:
    """One file; `data_through` is how far the rollups were complete when its rows were last looked at."""

    path: str
    table_name: str
    month: str
    part: int
    digest: str
    rows: int
    bytes: int
    inexact: int
    data_through: datetime | None


class Ledger:
    """What is known of the files in one store, under the keys of one secret."""

    def __init__(self, installation: Installation, secret: bytes, place: str) -> None:
        self.database = installation.database
        self.folder = export_folder(secret)
        self.place = place

    def path(self, table: str, month: str, part: Part) -> str:
        """Give the path of a file under the store's root."""
        return f"{self.folder}/{table}/month={month}/{part.name}"

    def current(self, connection: Connection) -> Sequence[Entry]:
        """Read the files that hold something now."""
        return [Entry(**row._mapping) for row in rows(connection, "exports/current", place=self.place)]

    def plan(self, entry: Entry) -> None:
        """Note a file that is about to be written: whatever happens, the ledger knows each file in the store."""
        with self.database.transaction() as connection:
            note_opened(connection, [entry.path])
            execute(connection, "exports/plan", **asdict(entry), place=self.place)

    def record(self, table: str, month: str, entries: Sequence[Entry]) -> None:
        """Note that a month is in these files now, and in no others; in none, that it is gone."""
        paths = [entry.path for entry in entries]
        with self.database.transaction() as connection:
            execute(connection, "exports/supersede", place=self.place, table=table, month=month, paths=paths)
            for entry in entries:
                if not execute(connection, "exports/adopt", **asdict(entry), place=self.place).rowcount:
                    raise TransientError(f"Export of {table} {month}: a file was taken away meanwhile. Run it again.")

    def look(self, table: str, months: Sequence[str], through: datetime | None) -> None:
        """Note that months are as they were written."""
        with self.database.transaction() as connection:
            at = {"place": self.place, "data_through": through}
            execute(connection, "exports/look", table=table, months=list(months), **at)


def ledgers(installation: Installation) -> list[Ledger]:
    """Give the ledger under the secret, and after it that under the previous one while it is named.

    What was written under other secrets, or into another store, holds nothing any more.
    """
    at = places(installation)
    with installation.database.transaction() as connection:
        execute(connection, "exports/end", places=at)
    return [Ledger(installation, secret, place) for secret, place in zip(installation.secrets, at, strict=True)]
