"""One installation: its settings and what is reached through them, opened when first needed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property

from pipeline.database.connection import Database
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
            draft = path.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_hex(32), encoding="ascii")
            draft.rename(path)
        return path.read_text(encoding="ascii").encode()
