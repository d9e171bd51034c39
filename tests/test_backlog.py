"""How the marks that wait are cut into chunks: no chunk too big, and no time spent on cutting."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.rollups.backlog import CHUNK_BUCKETS, CHUNK_HOURS, CHUNK_ROWS, HOUR, Chunk, MarkedHour, plan

START = datetime(2021, 1, 1, tzinfo=UTC)


def marked(
    count: int,
    *,
    source: str = "api_requests",
    whole: bool = False,
    tenants: int = 5,
    changes: int = 10,
    every: timedelta = HOUR,
) -> list[MarkedHour]:
    """Hours with equal marks, one after the other."""
    return [MarkedHour(source, START + number * every, whole, tenants, changes) for number in range(count)]


def covered(hours: Sequence[MarkedHour], chunks: Sequence[Chunk]) -> list[list[MarkedHour]]:
    """The hours in the range of each chunk."""
    return [
        [hour for hour in hours if hour.source == chunk.source and chunk.start <= hour.bucket_start < chunk.end]
        for chunk in chunks
    ]


def test_no_marks_are_no_chunks() -> None:
    assert plan([], 5) == []


def test_hours_of_many_tenants_are_scanned_first_and_those_of_few_looked_up() -> None:
    few, many, whole = MarkedHour("a", START, False, 19, 1), marked(1, tenants=20)[0], marked(1, whole=True)[0]
    assert [chunk.by_scan for chunk in plan([few, many], 200)] == [True, False]
    assert [chunk.by_scan for chunk in plan([many], 201)] == [False], "less than a tenth of the tenants"
    assert [chunk.by_scan for chunk in plan([whole], 1_000_000)] == [True]


def test_one_chunk_has_one_raw_table() -> None:
    chunks = plan([*marked(3), *marked(2, source="usage_records")], 1000)
    assert chunks == [
        Chunk("api_requests", START, START + 3 * HOUR, by_scan=False, tenants=15, changes=30),
        Chunk("usage_records", START, START + 2 * HOUR, by_scan=False, tenants=10, changes=20),
    ]


@pytest.mark.parametrize("whole", [True, False])
def test_a_chunk_has_no_more_changed_rows_than_it_may(whole: bool) -> None:
    """By scan and by look-up: few tenants may have as many rows as all."""
    hours = marked(10, whole=whole, changes=CHUNK_ROWS // 4)
    chunks = plan(hours, 5)
    assert [chunk.changes for chunk in chunks] == [CHUNK_ROWS // 4 * count for count in (4, 4, 2)]
    assert [hour for part in covered(hours, chunks) for hour in part] == hours


def test_an_hour_that_is_too_big_is_a_chunk_of_its_own() -> None:
    chunks = plan(marked(3, changes=2 * CHUNK_ROWS), 5)
    assert [(chunk.start, chunk.end) for chunk in chunks] == [
        (START + number * HOUR, START + (number + 1) * HOUR) for number in range(3)
    ]


def test_looking_up_takes_no_more_buckets_than_it_may() -> None:
    chunks = plan(marked(10, tenants=CHUNK_BUCKETS // 4, changes=1), 10 * CHUNK_BUCKETS)
    assert [(chunk.by_scan, chunk.tenants) for chunk in chunks] == [
        (False, CHUNK_BUCKETS // 4 * count) for count in (4, 4, 2)
    ]


def test_hours_that_are_marked_whole_without_a_count_are_cut_by_time() -> None:
    """A truncated table or a dropped partition marks years of hours, and nobody knows of how many rows."""
    hours = marked(3 * CHUNK_HOURS + 1, whole=True, tenants=0, changes=0)
    chunks = plan(hours, 5)
    assert [len(part) for part in covered(hours, chunks)] == [CHUNK_HOURS] * 3 + [1]
    assert all(chunk.end - chunk.start <= CHUNK_HOURS * HOUR for chunk in chunks)


def test_a_scan_does_not_cross_a_long_gap_and_looking_up_does() -> None:
    for gap, chunks in ((6 * HOUR, 1), (7 * HOUR, 4)):
        assert len(plan(marked(4, whole=True, every=gap), 5)) == chunks
    assert len(plan(marked(4, every=timedelta(days=30)), 5)) == 1


def test_sparse_hours_are_scanned_in_ranges_no_longer_than_dense_ones() -> None:
    chunks = plan(marked(CHUNK_HOURS, whole=True, changes=0, every=6 * HOUR), 5)
    assert len(chunks) == 6
    assert all(chunk.end - chunk.start <= CHUNK_HOURS * HOUR for chunk in chunks)
    assert all(before.end <= after.start for before, after in pairwise(chunks))


def test_cutting_the_hours_of_years_takes_no_time() -> None:
    hours = marked(50_000, tenants=1, changes=1)
    began = time.perf_counter()
    assert [len(part) for part in covered(hours, plan(hours, 5))] == [CHUNK_BUCKETS, CHUNK_BUCKETS, 10_000]
    assert time.perf_counter() - began < 5
