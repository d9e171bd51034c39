"""A real PostgreSQL for every test: a database each, copied from a template that `init` made."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.database import embedded
from pipeline.installation import Installation
from pipeline.publish.due import documents_version
from pipeline.publish.keys import address
from pipeline.settings import ROOT, load_settings
from pipeline.sources.install import install
from tests.buckets import ALONE, CREDENTIALS, UNUSED, Bucket, running_moto
from tests.ceph import Ceph, running_ceph
from tests.contracts import Seen

pytest.register_assert_rewrite(
    "tests.browsing",
    "tests.checks",
    "tests.faults",
    "tests.history",
    "tests.horizon",
    "tests.mrr_sums",
    "tests.nginx",
    "tests.processes",
    "tests.working",
    "tests.writing",
)

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
LEAVE = "select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s)"
SHARED_DATA = ROOT.parent / "shared" / "data"


def pytest_configure() -> None:
    """Temporary folders lie in memory too: a run makes and removes more than a hundred thousand small files."""
    if folder := memory():
        folder.mkdir(exist_ok=True)
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The real traces may not be part of this repository: where they are not, their tests say so; in CI they must be."""
    if SHARED_DATA.exists() or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason=f"the real traces are not in {SHARED_DATA}"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failed run: what cannot be tested there has to be seen."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def stored() -> Seen:
    """What is put into stores in this process, by whomever."""
    seen = Seen()
    seen.hold_to_contract()
    return seen


@pytest.fixture(autouse=True)
def contract(stored: Seen, request: pytest.FixtureRequest) -> Iterator[None]:
    """Every file that is published in a test validates against its published schema.

    So does what another process has left in a folder of `ready`, or of what shares its home.
    """
    folder = request.getfixturevalue("tmp_path") if "ready" in request.fixturenames else None
    yield
    found = stored.take() + (stored.left_by_others(folder) if folder else [])
    assert not found, "\n".join(found[:5])


def _server_address() -> str:
    """The server under test: the embedded one, or that of TEST_POSTGRES, such as /usr/lib/postgresql/15."""
    other = os.environ.get("TEST_POSTGRES")
    folder = cluster_folder("test-postgres" + (f"-{Path(other).name}" if other else ""))
    address = embedded.start(folder, durable=False, programs=Path(other) if other else None)
    return address.replace("+psycopg", "")


def cluster_folder(name: str) -> Path:
    """Where the server under test keeps its files: in memory where there is room, else under var/.

    Thousands of temporary tables are made and dropped a minute: on ext4, much of a run went into looking for inodes.
    """
    return (memory() or ROOT / "var") / name


def memory() -> Path | None:
    """This checkout's folder in memory, where there is room."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    digest = hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]
    return MEMORY / f"tenantcast-{os.getuid()}-{digest}"


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
        """Drop all that was made.

        Who is still connected is shown out first: `with (force)` would wait a tenth of a second for that.
        """
        with psycopg.connect(self.server, autocommit=True) as connection:
            while connection.execute(LEAVE, [self.made]).fetchall():
                time.sleep(0.002)
            for name in self.made:
                connection.execute(f'drop database if exists "{name}" with (force)')


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running S3 server."""
    with running_moto(tmp_path_factory.mktemp("moto")) as address:
        yield address


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any word of AWS."""
    for name in UNUSED:
        monkeypatch.delenv(name, raising=False)
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def bucket(alone: pytest.MonkeyPatch, endpoint: str) -> Bucket:
    """A new bucket, and the environment in which the pipeline reaches it."""
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": endpoint}).items():
        alone.setenv(name, value)
    return Bucket(endpoint)


@pytest.fixture(params=["file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store of each kind."""
    if request.param == "file":
        return (tmp_path / "store").as_uri()
    bucket: Bucket = request.getfixturevalue("bucket")
    return f"s3://{bucket.name}/some/prefix"


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """A real S3 store that checks signatures, for tests that are `real`."""
    with running_ceph(tmp_path_factory.mktemp("ceph")) as store:
        yield store


@pytest.fixture
def databases(server: str) -> Iterator[Databases]:
    """Fresh databases for one test, dropped after it."""
    made = Databases(server)
    yield made
    made.drop_all()


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


def on(installation: Installation, store_url: str) -> Installation:
    """The same database with another store."""
    return installation_on(address_of(installation), installation.settings.home, TENANTCAST_STORE_URL=store_url)


def environment_of(installation: Installation) -> dict[str, str]:
    """The environment in which `python -m pipeline` works on this installation."""
    settings = installation.settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENANTCAST_")}
    return kept | {
        "TENANTCAST_DATABASE_URL": str(settings.database_url).replace("+psycopg", ""),
        "TENANTCAST_SECRET": str(settings.secret),
        "TENANTCAST_HOME": str(settings.home),
        "TENANTCAST_STORE_URL": settings.store_url,
        **({"TENANTCAST_RAW_HORIZON_DAYS": str(settings.raw_horizon_days)} if settings.raw_horizon_days else {}),
    }


