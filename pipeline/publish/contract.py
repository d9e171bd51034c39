"""JSON Schemas and TypeScript types beside the files: written where those that are up are of other definitions."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

from pipeline.contract.version import TYPES, definitions, definitions_said
from pipeline.documents.encode import compress
from pipeline.publish.caching import cache_control
from pipeline.publish.stores import Store

SCHEMAS = "v1/schema"


def publish_contract(store: Store) -> int:
    """Write what differs, the types last, and take away schemas of documents that are no more; give how many changed.

    One look says that nothing does: the definitions are read after a change of code alone.
    """
    return 0 if published_definitions(store) == definitions() else renew_contract(store)


def published_definitions(store: Store) -> str | None:
    """Give the definitions that the types in a store say they are of; None where there are none to be read."""
    try:
        return definitions_said(gzip.decompress(store.get(TYPES) or b"").decode())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None


def renew_contract(store: Store) -> int:
    """Look at every file, and write those that are not as they should be."""
    from pipeline.contract.documents import contract_files  # noqa: PLC0415  a tenth of a second, once a version

    files = {path: compress(content) for path, content in contract_files().items()}
    changed = dict(_changed(store, files))
    for path, content in changed.items():
        store.put(path, content, cache_control=cache_control(path))
    gone = [path for path in store.list(SCHEMAS) if path not in files]
    for path in gone:
        store.delete(path)
    return len(changed) + len(gone)


def _changed(store: Store, files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for path, content in files.items():
        if store.get(path) != content or not store.has_second_name(path):
            yield path, content
