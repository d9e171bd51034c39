"""Connections: one engine an installation, errors turned into sentences."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, CursorResult, Engine, Row, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from pipeline.database import embedded
from pipeline.database.queries import query, query_aside
from pipeline.errors import ConflictError, PermanentError, SettingsError, TenantcastError, TransientError
from pipeline.settings import Settings

OLDEST_POSTGRES = 14
CONNECT_SECONDS = 10
CONFLICT_TRIES = 6
Done = TypeVar("Done")


class Database:
    """Transactions on one Postgres, and the statements of `sql/` within them."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self.engine: Engine = create_engine(
                self.url,
                pool_size=2,
                max_overflow=8,
                connect_args={
                    "connect_timeout": CONNECT_SECONDS,
                    "application_name": "tenantcast",
                    # A named statement would switch to a generic plan after five runs: a fresh hour and ten
                    # late buckets need different plans. It would also not survive a transaction pooler.
                    "prepare_threshold": None,
                    "options": "-c timezone=UTC -c extra_float_digits=1",
                },
            )
        except (ArgumentError, ValueError):
            raise SettingsError("TENANTCAST_DATABASE_URL: not a PostgreSQL address.") from None
        event.listen(self.engine, "connect", _notice_our_death)

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """Reach the configured database, starting the embedded one where none is configured."""
        database = cls(settings.database_url or embedded.start(settings.home / "postgres"))
        try:
            with database.engine.connect() as connection:
                version = driver(connection).info.server_version // 10000
        except DBAPIError as error:
            raise _unreached(error, settings) from None
        if version < OLDEST_POSTGRES:
            raise PermanentError(f"PostgreSQL {version} is too old: Tenantcast needs {OLDEST_POSTGRES} or later.")
        return database

    @contextmanager
    def transaction(self, isolation: str = "READ COMMITTED") -> Iterator[Connection]:
        """One transaction; committed at the end, rolled back on any error."""
        with translated(), self.engine.connect() as plain:
            connection = plain.execution_options(isolation_level=isolation)
            with connection.begin():
                yield connection

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """Statement by statement, for what refuses to run inside a transaction."""
        with translated(), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")


def _notice_our_death(connection: psycopg.Connection[Any], _record: object) -> None:
    """Have the server give up a long statement, and its locks, soon after this process was killed."""
    connection.autocommit = True
    with suppress(psycopg.Error):  # servers on a few platforms cannot
        connection.execute("set client_connection_check_interval = '2s'")
    connection.autocommit = False


def _unreached(error: DBAPIError, settings: Settings) -> TenantcastError:
    """Give the error for a first connection that failed; the driver names host, port and user, never the password."""
    message = _one_line(error.orig)
    if not settings.database_url:
        return TransientError(f"The embedded PostgreSQL cannot be reached: {message}.")
    if isinstance(error.orig, psycopg.OperationalError):
        return TransientError(
            f"TENANTCAST_DATABASE_URL: {message}. Check the address, and that the server lets you in."
        )
    return SettingsError(f"TENANTCAST_DATABASE_URL: {message}.")


def _one_line(error: BaseException | None) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours: lost or refused connections may pass, all else does not."""
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        message = _one_line(cause)
        if isinstance(cause, psycopg.errors.SerializationFailure | psycopg.errors.DeadlockDetected):
            raise ConflictError(f"Other transactions kept getting in the way: {message}") from error
        if isinstance(cause, psycopg.OperationalError):
            raise TransientError(f"The database cannot be used: {message}") from error
        if isinstance(cause, psycopg.errors.UndefinedTable):
            raise PermanentError(
                f"A table is gone that was there at the last init: {message}. Bring it back, or run init again: it "
                "takes up what is there now."
            ) from error
        raise PermanentError(f"The database refused a statement: {message}") from error


def again_on_conflict(work: Callable[[], Done]) -> Done:
    """Do some work, and do it again from the start where another transaction got in the way."""
    for attempt in range(CONFLICT_TRIES):
        try:
            return work()
        except ConflictError:
            time.sleep(random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 spreads the tries, guards nothing
    return work()


def execute(connection: Connection, name: str, **values: Any) -> CursorResult[Any]:
    """Run `sql/<name>.sql` with bound values."""
    return connection.execute(query(name), values)


def execute_aside(connection: Connection, name: str, **values: Any) -> CursorResult[Any]:
    """Run `sql/<name>.sql` so that it fills the temporary table of the same name instead of the rollup."""
    return connection.execute(query_aside(name), values)


def execute_many(connection: Connection, name: str, values: Sequence[Mapping[str, Any]]) -> None:
    """Run `sql/<name>.sql` once a set of values, all in one go."""
    if values:
        connection.execute(query(name), list(values))


def rows(connection: Connection, name: str, **values: Any) -> Sequence[Row[Any]]:
    """Run `sql/<name>.sql` and give all its rows."""
    return execute(connection, name, **values).all()


def define(connection: Connection, definitions: str) -> int:
    """Run definitions as they stand: possibly many statements, no values; give the last one's row count."""
    return driver(connection).execute(definitions.encode()).rowcount


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Give the psycopg connection beneath, for COPY and quoted identifiers."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw
