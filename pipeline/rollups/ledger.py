"""Keeps the ledger small: what a tick has taken is space for the next marks, without waiting for autovacuum."""

from __future__ import annotations

from pipeline.database.connection import Database, define

LEDGER = ("pipeline.marks", "pipeline.queue")
MANY = 1_000  # marks; fewer are left to autovacuum


def reuse_space(database: Database, marks: int) -> None:
    """Vacuum the ledger where many of its rows have just been taken.

    Writers do not wait for it: the end of the table is not cut off, and a table that somebody locks is passed over.
    """
    if marks < MANY:
        return
    with database.autocommit() as connection:
        for table in LEDGER:
            define(connection, f"vacuum (truncate off, skip_locked) {table}")
