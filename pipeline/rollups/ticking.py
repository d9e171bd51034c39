"""The one writer of rollups: who holds the tick's lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from pipeline.database.connection import Database, define
from pipeline.errors import BusyError


@contextmanager
def ticking(database: Database, *held: str) -> Iterator[Connection]:
    """One transaction as the only writer of rollups: the locks come first, then the snapshot.

    `held` are quoted names of raw tables. ACCESS SHARE, the lock of any reader, keeps a TRUNCATE, which ignores
    snapshots, from slipping in between.
    """
    with database.transaction("REPEATABLE READ") as connection:
        try:
            connection.exec_driver_sql("lock table pipeline.tick_lock in exclusive mode nowait")
            for table in held:
                define(connection, f"lock table {table} in access share mode")
        except OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise BusyError("Another tick is at work; it does what is due, there is nothing to do here.") from None
            raise
        yield connection
