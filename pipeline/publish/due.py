"""What there is to publish: through which hour, under which number, and whose files."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import Database, execute, rows
from pipeline.errors import NothingRolledError, PermanentError
from pipeline.installation import Installation
from pipeline.publish.numbered import parsed, seq_of
from pipeline.runs import hour_of, json_time
from pipeline.settings import ROOT

STATUS = "v1/status.json"


def published_through(database: Database, as_of: datetime | None) -> datetime:
    """Give the hour to publish through: what is rolled up, but not past `as_of`; never back."""
    with database.transaction() as connection:
        rolled: datetime | None = execute(connection, "tick/progress").one().data_through
        before: datetime | None = execute(connection, "published/furthest").scalar_one()
    if rolled is None:
        raise NothingRolledError("Nothing has been rolled up yet. Run: python -m pipeline run")
    through = min(hour_of(as_of), rolled) if as_of else rolled
    if before and through < before:
        raise PermanentError(
            f"Files are published through {json_time(before)}; as of {json_time(through)} lies behind that. "
            "Ask for a later time."
        )
    return through


def next_seq(installation: Installation) -> int:
    """Take the next number: above all given out, and above that of the status.json that is up."""
    return next_seq_above(installation.database, seq_of(parsed(installation.store.get(STATUS)) or {}))


def next_seq_above(database: Database, published: int) -> int:
    """Take the next number: above all given out, and above one that is up."""
    with database.transaction() as connection:
        return int(execute(connection, "published/next_seq", published=published).scalar_one())


def status_hash(packed: bytes) -> str:
    """Give what the database notes of a status.json, byte by byte as it is up."""
    return hashlib.sha256(packed).hexdigest()


def find_due(installation: Installation, through: datetime, *, shard: int = 0, shards: int = 1) -> list[Any]:
    """Give the tenants of a shard whose numbers can have changed since they were published."""
    with installation.database.transaction() as connection:
        adopt_version(connection, installation)
        execute(connection, "queue/forget_unknown")
        found = rows(connection, "queue/due", through=through, shard=shard, shards=shards)
    return [row.tenant_id for row in found]


def adopt_version(connection: Connection, installation: Installation) -> None:
    """Note what files are made with now, and have all made anew where that is something else than before.

    Under other keys, or in another store, nothing is up yet: what is noted of files then speaks of the place before.
    """
    version = documents_version(installation)
    if execute(connection, "published/said").one().documents_version == version:
        return
    shaped, place, former = _parts(execute(connection, "published/version").scalar_one())
    now_shaped, now_place, now_former = _parts(version)
    has_moved = place not in ("", now_place)
    if has_moved or former not in ("", now_former):
        execute(connection, "former/end_files")
        execute(connection, "former/end_platform_files")
    if has_moved:
        execute(connection, "former/begin_files", kept=place == now_former)
        execute(connection, "former/begin_platform_files", kept=place == now_former)
    is_due = (shaped, place) != (now_shaped, now_place) or now_former not in ("", former)
    execute(connection, "published/adopt_version", version=version, due=is_due)


def _parts(version: str) -> tuple[str, str, str]:
    shaped, place, former = [*version.split(":"), "", ""][:3]
    return shaped, place, former


def documents_version(installation: Installation) -> str:
    """Give what all files depend on besides numbers: the code and settings that shape them, and where they go."""
    place, former = [*places(installation), ""][:2]
    return f"{_code()}-{installation.settings.currency}:{place}:{former}"


def places(installation: Installation) -> list[str]:
    """Give the store under the keys of each secret, as hashes that say nothing of either."""
    store = installation.settings.store_url.encode()
    return [hmac.new(secret, store, hashlib.sha256).hexdigest() for secret in installation.secrets]


@cache
def _code() -> str:
    names = ("costs.py", "keys.py", "quotas.py", "reading.py", "shaping.py")
    parts = [ROOT / "pipeline" / "publish" / name for name in names]
    parts += [*(ROOT / "pipeline" / "documents").glob("*.py"), *(ROOT / "sql" / "documents").glob("*.sql")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(parts))).hexdigest()
