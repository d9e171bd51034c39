"""What comparing the published files found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.runs import json_time

MISSING = "missing in the store"
ALTERED = "altered in the store"
MISNAMED = "its second name, .gz, does not lead to it"
DIFFERS = "differs from the rollups"
ABSENT = "should be there"
SUPERFLUOUS = "should be gone"
UNKNOWN = "not in the ledger"

MOST_LISTED = 10_000
KEY = re.compile(r"[0-9a-f]{32,}")


def shown(path: str) -> str:
    """Give a path that can be told: a key opens a tenant's folder."""
    return KEY.sub(lambda key: f"{key[0][:6]}…", path)


@dataclass(frozen=True)
class Difference:
    """One file that is not as it should be; `tenant_id` is None where it is nobody's."""

    tenant_id: str | None
    kind: str
    page: str
    what: str
    name: str = ""  # of a file that no ledger knows, as it may be shown

    def to_json(self) -> dict[str, Any]:
        """Give the difference as JSON has it."""
        return {
            "tenant_id": self.tenant_id,
            "path": self.name or (f"{self.kind}/{self.page}" if self.page else self.kind),
            "kind": self.kind,
            "page": self.page,
            "what": self.what,
        }


@dataclass
class FilesReport:
    """What was looked at and what differs, as of `data_through`.

    `waiting` counts tenants that a publish is due for: their files were compared with the ledger, not with the rollups.
    `found` counts all differences by what they are; `differences` lists them, up to a limit. `drafts` counts what
    killed writes have left, which is no difference.
    """

    data_through: datetime | None = None
    tenants: int = 0
    files: int = 0
    bytes: int = 0
    waiting: int = 0
    drafts: int = 0
    found: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    # For the repair: whose files have to be made anew, where to look for strays, the highest number seen in a file.
    asked: tuple[str, ...] | None = field(default=None, repr=False)
    to_redo: list[Any] = field(default_factory=list, repr=False)
    seq: int = field(default=0, repr=False)
    platform_differs: bool = field(default=False, repr=False)
    contract_differs: bool = field(default=False, repr=False)
    is_ahead: bool = field(default=False, repr=False)  # status.json carries a number that this database has not given

    @property
    def total(self) -> int:
        """Count all differences, also those that are not listed."""
        return self.found.total()

    def note(self, differences: Iterable[Difference]) -> None:
        """Count differences, and list them while there is room."""
        for each in differences:
            self.found[each.what] += 1
            if len(self.differences) < MOST_LISTED:
                self.differences.append(each)

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return {
            "data_through": json_time(self.data_through),
            "tenants": self.tenants,
            "files": self.files,
            "bytes": self.bytes,
            "waiting": self.waiting,
            "drafts": self.drafts,
            "found": dict(self.found),
            "differences": [each.to_json() for each in self.differences],
        }
