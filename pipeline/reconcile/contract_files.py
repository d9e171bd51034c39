"""The published schemas and types against the definitions."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.contract.version import definitions
from pipeline.documents.encode import compress
from pipeline.publish.contract import published_definitions
from pipeline.publish.stores import Store
from pipeline.reconcile.file_report import ALTERED, MISNAMED, MISSING, Difference


def differences(store: Store) -> Iterator[Difference]:
    """Say what is wrong; nothing of other definitions, such as an older version's: the next publish renews them."""
    from pipeline.contract.documents import contract_files  # noqa: PLC0415  other verbs do without

    if published_definitions(store) not in (definitions(), None):
        return
    for path, content in contract_files().items():
        packed = store.get(path)
        what = MISSING if packed is None else ALTERED if packed != compress(content) else None
        if what is None and not store.has_second_name(path):
            what = MISNAMED
        if what:
            yield Difference(None, "contract", "", what, name=path.removeprefix("v1/"))
