"""The platform's files against their ledger. Against the rollups each publish compares them itself."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Row

from pipeline.database.connection import execute_many, rows
from pipeline.documents.encode import HASH_DIGITS, content_hash
from pipeline.installation import Installation
from pipeline.platform.shaping import SUMMARY
from pipeline.publish.stores import Store
from pipeline.publish.writers import THREADS
from pipeline.reconcile.file_report import ABSENT, ALTERED, MISNAMED, MISSING, Difference


@dataclass(frozen=True)
class Look:
    """What a look at one current file showed: its size, and what is wrong with it."""

    kind: str
    page: str
    size: int = 0
    what: str | None = None
    is_former: bool = False


def look_at_all(installation: Installation) -> list[Look]:
    """Compare all current files in the store with what the ledger says of them; a summary has to be among them."""
    with installation.database.transaction() as connection:
        entries = rows(connection, "platform/current")
    with ThreadPoolExecutor(THREADS) as readers:
        looks = list(readers.map(lambda entry: _look(installation.store, entry), entries))
    is_up = any(entry.kind == SUMMARY and not entry.is_former for entry in entries)
    absent = [] if is_up else [Look(SUMMARY, "", what=ABSENT)]
    return looks + absent


def differences(looks: Sequence[Look]) -> list[Difference]:
    """Say what is wrong; the platform's files are no tenant's."""
    return [Difference(None, f"platform/{each.kind}", each.page, each.what) for each in looks if each.what]


def forget(installation: Installation, looks: Sequence[Look]) -> None:
    """Have the ledger forget what is wrong, so that the next publish writes it."""
    at = datetime.now(UTC)
    wrong = [
        {"kind": each.kind, "page": each.page, "is_former": each.is_former, "at": at} for each in looks if each.what
    ]
    with installation.database.transaction() as connection:
        execute_many(connection, "platform/supersede", wrong)


def _look(store: Store, entry: Row[Any]) -> Look:
    packed = store.get(entry.path)
    if packed is None:
        return Look(entry.kind, entry.page, what=MISSING, is_former=entry.is_former)
    return Look(entry.kind, entry.page, len(packed), _problem(store, entry, packed), entry.is_former)


def _problem(store: Store, entry: Row[Any], packed: bytes) -> str | None:
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
