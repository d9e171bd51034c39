"""The published schemas and types against the definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.contract.version import definitions
from pipeline.documents.encode import compress
from pipeline.publish.contract import published_definitions
from pipeline.publish.stores import Store
from pipeline.reconcile.file_report import ALTERED, MISNAMED, MISSING, Difference


@dataclass(frozen=True)
class Look:
    """What a look at one file showed: its size, and what is wrong with it."""

    path: str
    size: int = 0
    what: str | None = None


def look_at_all(store: Store) -> list[Look]:
    """Compare all files; none where an older version wrote them, for a publish renews them."""
    from pipeline.contract.documents import contract_files  # noqa: PLC0415  other verbs do without

    if published_definitions(store) not in (definitions(), None):
        return []
    return [_look(store, path, content) for path, content in contract_files().items()]


def differences(looks: Sequence[Look]) -> list[Difference]:
    """Say what is wrong; these files are no tenant's."""
    return [Difference(None, "contract", "", each.what, each.path.removeprefix("v1/")) for each in looks if each.what]


def _look(store: Store, path: str, content: bytes) -> Look:
    packed = store.get(path)
    if packed is None:
        return Look(path, what=MISSING)
    if packed != compress(content):
        return Look(path, len(packed), ALTERED)
    return Look(path, len(packed), None if store.has_second_name(path) else MISNAMED)
