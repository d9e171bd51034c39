"""Which raw tables a snapshot has to be held on."""

from __future__ import annotations

from pipeline.settings import Settings
from pipeline.sources.catalog import quoted


def held_table(settings: Settings, source: str) -> tuple[str, ...]:
    """Give the raw table, quoted, to lock against TRUNCATE, which ignores snapshots; none for a read-only source.

    A foreign table cannot be locked. What a TRUNCATE does to a read-only source meanwhile, the next comparison finds.
    """
    if settings.marking != "triggers":
        return ()
    raw = settings.source[source]
    return (quoted(raw.schema, raw.table),)
