"""What checks judge by beside their own rows, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database import migrations
from pipeline.database.connection import execute
from pipeline.doctor.finding import Finding
from pipeline.installation import Installation
from pipeline.mrr.definition import definition_of
from pipeline.publish.collecting import KEPT
from pipeline.runs import hour_of
from pipeline.settings import Settings
from pipeline.sources.catalog import FoundTable, Misfit, Relation, find_tables, partitions
from pipeline.sources.known import elsewhere
from pipeline.sources.mapping import EVENT_TABLES

HOUR = timedelta(hours=1)
EVER = datetime(1, 1, 2, tzinfo=UTC)
LATE = 2 * HOUR  # an hourly tick has been missed, and the next one as well


@dataclass(frozen=True)
class Facts:
    """The installation as far as it could be read: settings, source tables with all their partitions, progress."""

    settings: Settings
    now: datetime
    found: Mapping[str, FoundTable]
    trees: Mapping[str, Sequence[Relation]]  # of the event tables, each with its partitions
    role: str
    database: str
    schema_version: int | None = None  # None: `init` has not been here
    data_through: datetime | None = None
    moved: tuple[Misfit, ...] = ()  # tables that are not those that `init` has noted
    hours_from: datetime | None = None  # what lies before has been dropped

    @property
    def through(self) -> datetime:
        """The end of the last hour that is over."""
        return hour_of(self.now)

    @property
    def is_watched(self) -> bool:
        """Whether triggers mark what changes; else ticks compare the last hours of a source that is only read."""
        return self.settings.marking == "triggers"

    @property
    def raw_oids(self) -> list[int]:
        """The event tables and all their partitions, where they are tables."""
        relations = [relation for tree in self.trees.values() for relation in tree]
        return [relation.oid for relation in relations if relation.kind in ("r", "p")]

    @property
    def is_late(self) -> bool:
        """Whether ticks are missing, so that all else waits for them."""
        return self.data_through is None or self.now - self.data_through >= LATE

    @property
    def week(self) -> date:
        """The day seven days before the end of what is rolled up: a database that shows the past is judged by it."""
        return (min(self.now, self.data_through or self.now) - timedelta(days=7)).date()


Judge = Callable[[Sequence[Row[Any]], Facts], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """One check: the statement `sql/<statement>.sql`, the facts that it is bound to, and the judge of its rows."""

    name: str
    statement: str
    judge: Judge
    bound: tuple[str, ...] = ()

    def values(self, facts: Facts) -> dict[str, Any]:
        """Give the bound values."""
        known: dict[str, Callable[[], Any]] = {
            "oids": lambda: facts.raw_oids,
            "now": lambda: facts.now,
            "through": lambda: facts.through,
            "week": lambda: facts.week,
            "currency": lambda: facts.settings.currency,
            "statuses": lambda: list(definition_of(facts.settings.mrr_definition).statuses),
            "not_before": lambda: _kept_from(facts),
            "kept": lambda: KEPT,
        }
        return {name: known[name]() for name in self.bound}


def _kept_from(facts: Facts) -> datetime:
    """Give from when on a deleted raw row takes its place in the rollups along."""
    days = facts.settings.raw_horizon_days
    horizon = hour_of(facts.now - timedelta(days=days)) + HOUR if days else EVER
    return max(horizon, facts.hours_from or EVER)


def read_facts(installation: Installation, connection: Connection, at: datetime | None) -> Facts:
    """Read them, as of `at`, by default now."""
    server = execute(connection, "doctor/server").one()
    found = find_tables(connection, installation.settings.source)
    trees = {name: partitions(connection, found[name]) for name in EVENT_TABLES if name in found}
    version = migrations.installed(connection)
    progress = execute(connection, "doctor/progress").one() if version == migrations.latest() else None
    return Facts(
        settings=installation.settings,
        now=at or server.now,
        found=found,
        trees=trees,
        role=server.role,
        database=server.database,
        schema_version=version,
        data_through=progress.data_through if progress else None,
        hours_from=progress.hours_from if progress else None,
        moved=tuple(misfit for _, misfit in elsewhere(connection, installation.settings.source)) if progress else (),
    )
