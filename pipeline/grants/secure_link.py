"""Grants that nginx checks by itself: its secure_link over the time of expiry and the folder.

MD5 is all that secure_link knows. What is hashed has one form only, with the secret at its end, so that nothing can be
put behind it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from pipeline.grants.grant import Grant, Link, folder_of


@dataclass(frozen=True)
class SecureLinks:
    """Mints for the nginx at `public_url`."""

    public_url: str
    secret: str = field(repr=False)

    def mint(self, path: str, pages: Sequence[str], *, at: datetime, ttl: timedelta) -> Grant:
        """Open the folder of `path`."""
        expires_at = (at + ttl).replace(microsecond=0)
        given = self._parameters(folder_of(path), expires_at)
        query = urlencode(given)
        return Grant(
            kind="nginx",
            expires_at=expires_at,
            url=f"{self.public_url}/{path}?{query}",
            query=query,
            cookies={f"tenantcast_{name}": value for name, value in given.items()},
            cookie_path=f"{urlsplit(self.public_url).path}/{folder_of(path)}/",
            pages=[Link(page, f"{self.public_url}/{page}?{query}") for page in pages],
        )

    def _parameters(self, folder: str, expires_at: datetime) -> dict[str, str]:
        expires = str(int(expires_at.timestamp()))
        digest = hashlib.md5(f"{expires} {folder} {self.secret}".encode(), usedforsecurity=False).digest()
        return {"expires": expires, "md5": base64.urlsafe_b64encode(digest).decode().rstrip("=")}
