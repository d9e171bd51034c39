"""Cuts the marks that wait into chunks; each chunk is redone in one transaction. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
CHUNK_ROWS = 1_500_000
CHUNK_BUCKETS = 20_000
CHUNK_HOURS = 24 * 31  # hours that are marked whole may come without a count of their rows
LARGEST_GAP = timedelta(hours=6)
LARGEST_LOOKUP_GAP = timedelta(days=31)  # a chunk has its partitions made for all the time that it spans
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
    """A range of hours of one raw table to redo at once; `tenants` and `changes` are summed over its marked hours."""

    source: str
    start: datetime
    end: datetime
    by_scan: bool
    tenants: int
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


def _cut(hours: Iterable[MarkedHour], *, by_scan: bool) -> Iterator[Chunk]:
    chunk: Chunk | None = None
    for hour in hours:
        if chunk and _has_room(chunk, hour):
            chunk = _grown(chunk, hour)
            continue
        if chunk:
            yield chunk
        chunk = _begun(hour, by_scan=by_scan)
    if chunk:
        yield chunk


def _has_room(chunk: Chunk, hour: MarkedHour) -> bool:
    grown = _grown(chunk, hour)
    if hour.source != chunk.source or grown.changes > CHUNK_ROWS:
        return False
    if hour.bucket_start - chunk.end >= LARGEST_LOOKUP_GAP:
        return False
    if chunk.by_scan:
        # A scan reads all that lies between, so it ends before a gap.
        return hour.bucket_start - chunk.end < LARGEST_GAP and grown.end - grown.start <= CHUNK_HOURS * HOUR
    return grown.tenants <= CHUNK_BUCKETS


def _begun(hour: MarkedHour, *, by_scan: bool) -> Chunk:
    return Chunk(
        source=hour.source,
        start=hour.bucket_start,
        end=hour.bucket_start + HOUR,
        by_scan=by_scan,
        tenants=hour.tenants,
        changes=hour.changes,
    )


def _grown(chunk: Chunk, hour: MarkedHour) -> Chunk:
    return replace(
        chunk,
        end=hour.bucket_start + HOUR,
        tenants=chunk.tenants + hour.tenants,
        changes=chunk.changes + hour.changes,
    )
