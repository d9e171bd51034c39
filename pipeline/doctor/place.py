"""The place: the settings, the secret's file, the store and what it says. Needs no database."""

from __future__ import annotations

import gzip
import secrets
import stat
from collections.abc import Iterator
from typing import Any

import orjson

from pipeline.doctor.finding import Finding
from pipeline.documents.encode import compress
from pipeline.errors import SettingsError, TenantcastError
from pipeline.installation import Installation
from pipeline.publish.contract import SCHEMAS
from pipeline.publish.due import STATUS
from pipeline.publish.keys import without_keys
from pipeline.publish.stores import ChangedError

NO_VERSION = "0" * 32  # as an ETag is written, and none that a store gives
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def wrong_settings(error: SettingsError) -> Finding:
    """Give the finding for settings that cannot be read."""
    return Finding(
        name="settings",
        severity="error",
        what=str(error),
        why="No verb does anything before its settings are right.",
        fix="Set it as said, in the environment or in the file that TENANTCAST_CONFIG names.",
    )


def check_secret(installation: Installation) -> Iterator[Finding]:
    """The kept secret is for its owner alone."""
    path = installation.settings.home / "secret"
    if installation.settings.secret or not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        yield Finding(
            name="secret",
            severity="warning",
            what=f"{path} can be read or changed by others (mode {mode:04o})",
            why="Who knows the secret knows the address of every tenant's files.",
            fix="Take the rights away; if somebody may have read it, set a new TENANTCAST_SECRET, which changes all "
            "addresses (docs/operator.md, Another secret):",
            paste=f"chmod 600 {path}",
        )


def check_store(installation: Installation) -> Iterator[Finding]:
    """Files can be written."""
    try:
        installation.store.check()
    except TenantcastError as error:
        yield _unusable(error)


def check_conditions(installation: Installation) -> Iterator[Finding]:
    """A write that may only replace a version which is not there is refused: a store that obeys is not written to."""
    store, path = installation.store, f"{SCHEMAS}/doctor-{secrets.token_hex(8)}.json"  # cleared by a later version
    try:
        store.put(path, compress(b"{}"), cache_control="no-store", over=NO_VERSION)
    except ChangedError:
        return
    except TenantcastError as error:
        yield _unusable(error)
        return
    store.delete(path)
    yield Finding(
        name="conditions",
        severity="error",
        what="the store ignores conditions: a write with If-Match went through although nothing was there to match",
        why="A publisher that is late replaces what a newer one has written, and readers see numbers go back.",
        fix="Use a store that knows conditional writes (If-Match and If-None-Match on PUT), or have what lies between "
        "pass these headers on. Until then let one machine publish alone. What was written to find this out has been "
        "removed again.",
    )


def _unusable(error: TenantcastError) -> Finding:
    return Finding(
        name="store",
        severity="error",
        what=without_keys(str(error)),
        why="Nothing is published: readers keep what is up, and it grows old.",
        fix="Correct that, then publish:",
        paste="python -m pipeline run",
    )


def check_status(installation: Installation, progress: Any) -> Iterator[Finding]:
    """`status.json` is what this database announced last."""
    if progress.published_through is None:
        return
    try:
        content = installation.store.get(STATUS)
        document = orjson.loads(gzip.decompress(content)) if content else None
        seq = int(document["seq"]) if document else None
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        document, seq = None, None
    if document is None:
        yield Finding(
            name="status_file",
            severity="error",
            what=f"{STATUS} is not in the store, or cannot be read, though this database has written it",
            why="Readers do not learn how far the files are true, and other files may be gone with it.",
            fix="If TENANTCAST_STORE_URL is right, have all files compared and written again:",
            paste="python -m pipeline reconcile --repair",
        )
    elif seq is not None and seq > progress.seq:
        yield Finding(
            name="status_file",
            severity="warning",
            what=f"{STATUS} has number {seq:,}, and this database gave out no more than {progress.seq:,}",
            why="The database was restored from a backup, or another one publishes into the same store: what the "
            "ledger says of files may not be what is there.",
            fix="Let no other installation write there; then have the files compared. The next publish counts on from "
            f"{seq:,}.",
            paste="python -m pipeline reconcile --repair",
        )
