"""What there is to publish: through which hour, under which number, and whose files."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import zlib
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
LARGEST_SEQ = 2**53 - 1  # what a browser counts exactly


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
    published = seq_of(parsed(installation.store.get(STATUS)) or {})
    with installation.database.transaction() as connection:
        return int(execute(connection, "published/next_seq", published=published).scalar_one())


def parsed(packed: bytes | None) -> dict[str, Any] | None:
    """Give the document in a file; None where there is no file, or none that can be read."""
    try:
        document = orjson.loads(gzip.decompress(packed or b""))
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
        return None
    return document if isinstance(document, dict) else None


def seq_of(document: dict[str, Any]) -> int:
    """Give a document's number; 0 where it has none that can have been given out."""
    seq = document.get("seq")
    return seq if isinstance(seq, int) and 0 <= seq <= LARGEST_SEQ else 0


def status_hash(packed: bytes) -> str:
    """Give what the database notes of a status.json, byte by byte as it is up."""
    return hashlib.sha256(packed).hexdigest()


def find_due(installation: Installation, through: datetime, *, shard: int = 0, shards: int = 1) -> list[Any]:
    """Give the tenants of a shard whose numbers can have changed since they were published."""
    with installation.database.transaction() as connection:
        execute(connection, "published/adopt_version", version=documents_version(installation))
        execute(connection, "queue/forget_unknown")
        found = rows(connection, "queue/due", through=through, shard=shard, shards=shards)
    return [row.tenant_id for row in found]


def documents_version(installation: Installation) -> str:
    """Give what all files depend on besides numbers: the code and settings that shape them, and where they go."""
    settings = installation.settings
    place = hmac.new(installation.secret, settings.store_url.encode(), hashlib.sha256).hexdigest()
    return f"{_code()}-{settings.currency}:{place}"


@cache
def _code() -> str:
    names = ("costs.py", "keys.py", "quotas.py", "reading.py", "shaping.py")
    parts = [ROOT / "pipeline" / "publish" / name for name in names]
    parts += [*(ROOT / "pipeline" / "documents").glob("*.py"), *(ROOT / "sql" / "documents").glob("*.sql")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(parts))).hexdigest()
