"""Partitions that the SaaS made or attached since `init`: they get triggers, and their rows are marked."""

from __future__ import annotations

from pipeline.database.connection import Database
from pipeline.sources.catalog import check_tables, find_tables
from pipeline.sources.install import InstallReport, watch
from pipeline.sources.mapping import EVENT_TABLES, SourceMapping


def adopt_partitions(database: Database, mapping: SourceMapping) -> InstallReport:
    """Watch every partition that is not watched yet; also checks that the source is still as it must be."""
    report = InstallReport()
    with database.transaction() as connection:
        found = find_tables(connection, mapping)
        check_tables(found, mapping)
    for name in EVENT_TABLES:
        watch(database, found, name, report)
    return report
