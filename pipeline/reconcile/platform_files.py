"""The platform's files against their ledger. Against the rollups each publish compares them itself."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Row

from pipeline.database.connection import execute_many, rows
from pipeline.documents.encode import HASH_DIGITS, content_hash
from pipeline.installation import Installation
from pipeline.platform.shaping import SUMMARY
from pipeline.publish.publisher import WRITERS
from pipeline.publish.stores import Store
from pipeline.reconcile.file_report import ALTERED, MISNAMED, MISSING, Difference

Wrong = tuple[Row[Any], str]


def wrong_files(installation: Installation) -> list[Wrong]:
    """Give the current files that are not in the store as the ledger says, and what is wrong with each."""
    with installation.database.transaction() as connection:
        entries = rows(connection, "platform/current")
    with ThreadPoolExecutor(WRITERS) as readers:
        found = list(readers.map(lambda entry: _problem(installation.store, entry), entries))
    return [(entry, what) for entry, what in zip(entries, found, strict=True) if what]


def differences(wrong: Sequence[Wrong]) -> list[Difference]:
    """Say what is wrong; the platform is nobody's."""
    return [Difference(None, f"platform/{entry.kind}", entry.page, what) for entry, what in wrong]


def forget(installation: Installation, wrong: Sequence[Wrong]) -> None:
    """Have the ledger forget files, so that the next publish writes them."""
    at = datetime.now(UTC)
    with installation.database.transaction() as connection:
        execute_many(
            connection, "platform/supersede", [{"kind": each.kind, "page": each.page, "at": at} for each, _ in wrong]
        )


def _problem(store: Store, entry: Row[Any]) -> str | None:
    packed = store.get(entry.path)
    if packed is None:
        return MISSING
    if not entry.content_hash:
        return None  # its write was cut off: the next publish writes it
    if len(packed) != entry.bytes or _hash(packed, entry.kind) != entry.content_hash:
        return ALTERED
    return None if store.has_second_name(entry.path) else MISNAMED


def _hash(packed: bytes, kind: str) -> str | None:
    """Give what the ledger notes of this content; None of what cannot be read."""
    try:
        content = gzip.decompress(packed)
        if kind != SUMMARY:
            return hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
        return content_hash(orjson.loads(content))
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
        return None
