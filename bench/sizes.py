"""(e) How small and how fast libdeflate and zlib pack the documents of the demo, level by level."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from statistics import median

import deflate

from bench.measuring import judge, paired, say, timed
from bench.scenes import Scenes, demo
from pipeline.documents.encode import LEVEL
from pipeline.installation import Installation

ROWS_AT_SCALE_1 = 2_000_000
ROUNDS = 5
DASHBOARD = "dashboard.json"
LEVELS = {"zlib": (1, 6, 9), "libdeflate": (1, 6, 9, 12)}
USUAL = ("zlib", 6)  # what gzip does where nobody says otherwise
OURS = ("libdeflate", LEVEL)
LIMITS = """\
The documents are all that the demo has written for its tenants; packed one by one, as they are published, on one core.
The ways take turns within a round; a ratio of times is the median over the rounds. Bytes are the same in every run.
Not measured: how long a browser unpacks, which does not differ; brotli, which a store cannot offer beside gzip."""

Way = tuple[str, int]


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    made = min(scenes.rows, ROWS_AT_SCALE_1)  # with more rows there are hardly more documents
    print(f"sizes: gzip of the demo's documents, about {made:,} rows\n{LIMITS}")
    say("the demo")
    with demo("bench_sizes", made / ROWS_AT_SCALE_1) as installation:
        documents = _documents(installation)
    say("packing")
    first = [content for name, content in documents if name == DASHBOARD]
    pages = [content for name, content in documents if name != DASHBOARD]
    for what, contents in (("dashboards", first), ("pages", pages)):
        _compare(what, contents)


def _compare(what: str, contents: Sequence[bytes]) -> None:
    ways: list[Way] = [(name, level) for name, levels in LEVELS.items() for level in levels]
    packed = {way: sum(_pack_all(way, contents)) for way in ways}
    seconds: dict[Way, list[float]] = {way: [] for way in ways}
    for _, way in product(range(ROUNDS), ways):
        seconds[way].append(timed(partial(_pack_all, way, contents)))
    raw = sum(map(len, contents))
    print(f"  {len(contents):,} {what}: {raw:,} bytes as JSON; beside {USUAL[0]} {USUAL[1]}:")
    for way in ways:
        _show(way, packed=packed, seconds=seconds, raw=raw)
    judge("bytes, ours to zlib 9", packed[OURS] / packed["zlib", 9], at_most=1)
    judge("time, ours to zlib 9", paired(seconds["zlib", 9], seconds[OURS]), at_most=1)


def _show(way: Way, *, packed: Mapping[Way, int], seconds: Mapping[Way, Sequence[float]], raw: int) -> None:
    ours = "  (ours)" if way == OURS else ""
    print(
        f"  {way[0]:<10} {way[1]:>2} {packed[way] / raw:7.1%} of the JSON {packed[way] / packed[USUAL]:7.3f} x bytes "
        f"{paired(seconds[USUAL], seconds[way]):7.2f} x time {median(seconds[way]):8.3f} s{ours}"
    )


def _pack_all(way: Way, contents: Sequence[bytes]) -> list[int]:
    """Pack each document; give their sizes."""
    name, level = way
    if name == "zlib":
        return [len(gzip.compress(content, level, mtime=0)) for content in contents]
    return [len(deflate.gzip_compress(content, level)) for content in contents]


def _documents(installation: Installation) -> list[tuple[str, bytes]]:
    """Give all documents of tenants in the store, by file name, as JSON."""
    folder = installation.settings.home / "public" / "v1" / "t"
    return [(path.name, gzip.decompress(path.read_bytes())) for path in sorted(folder.rglob("*.json"))]
