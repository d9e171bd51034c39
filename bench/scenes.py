"""Databases with made-up rows, on a durable cluster of their own under var/bench-postgres; dropped at the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.measuring import say
from bench.statements import FEW_EACH, ROWS, TABLES
from pipeline.database import embedded
from pipeline.demo.scenario import simulate
from pipeline.demo.world import Parameters
from pipeline.installation import Installation
from pipeline.rollups.report import RollReport
from pipeline.rollups.tick import roll
from pipeline.settings import ROOT, load_settings
from pipeline.sources.install import install

HOUR = timedelta(hours=1)
END = datetime(2026, 3, 1, tzinfo=UTC)
CLUSTER = ROOT / "var" / "bench-postgres"
DAYS = 30
TENANTS = 2_000


@dataclass
class Scene:
    """One database: `days` of requests that end at END, set up by `init`; `through` is what has been rolled up."""

    installation: Installation
    connection: psycopg.Connection[Any]
    days: float
    rows: int
    through: datetime | None = None

    @property
    def start(self) -> datetime:
        """The time of the first row."""
        return END - timedelta(days=self.days)

    def add(self, rows: int, start: datetime, end: datetime) -> None:
        """Insert rows, spread evenly over [start, end)."""
        self.connection.execute(ROWS, {"rows": rows, "tenants": TENANTS, "start": start, "end": end})

    def roll(self, through: datetime) -> RollReport:
        """Tick, without its progress."""
        with quiet():
            report = roll(self.installation, through)
        self.through = through
        return report


class Scenes:
    """Makes scenes when they are first asked for, and drops them all at the end."""

    def __init__(self, rows: int, tenants: int = TENANTS) -> None:
        self.rows, self.tenants = rows, tenants
        self.made: dict[float, Scene] = {}
        self.stack = ExitStack()

    def __enter__(self) -> Scenes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    @property
    def rows_an_hour(self) -> int:
        """How many requests one hour has, in every scene."""
        return max(1, self.rows // (DAYS * 24))

    def full(self) -> Scene:
        """A scene with all rows; the first to ask finds it not rolled up yet."""
        return self._of(DAYS)

    def rolled(self, share: float = 1.0) -> Scene:
        """A scene with the last part of the days, rolled up, vacuumed and analyzed."""
        scene = self._of(DAYS * share)
        if scene.through is None:
            say(f"rolling up {scene.rows:,} rows")
            scene.roll(END)
        scene.connection.execute("vacuum analyze")
        scene.connection.execute("checkpoint")
        return scene

    def _of(self, days: float) -> Scene:
        if days not in self.made:
            self.made[days] = self.stack.enter_context(_made(f"bench_{len(self.made)}", days, self.rows))
        return self.made[days]


@contextmanager
def _made(name: str, days: float, rows_in_all: int) -> Iterator[Scene]:
    rows = max(1, round(rows_in_all * days / DAYS))
    with database(name) as (address, connection), tempfile.TemporaryDirectory(prefix="bench-") as home:
        say(f"{name}: inserting {rows:,} rows")
        connection.execute(TABLES)
        scene = Scene(installation_on(address, home), connection, days, rows)
        scene.add(rows, scene.start, END)
        connection.execute(
            "insert into tenants (id, name, plan) select distinct tenant_id, 'T', 'pro' from api_requests"
        )
        connection.execute("vacuum analyze api_requests")
        with quiet():
            install(scene.installation)
        connection.execute("checkpoint")
        try:
            yield scene
        finally:
            scene.installation.database.engine.dispose()


@contextmanager
def demo(name: str, scale: float, *, tenants: int = Parameters.tenants) -> Iterator[Installation]:
    """An installation with the demo's SaaS, published; its files are in a folder that goes with it."""
    with database(name) as (address, _), tempfile.TemporaryDirectory(prefix="bench-") as home:
        installation = installation_on(address, home)
        try:
            with quiet():
                simulate(installation, Parameters(scale=scale, tenants=tenants), END, leave_changes=False)
            yield installation
        finally:
            installation.database.engine.dispose()


@contextmanager
def sparse(name: str, tenants: int) -> Iterator[tuple[Installation, psycopg.Connection[Any]]]:
    """An installation of many tenants with four rows each, none in the last days, set up and not rolled up."""
    with database(name) as (address, connection), tempfile.TemporaryDirectory(prefix="bench-") as home:
        say(f"{name}: {tenants:,} tenants")
        connection.execute(TABLES)
        connection.execute(FEW_EACH, {"tenants": tenants, "end": END})
        connection.execute(
            "insert into tenants (id, name, plan) select distinct tenant_id, 'T', 'pro' from api_requests"
        )
        connection.execute("vacuum analyze api_requests")
        installation = installation_on(address, home)
        try:
            with quiet():
                install(installation)
            yield installation, connection
        finally:
            installation.database.engine.dispose()


@contextmanager
def database(name: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """An empty database of that name: its address, and a connection to it; dropped at the end."""
    server = embedded.start(CLUSTER).replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as maintenance:
        maintenance.execute(f"drop database if exists {name} with (force)".encode())
        maintenance.execute(f"create database {name}".encode())
        address = f"{server.rsplit('/', 1)[0]}/{name}"
        try:
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("set timezone = 'UTC'")
                yield address, connection
        finally:
            maintenance.execute(f"drop database if exists {name} with (force)".encode())


def installation_on(address: str, home: str) -> Installation:
    """An installation on that database."""
    settings = {"TENANTCAST_DATABASE_URL": address, "TENANTCAST_SECRET": "b" * 32, "TENANTCAST_HOME": home}
    return Installation(load_settings(settings))


def quiet() -> redirect_stderr[Any]:
    """Keep the progress of the measured verbs off the table."""
    return redirect_stderr(Path(os.devnull).open("w", encoding="utf-8"))
