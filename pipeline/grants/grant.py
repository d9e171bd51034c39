"""A grant: what opens one folder, or one file of it, until it expires."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from pipeline.errors import SettingsError
from pipeline.runs import json_time

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=7)  # what S3 allows


@dataclass(frozen=True)
class Link:
    """One file and the address that opens it."""

    path: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """The addresses of the first file and of the pages asked for.

    Where one grant opens the whole folder, `query` goes behind the address of any file in it, and `cookies`, set for
    `cookie_path`, open it with plain addresses; both are empty where each file has a grant of its own (S3).
    """

    kind: str
    expires_at: datetime
    url: str = field(repr=False)
    query: str = field(default="", repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookie_path: str = field(default="", repr=False)
    pages: Sequence[Link] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the grant as JSON has it."""
        return asdict(self) | {"expires_at": json_time(self.expires_at)}


class Minter(Protocol):
    """Who mints grants of one kind."""

    def mint(self, path: str, pages: Sequence[str], *, at: datetime, ttl: timedelta) -> Grant:
        """Open the folder of `path`, which is that of `pages` too, from `at` on; all are under the store's root."""


def parse_ttl(given: str) -> timedelta:
    """Read how long a grant shall last, such as 15m; raises SettingsError."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", given)
    ttl = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not found or ttl > LONGEST:
        raise SettingsError(f"--ttl: {given!r} is not a time such as 90s, 15m, 12h or 7d, which is the longest.")
    return ttl


def folder_of(path: str) -> str:
    """Give the folder that one grant opens: `v1/t/<key>`, whatever lies how deep in it."""
    return "/".join(path.split("/", 3)[:3])
