"""One installation: its settings and what is reached through them, opened when first needed."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipeline.database.connection import Database
from pipeline.errors import SettingsError
from pipeline.progress import Progress
from pipeline.publish.stores import Store, open_store
from pipeline.settings import Settings


@dataclass(frozen=True)
class Installation:
    """What every verb works with."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """The configured database, or the embedded one, started."""
        return Database.open(self.settings)

    @cached_property
    def store(self) -> Store:
        """The configured object store."""
        return open_store(self.settings.store_url)

    def url(self, path: str) -> str:
        """Give the address of a file: the public one if that is set, else the store's own."""
        public = self.settings.public_url
        return f"{public}/{path}" if public else self.store.url(path)

    @cached_property
    def progress(self) -> Progress:
        """Where long work says how far it is."""
        return Progress()

    @cached_property
    def secret(self) -> bytes:
        """The configured secret; for the embedded database one that is made once and kept under `home`."""
        if self.settings.secret:
            return self.settings.secret.encode()
        path = self.settings.home / "secret"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_secret(path)
        return path.read_bytes()

    @cached_property
    def secrets(self) -> tuple[bytes, ...]:
        """The secret, and after it the previous one while that is named: addresses of both are kept up."""
        previous = self.settings.previous_secret
        if previous is None:
            return (self.secret,)
        if previous.encode() == self.secret:  # that of var/, which settings do not know
            raise SettingsError(
                "TENANTCAST_PREVIOUS_SECRET: the same as the secret in use, of which var/secret holds one where "
                "TENANTCAST_SECRET is not set. Set TENANTCAST_SECRET to another one, or unset it."
            )
        return (self.secret, previous.encode())


def _make_secret(path: Path) -> None:
    """Write it aside and link it into place: of several processes that come at once, one makes it for all."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # readable by the owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        Path(draft).unlink()
