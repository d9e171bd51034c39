"""The sketch: within 1 % of the nearest rank, merged in any order to the bit, the same in SQL, Python and elsewhere."""

from __future__ import annotations

import csv
import gzip
import math
import random
import time
from collections.abc import Sequence

import numpy as np
import pytest
from ddsketch import DDSketch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.documents import sketch
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from tests.conftest import NOW, SHARED_DATA, Sql

QUANTILES = (0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
BUILD = """
    with rows as (select unnest(%s::bigint[]) as us),
    keyed as (select rollup.sketch_key(us) as key, count(*) as n from rows group by 1)
    select row((select min(us) from rows), (select max(us) from rows), array_agg(key order by key), array_agg(n order by key))::rollup.sketch::text
    from keyed
"""


def nearest_rank(values: Sequence[float], q: float) -> float:
    """What percentile_disc gives."""
    ordered = sorted(values)
    return ordered[max(1, math.ceil(q * len(ordered))) - 1]


def built(sql: Sql, milliseconds: Sequence[float]) -> object:
    return sql.one(BUILD, [round(ms * 1000) for ms in milliseconds])


def quantiles(sql: Sql, made: object) -> list[float]:
    found = sql(
        "select rollup.quantile(%s::rollup.sketch, q) from unnest(%s::float8[]) with ordinality as q (q, place) order by place",
        made,
        list(QUANTILES),
    )
    return [float(str(row[0])) for row in found]


SHAPES = {
    "uniform": lambda made: made.uniform(0.001, 1000, 5000),
    "exponential": lambda made: made.exponential(200, 5000),
    "log-normal": lambda made: made.lognormal(4, 1.5, 5000),
    "pareto": lambda made: (made.pareto(1.1, 5000) + 1) * 3,
    "bimodal": lambda made: np.concatenate([made.normal(10, 1, 2500), made.normal(9000, 100, 2500)]),
    "constant": lambda made: np.full(1000, 42.0),
    "single": lambda made: np.array([0.5]),
    "zeros": lambda made: np.zeros(100),
    "zeros and an outlier": lambda made: np.array([0.0] * 99 + [31_000_000_000.0]),
    "eleven to twenty and more": lambda made: np.array([*range(11, 21), *range(91, 101)], dtype=float),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_lie_within_one_percent_and_inside_the_extremes(ready: Installation, sql: Sql, shape: str) -> None:
    """Trap 7: single, equal, zero, one huge outlier."""
    values = np.round(np.abs(SHAPES[shape](np.random.default_rng(7))), 3)
    made = built(sql, list(values))
    for q, found in zip(QUANTILES, quantiles(sql, made), strict=True):
        exact = nearest_rank(list(values), q)
        assert abs(found - exact) <= 0.01 * exact + 1e-9, (shape, q)
        assert values.min() <= found <= values.max()


def test_percentiles_of_merged_parts_are_those_of_the_whole(ready: Installation, sql: Sql) -> None:
    """Trap 7: averaging gives 59; the nearest rank of both parts together is 98."""
    low, high = built(sql, range(11, 21)), built(sql, range(91, 101))
    merged = "select rollup.quantile(rollup.merge(s), 0.9) from unnest(array[%s, %s]::rollup.sketch[]) s"
    assert float(str(sql.one(merged, low, high))) == pytest.approx(98, rel=0.01)


def test_merging_in_any_order_and_split_is_equal_to_the_bit(ready: Installation, sql: Sql) -> None:
    """Trap 7: the order of merging."""
    shuffled = random.Random(3)
    values = [shuffled.lognormvariate(4, 2) for _ in range(600)] + [0.0] * 20
    whole = built(sql, values)
    for _ in range(10):
        shuffled.shuffle(values)
        cuts = sorted(shuffled.sample(range(1, len(values)), 6))
        parts = [built(sql, values[a:b]) for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]
        assert sql.one("select rollup.merge(s)::text from unnest(%s::rollup.sketch[]) s", parts) == whole
        nested = sql.one(
            """select rollup.merge(m)::text from (select rollup.merge(s) as m from
            unnest(%s::rollup.sketch[]) with ordinality as u (a, b, c, d, place), lateral (select row(a, b, c, d)::rollup.sketch as s) v
            group by place %% 2) g""",
            parts,
        )
        assert nested == whole


def test_nothing_and_nulls(ready: Installation, sql: Sql) -> None:
    assert sql.one("select rollup.merge(null::rollup.sketch)") is None
    assert (
        sql.one("select rollup.quantile(rollup.merge(s), 0.5) from (select null::rollup.sketch as s where false) n")
        is None
    )
    with pytest.raises(Exception, match="between 0 and 1"):
        sql("select rollup.quantile(row(1, 1, '{0}', '{1}')::rollup.sketch, 95)")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(min_value=1, max_value=31_622_400_000_000))
def test_a_key_stands_for_its_values_within_one_percent(us: int) -> None:
    assert sketch.value(sketch.key(us / 1000)) == pytest.approx(us / 1000, rel=0.01 + 1e-12)


def test_sql_and_python_agree(ready: Installation, sql: Sql) -> None:
    values = sorted({round(1.013**step) for step in range(2400)} | {0, 1, 2, 3, 1000, 10**13})
    found = sql(
        "select us, rollup.sketch_key(us), rollup.sketch_value(rollup.sketch_key(us)) from unnest(%s::bigint[]) us",
        values,
    )
    for us, key, value in found:
        assert key == sketch.key(float(str(us)) / 1000)
        assert float(str(value)) == pytest.approx(sketch.value(int(str(key))), rel=1e-14)


def test_keys_and_values_equal_those_of_the_datadog_implementation() -> None:
    reference = DDSketch(0.01)._mapping
    values = [us / 1000 for us in range(1, 20_000)] + [1.07**step for step in range(300)]
    for value in values:
        assert sketch.key(value) == reference.key(value)
        assert sketch.value(sketch.key(value)) == pytest.approx(reference.value(reference.key(value)), rel=1e-12)


def _series(name: str) -> list[float]:
    """One of the series that quantile_vectors.csv speaks of, as its file holds it."""
    name = name.removeprefix("shared:")
    if name == "gentd26_pipeline_e2e_ms":
        path, column = "durations_gentd26_pipeline_e2e_ms.csv.gz", "value"
    else:
        stem, column = name.split("#")
        path = f"requests_{stem}.csv.gz"
    with gzip.open(SHARED_DATA / path, "rt", encoding="utf-8") as lines:
        return [float(row[column]) for row in csv.DictReader(lines) if row[column] != ""]


def _vectors() -> dict[str, list[dict[str, str]]]:
    by_series: dict[str, list[dict[str, str]]] = {}
    if SHARED_DATA.exists():
        with (SHARED_DATA / "quantile_vectors.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                by_series.setdefault(row["dataset"], []).append(row)
    return by_series


@pytest.mark.shared
@pytest.mark.parametrize("name", _vectors())
def test_real_series_lie_within_one_percent_of_the_nearest_rank(ready: Installation, sql: Sql, name: str) -> None:
    values = _series(name)
    vectors = _vectors()[name]
    assert len(values) == int(vectors[0]["n"])
    made = built(sql, values)
    grid = {0.0} | {sketch.value(sketch.key(value)) for value in values}
    for row in vectors:
        exact = float(row["exact_inverted_cdf_quantile_disc"])
        found = float(str(sql.one("select rollup.quantile(%s::rollup.sketch, %s)", made, float(row["q"]))))
        assert abs(found - exact) <= 0.01 * exact + 1e-9, (name, row["q"])
        reference = float(row["ddsketch_alpha_0.01"])
        assert min(abs(reference - each) for each in grid) <= 1e-9 * reference + 1e-12, "its value is one of our keys'"


def test_merging_20000_sketches_costs_at_most_ten_times_reading_them(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql(
        """insert into api_requests (tenant_id, endpoint, duration_ms, created_at)
        select 't1', '/' || i %% 2000, exp((i * 7919 %% 1000) / 150.0), timestamptz '2026-03-01 00:00Z' + (i / 20000) * interval '1 hour'
        from generate_series(1, 200000) i""".replace("%%", "%")
    )
    roll(ready, NOW)
    assert int(str(sql.one("select count(*) from rollup.api_hourly"))) >= 20_000
    read = "select sum(cardinality((duration_sketch).keys) + (duration_sketch).counts[1]) from (select * from rollup.api_hourly limit 20000) h"
    merge = "select rollup.merge(duration_sketch) from (select * from rollup.api_hourly limit 20000) h"
    timings: dict[str, list[float]] = {read: [], merge: []}
    for _ in range(5):
        for statement, seconds in timings.items():
            began = time.perf_counter()
            sql(statement)
            seconds.append(time.perf_counter() - began)
    ratio = min(timings[merge]) / min(timings[read])
    assert ratio <= 10, f"merging costs {ratio:.1f} times reading"
