"""Cuts the marks that wait into chunks; each chunk is redone in one transaction. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
CHUNK_ROWS = 1_500_000
CHUNK_BUCKETS = 20_000
LARGEST_GAP = timedelta(hours=6)
SCAN_SHARE = 10  # an hour is scanned once a tenth of the tenants have marks in it
SCAN_TENANTS = 20  # fewer tenants than this are always looked up


@dataclass(frozen=True)
class MarkedHour:
    """One hour of one raw table with marks: how many tenants, or all, and how many rows came and went."""

    source: str
    bucket_start: datetime
    whole: bool
    tenants: int
    changes: int


@dataclass(frozen=True)
class Chunk:
    """A range of hours of one raw table to redo at once."""

    source: str
    start: datetime
    end: datetime
    by_scan: bool
    changes: int


def plan(hours: Iterable[MarkedHour], tenants: int) -> list[Chunk]:
    """Give the chunks, whole ranges first: hours of many tenants for one scan, the others for look-ups.

    `hours` come by source and time; `tenants` is how many the platform has.
    """
    listed = list(hours)
    scanned = [hour for hour in listed if _dense(hour, tenants)]
    looked_up = [hour for hour in listed if not _dense(hour, tenants)]
    return [*_cut(scanned, by_scan=True), *_cut(looked_up, by_scan=False)]


def _dense(hour: MarkedHour, tenants: int) -> bool:
    return hour.whole or (hour.tenants >= SCAN_TENANTS and hour.tenants * SCAN_SHARE >= tenants)


def _cut(hours: list[MarkedHour], *, by_scan: bool) -> Iterator[Chunk]:
    pending: list[MarkedHour] = []
    for hour in hours:
        if pending and _ends_before(pending, hour, by_scan=by_scan):
            yield _chunk(pending, by_scan=by_scan)
            pending = []
        pending.append(hour)
    if pending:
        yield _chunk(pending, by_scan=by_scan)


def _ends_before(pending: list[MarkedHour], hour: MarkedHour, *, by_scan: bool) -> bool:
    last = pending[-1]
    if hour.source != last.source:
        return True
    if not by_scan:
        return sum(each.tenants for each in pending) >= CHUNK_BUCKETS
    return (
        hour.bucket_start - last.bucket_start > LARGEST_GAP
        or sum(each.changes for each in pending) + hour.changes > CHUNK_ROWS
    )


def _chunk(hours: list[MarkedHour], *, by_scan: bool) -> Chunk:
    return Chunk(
        source=hours[0].source,
        start=hours[0].bucket_start,
        end=hours[-1].bucket_start + HOUR,
        by_scan=by_scan,
        changes=sum(hour.changes for hour in hours),
    )