@pytest.fixture(scope="session")
def template(server: str, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """A database with the trial's tables and everything that `init` makes; copied for each test."""
    made = Databases(server)
    address = made.make()
    installation = installation_on(address, tmp_path_factory.mktemp(f"template-{worker_id}"))
    install(installation)
    installation.database.engine.dispose()
    yield address.rsplit("/", 1)[1]
    made.drop_all()


class Beginnings:
    """Installations that many tests of a module begin with: made once, and copied for each."""

    def __init__(self, databases: Databases, template: str, root: Path) -> None:
        self.databases, self.template, self.root = databases, template, root
        self.made: dict[Contents, tuple[str, Path]] = {}

    def of(self, contents: Contents) -> tuple[str, Path]:
        """The database to copy, and the home."""
        if contents not in self.made:
            home = self.root / str(len(self.made))
            installation = installation_on(self.databases.make(self.template), home)
            with psycopg.connect(address_of(installation), autocommit=True) as connection:
                contents(installation, Sql(connection))
            installation.database.engine.dispose()
            self.made[contents] = address_of(installation).rsplit("/", 1)[1], home
        return self.made[contents]


@pytest.fixture(scope="session")
def beginnings(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beginnings]:
    """What has been made so far by the tests of this process."""
    databases = Databases(server)
    yield Beginnings(databases, template, tmp_path_factory.mktemp("beginnings"))
    databases.drop_all()


@pytest.fixture
def contents() -> Contents | None:
    """What `ready` holds already. A module whose tests begin alike gives its own; it must not hang on the real time."""
    return None


@pytest.fixture
def ready(
    databases: Databases, template: str, beginnings: Beginnings, contents: Contents | None, tmp_path: Path
) -> Installation:
    """An installation after `init`, with empty tables, or with the module's `contents`."""
    if not contents:
        return installation_on(databases.make(template), tmp_path)
    template, home = beginnings.of(contents)
    if home.exists():
        shutil.copytree(home, tmp_path, symlinks=True, dirs_exist_ok=True)
    copied = installation_on(databases.make(template), tmp_path)
    with psycopg.connect(
        address_of(copied)
    ) as connection:  # else all files would be published anew for their new place
        connection.execute(
            "update pipeline.progress set documents_version = %s where documents_version <> ''",
            [documents_version(copied)],
        )
    return copied


@pytest.fixture
def sql(ready: Installation) -> Iterator[Sql]:
    """SQL on the database of `ready`, each statement its own transaction."""
    with psycopg.connect(address_of(ready), autocommit=True) as connection:
        yield Sql(connection)


def address_of(installation: Installation) -> str:
    """The address for psycopg."""
    return str(installation.settings.database_url).replace("+psycopg", "")


class Sql:
    """Runs statements and gives their rows."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self.connection = connection
        connection.execute("set timezone = 'UTC'")

    def __call__(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run one statement; give its rows, none where it has none."""
        cursor = self.connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> object:
        """Give the first column of the first row."""
        return self(statement, *values)[0][0]

    def cut_publishers(self) -> None:
        """End the connections that hold a publisher's slots in this database, and in no other test's."""
        self(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = "
            "(select oid from pg_database where datname = current_database())"
        )

    def tenant(self, name: str = "t1", **more: object) -> None:
        """Add a tenant on plan pro."""
        given = {"id": name, "name": name.upper(), "plan": "pro", **more}
        columns = ", ".join(given)
        self(f"insert into tenants ({columns}) values ({', '.join(['%s'] * len(given))})", *given.values())

    def request(self, at: str, tenant: str | None = "t1", **more: object) -> None:
        """Add a request: GET /, status 200, 100 ms, unless told otherwise."""
        given = {"tenant_id": tenant, "endpoint": "/", "status_code": 200, "duration_ms": 100.0, "created_at": at}
        given |= more
        columns = ", ".join(given)
        self(f"insert into api_requests ({columns}) values ({', '.join(['%s'] * len(given))})", *given.values())

    def usage(self, at: str, tenant: str | None = "t1", **more: object) -> None:
        """Add a usage record: 1000 tokens of model m-1, unless told otherwise."""
        given = {"tenant_id": tenant, "quota_type": "ai_tokens_m-1", "amount": 1000, "created_at": at} | more
        columns = ", ".join(given)
        self(f"insert into usage_records ({columns}) values ({', '.join(['%s'] * len(given))})", *given.values())


Contents = Callable[[Installation, Sql], None]


def published(installation: Installation) -> dict[str, bytes]:
    """All files of a file:// store by path, as bytes on disk; links left out."""
    root = installation.settings.home / "public"
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def document(installation: Installation, path: str) -> dict[str, Any]:
    """One published document, as a frontend reads it."""
    content = installation.store.get(path)
    assert content is not None, f"{path} is not published"
    parsed: dict[str, Any] = json.loads(gzip.decompress(content))
    return parsed


def dashboard_of(installation: Installation, tenant: str = "t1") -> dict[str, Any]:
    """A tenant's dashboard.json."""
    return document(installation, address(installation, tenant).path)
