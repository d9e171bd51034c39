"""What there is to publish: through which hour, under which number, and whose files."""

from __future__ import annotations

import gzip
import hashlib
import hmac
from datetime import datetime
from functools import cache
from typing import Any

import orjson

from pipeline.database.connection import Database, execute, rows
from pipeline.errors import NothingRolledError, PermanentError
from pipeline.installation import Installation
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
    packed = installation.store.get(STATUS)
    published = int(orjson.loads(gzip.decompress(packed)).get("seq", 0)) if packed else 0
    with installation.database.transaction() as connection:
        return int(execute(connection, "published/next_seq", published=published).scalar_one())


def find_due(installation: Installation, through: datetime, *, shard: int = 0, shards: int = 1) -> list[Any]:
    """Give the tenants of a shard whose numbers can have changed since they were published."""
    with installation.database.transaction() as connection:
        execute(connection, "published/adopt_version", version=_version(installation))
        execute(connection, "queue/forget_unknown")
        found = rows(connection, "queue/due", through=through, shard=shard, shards=shards)
    return [row.tenant_id for row in found]


def _version(installation: Installation) -> str:
    """Give what all files depend on besides numbers: the code and settings that shape them, and where they go."""
    settings = installation.settings
    place = hmac.new(installation.secret, settings.store_url.encode(), hashlib.sha256).hexdigest()
    return f"{_code()}-{settings.currency}:{place}"


@cache
def _code() -> str:
    parts = [ROOT / "pipeline" / "publish" / name for name in ("keys.py", "reading.py", "shaping.py")]
    parts += [*(ROOT / "pipeline" / "documents").glob("*.py"), *(ROOT / "sql" / "documents").glob("*.sql")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(parts))).hexdigest()
