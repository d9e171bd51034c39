"""Writes the files of one tenant in the order in which a reader may come upon them. Knows stores and no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pipeline.errors import PermanentError, TenantcastError
from pipeline.publish.caching import cache_control
from pipeline.publish.fencing import put_newer
from pipeline.publish.stores import Store


class Dashboard(NamedTuple):
    """A dashboard to write, and the version of the one that it takes the place of, as `put_newer` has it."""

    path: str
    content: bytes
    known: str | None


class Part(NamedTuple):
    """What to write under one key: pages by path, then the dashboard that lists them."""

    pages: tuple[tuple[str, bytes], ...]
    dashboard: Dashboard | None


@dataclass(frozen=True)
class Order:
    """What to do for one tenant, part by part; then what to remove, in this order."""

    parts: tuple[Part, ...]
    to_delete: tuple[str, ...] = ()


Versions = list[str | None]  # of the dashboards that were written, by part; None where a part has none


def write(store: Store, order: Order, seq: int) -> Versions | TenantcastError:
    """Carry an order out; its error is given, not raised: it must not stop the others."""
    try:
        versions = [_write_part(store, part, seq) for part in order.parts]
        for path in order.to_delete:
            store.delete(path)
    except TenantcastError as error:
        return error
    except Exception as error:
        return PermanentError(f"unexpected {type(error).__name__} while its files were written: {error}")
    return versions


def _write_part(store: Store, part: Part, seq: int) -> str | None:
    for path, content in part.pages:
        store.put(path, content, cache_control=cache_control(path))
    if not part.dashboard:
        return None
    path, content, known = part.dashboard
    return put_newer(store, path, content, seq=seq, known=known)
