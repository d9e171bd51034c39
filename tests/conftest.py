"""A real PostgreSQL for every test: a database each, copied from a template that `init` made."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from pipeline.database import embedded
from pipeline.installation import Installation
from pipeline.settings import ROOT, load_settings

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
SHARED_DATA = ROOT.parent / "shared" / "data"


def _server_address() -> str:
    """The server under test: TEST_DATABASE_URL where it is set (PostgreSQL 15), the embedded one elsewhere."""
    given = os.environ.get("TEST_DATABASE_URL")
    return given or embedded.start(ROOT / "var" / "test-postgres", durable=False).replace("+psycopg", "")


@pytest.fixture(scope="session")
def server() -> str:
    """The address of the server's maintenance database."""
    return _server_address().rsplit("/", 1)[0] + "/postgres"


class Databases:
    """Makes and drops databases on the server under test."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.made: list[str] = []

    def make(self, template: str = "template0") -> str:
        """Create a database; give its address."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{template}" strategy file_copy')
        self.made.append(name)
        return f"{self.server.rsplit('/', 1)[0]}/{name}"

    def drop_all(self) -> None:
        """Drop all that was made."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            for name in self.made:
                connection.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture
def databases(server: str) -> Iterator[Databases]:
    """Fresh databases for one test, dropped after it."""
    made = Databases(server)
    yield made
    made.drop_all()


MakeInstallation = Callable[..., Installation]


@pytest.fixture
def blank(databases: Databases, tmp_path: Path) -> Installation:
    """An installation on an empty database, before `init`."""
    return installation_on(databases.make(), tmp_path)


def installation_on(address: str, home: Path, **more: str) -> Installation:
    """An installation whose settings are given, on the database at `address`."""
    given = {
        "TENANTCAST_DATABASE_URL": address,
        "TENANTCAST_SECRET": "0123456789abcdef0123456789abcdef",
        "TENANTCAST_HOME": str(home),
        **more,
    }
    return Installation(load_settings(given))


def environment_of(installation: Installation) -> dict[str, str]:
    """The environment in which `python -m pipeline` works on this installation."""
    settings = installation.settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENANTCAST_")}
    return kept | {
        "TENANTCAST_DATABASE_URL": str(settings.database_url).replace("+psycopg", ""),
        "TENANTCAST_SECRET": str(settings.secret),
        "TENANTCAST_HOME": str(settings.home),
        "TENANTCAST_STORE_URL": settings.store_url,
    }
