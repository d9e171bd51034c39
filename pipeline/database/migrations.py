"""Changes of what an older version of these definitions made: numbered files, run once, in order, by `init`."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection

from pipeline.database.connection import define, execute
from pipeline.database.queries import SQL, source
from pipeline.errors import PermanentError


@cache
def _numbered() -> dict[int, str]:
    return {int(path.name[:4]): path.stem for path in sorted((SQL / "migrations").glob("*.sql"))}


def latest() -> int:
    """Give the number of the last change."""
    return max(_numbered())


def installed(connection: Connection) -> int | None:
    """Give the number that the database is at; None where `init` has not been."""
    if not connection.exec_driver_sql("select to_regclass('pipeline.progress')").scalar_one():
        return None
    return int(execute(connection, "schema/version").scalar_one())


def migrate(connection: Connection) -> None:
    """Run the changes that the database has not seen; the definitions then add what is new."""
    done = installed(connection)
    if done is None:
        return
    if done > latest():
        raise PermanentError(
            f"This database was set up by a newer version of Tenantcast (schema {done}, this one knows {latest()}). "
            "Use that version."
        )
    for number, name in _numbered().items():
        if number > done:
            define(connection, source(f"migrations/{name}"))


def require_installed(connection: Connection) -> None:
    """Raise PermanentError where `init` of this very version has not been run."""
    done = installed(connection)
    if done is None:
        raise PermanentError("This database has not been set up. Run: python -m pipeline init")
    if done != latest():
        raise PermanentError(
            f"This database is set up for schema {done} of Tenantcast, this version works with {latest()}. "
            + ("Run: python -m pipeline init" if done < latest() else "Use the version that set it up.")
        )
