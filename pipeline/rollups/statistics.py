"""What the planner knows of the tables: after a load or a first build nothing, until autovacuum has been there."""

from __future__ import annotations

from pipeline.database.connection import Database, define, rows
from pipeline.rollups.chunk import ROLLUPS
from pipeline.sources.mapping import SourceMapping


def analyze_raw(database: Database, mapping: SourceMapping) -> None:
    """Analyze the raw tables that have never been: without statistics, no index on time looks worth its cost.

    A role that may not do so gets a warning from the server, and worse plans until autovacuum has been there.
    """
    with database.autocommit() as connection:
        for source in ROLLUPS:
            column = mapping[source].column("created_at")
            for row in rows(connection, "source/unknown_times", source=source, created_at=column):
                define(connection, f"analyze {row.name}")


def analyze_rollups(database: Database) -> None:
    """Analyze what a first build has filled."""
    with database.autocommit() as connection:
        for hourly, daily, *_ in ROLLUPS.values():
            define(connection, f"analyze rollup.{hourly}")
            define(connection, f"analyze rollup.{daily}")
