"""Documents that keep their name are never replaced by older ones: whoever is late finds that out from the store."""

from __future__ import annotations

from pipeline.errors import OvertakenError, TransientError
from pipeline.publish.caching import cache_control
from pipeline.publish.numbered import parsed, seq_of
from pipeline.publish.stores import ABSENT, ChangedError, Held, Store

RACES = 5


def put_newer(store: Store, path: str, content: bytes, *, seq: int, known: str | None = None) -> str:
    """Write a numbered document in place of an older one; give its version in the store.

    `known` is the version that should be up, ABSENT where none should be; one request is enough where that is so. None
    is not knowing: the store is asked first. Raises OvertakenError where one with a higher `seq` is up.
    """
    expected = _older(path, store.look(path), seq) if known is None else known
    for _ in range(RACES):
        try:
            return store.put(path, content, cache_control=cache_control(path), over=expected)
        except ChangedError as changed:
            expected = _older(path, changed.up, seq)
    raise TransientError(f"{path} changed {RACES} times while it was to be written. Run it again.")


def _older(path: str, up: Held | None, seq: int) -> str:
    """Give the version of what is up, if that may be replaced."""
    if up is None:
        return ABSENT
    standing = seq_of(parsed(up.content) or {})
    if standing > seq:
        raise OvertakenError(path, seq=seq, standing=standing)
    return up.version
