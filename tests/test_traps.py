"""Traps that known systems fell into, each met with real connections at once; docs/traps.md says which test is for which."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from functools import cache

import psycopg
import pytest

from pipeline.installation import Installation
from pipeline.publish.keys import address, platform_folder, platform_key
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import ROOT
from tests.checks import assert_settled, polling, stamped
from tests.conftest import NOW, Sql, address_of, dashboard_of, published
from tests.recompute import places

HOURLY = "select tenant_id, bucket_start, endpoint, xmin::text from rollup.api_hourly"
DAILY = "select tenant_id, day::text, endpoint, xmin::text from rollup.api_daily"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_ids_that_commit_in_reverse_or_never_hold_nothing_up(ready: Installation, sql: Sql) -> None:
    """Trap 2: what a watermark of ids has passed would never be seen; what it waits for may never come."""
    insert = (
        "insert into api_requests (tenant_id, endpoint, created_at) values ('t1', %s, '2026-03-10T10:30Z') returning id"
    )
    url = address_of(ready)
    with psycopg.connect(url) as lost, psycopg.connect(url) as first, psycopg.connect(url) as second:
        ids = [each.execute(insert, (name,)).fetchone() for each, name in ((lost, "/0"), (first, "/1"), (second, "/2"))]
        assert ids == sorted(ids)
        lost.rollback()
        second.commit()
        roll(ready, NOW)
        assert sql("select endpoint from rollup.api_hourly") == [("/2",)]
        watermark = sql.one("select max(id) from api_requests")
        first.commit()
    assert sql.one("select count(*) from api_requests where id > %s", watermark) == 0
    roll(ready, NOW)
    assert sql("select endpoint, requests from rollup.api_hourly order by 1") == [("/1", 1), ("/2", 1)]


def test_a_reader_sees_a_bucket_before_or_after_a_refresh_never_without_its_rows(ready: Installation, sql: Sql) -> None:
    """Trap 4: a bucket that is replaced is never empty, and its day always says the same."""
    both = """select (select sum(requests) from rollup.api_hourly where tenant_id = 't1' and bucket_start = '2026-03-10T10:00Z'),
        (select sum(requests) from rollup.api_daily where tenant_id = 't1' and day = '2026-03-10')"""
    sql.request("2026-03-10T10:00:00Z")
    roll(ready, NOW)
    seen: list[tuple[object, object]] = []
    with psycopg.connect(address_of(ready), autocommit=True) as connection:

        def look() -> None:
            hour, day = connection.execute(both).fetchone() or (None, None)
            assert hour is not None, "a reader met a bucket without its rows"
            assert hour == day
            assert not seen or (hour, day) >= seen[-1]
            seen.append((hour, day))

        with polling(look):
            for _ in range(25):
                sql.request("2026-03-10T10:59:59.999999Z")
                roll(ready, NOW)
    assert len(set(seen)) > 5, "the reader hardly saw any of the refreshes"


def test_a_row_that_crosses_midnight_changes_its_two_places_and_nothing_else(ready: Installation, sql: Sql) -> None:
    """Trap 6: rows exactly on edges; one microsecond takes a row into another hour, day and page."""
    edges = (
        "2026-03-08T21:59:59.999999Z",
        "2026-03-08T22:00:00Z",
        "2026-03-08T22:59:59.999999Z",
        "2026-03-08T23:00:00Z",
    )
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        for place, edge in enumerate(edges):
            sql.request(edge, tenant, endpoint=f"/{place}")
    run(ready, NOW)
    assert [row[1].hour for row in sorted(sql(HOURLY)) if row[0] == "t1"] == [21, 22, 22, 23]  # type: ignore[attr-defined]
    hours, days, files = set(sql(HOURLY)), set(sql(DAILY)), stamped(ready)
    sql("update api_requests set created_at = created_at + interval '1 us' where tenant_id = 't1' and endpoint = '/2'")
    report = run(ready, NOW)
    assert (report.rollup.buckets, report.rollup.days) == (2, 2)
    assert {row[:2] for row in hours ^ set(sql(HOURLY))} == {
        ("t1", at("2026-03-08T22:00:00")),
        ("t1", at("2026-03-08T23:00:00")),
    }
    assert {row[:2] for row in days ^ set(sql(DAILY))} == {("t1", "2026-03-08"), ("t1", "2026-03-09")}
    after, folder = stamped(ready), f"v1/t/{address(ready, 't1').key}"
    platform = platform_folder(platform_key(ready.secret))
    changed = {path for path, held in files.items() if after[path] != held}
    assert changed == {f"{folder}/dashboard.json", f"{platform}/summary.json"}
    pages = {path.split(".")[0] for path in after.keys() - files.keys()}
    mine = ("costs/2026-03", "daily/2026-03", "hourly/2026-03-08", "hourly/2026-03-09", "weekly/2026")
    assert pages == {f"{folder}/{page}" for page in mine} | {f"{platform}/daily/2026-03"}
    assert_settled(ready, sql, NOW)


def test_a_tenant_with_ten_thousand_endpoints_fits_its_first_screen(ready: Installation, sql: Sql) -> None:
    """Trap 19: the first ten are the first by rank, and the totals are of all of them."""
    sql.tenant()
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
        select 't1', '/users/' || n || '/orders', 200, n % 1000, timestamptz '2026-03-01Z' + n * interval '79 seconds'
        from generate_series(1, 10000) n"""
    )
    for number in (77, 5):
        for _ in range(3):
            sql.request("2026-03-08T10:00:00Z", endpoint=f"/users/{number}/orders")
    run(ready, NOW)
    week = dashboard_of(ready)["periods"]["30d"]
    assert [each["endpoint"] for each in week["top_endpoints"][:3]] == [
        "/users/5/orders", "/users/77/orders", "/users/1/orders",
    ]  # fmt: skip
    in_days = "select count(*) from api_requests where created_at < '2026-03-09T23:00Z'"
    assert week["api_usage"]["total"] == sql.one(in_days)
    sizes = {path: len(content) for path, content in published(ready).items()}
    assert all(size <= (14_000 if path.endswith("dashboard.json") else 30_000) for path, size in sizes.items())


def test_models_whose_names_are_alike_stay_apart(ready: Installation, sql: Sql) -> None:
    """Trap 19: a model is named twice, and each of the two is another one."""
    sql.tenant()
    names = ("m", "M", "m ", "ai_tokens_m", "")
    for number, name in enumerate(names):
        sql.usage("2026-03-10T10:00:00Z", quota_type=f"ai_tokens_{name}", amount=10**number)
    sql.usage("2026-03-10T10:00:00Z", quota_type="m", amount=7)
    run(ready, NOW)
    day = dashboard_of(ready)["periods"]["24h"]
    found = {name: model["tokens"] for name, model in day["ai_tokens"]["by_model"].items()}
    assert found == {name: 10**number for number, name in enumerate(names)}
    assert day["ai_tokens"]["total"] == 11111
    assert [each["quota_type"] for each in day["other_usage"]] == ["m"]


def test_ten_late_rows_of_one_tenant_redo_ten_buckets_of_thousands(ready: Installation, sql: Sql) -> None:
    """Trap 20: the work is counted, not timed: what lies where it lay has not been written again."""
    sql("insert into tenants (id, name, plan) select 't' || n, 'T' || n, 'pro' from generate_series(1, 100) n")
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, created_at)
        select 't' || n, '/', 200, timestamptz '2026-02-25 10:30Z' + d * interval '1 day'
        from generate_series(1, 100) n, generate_series(0, 11) d"""
    )
    run(ready, NOW)
    before, files = set(places(sql)), stamped(ready)
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, created_at)
        select 't7', '/', 200, timestamptz '2026-02-25 10:45Z' + d * interval '1 day' from generate_series(0, 9) d"""
    )
    report = run(ready, NOW)
    assert (report.rollup.marks, report.rollup.buckets, report.rollup.days) == (10, 10, 10)
    assert report.publish.tenants == 1
    assert len(before - set(places(sql))) == 20, "ten hours and ten days, of 2,400"
    written = {path.split("/")[2] for path, _ in stamped(ready).items() ^ files.items()}
    assert written == {address(ready, "t7").key, platform_key(ready.secret)}


@pytest.mark.parametrize("skew", [timedelta(hours=-5), timedelta(days=400)])
def test_rows_of_a_writer_whose_clock_is_wrong_do_no_harm(ready: Installation, sql: Sql, skew: timedelta) -> None:
    """Trap 18: what lies ahead waits for its hour, and holds back neither the rows of now nor what is complete."""
    sql.tenant()
    sql.request((NOW + skew).isoformat(), endpoint="/skewed")
    sql.request("2026-03-10T11:59:59Z")
    sql.request("2026-03-10T12:00:00Z", endpoint="/running")
    run(ready, NOW)
    found = dashboard_of(ready)
    assert found["data_through"] == "2026-03-10T12:00:00Z"
    assert found["periods"]["24h"]["api_usage"]["total"] == (2 if skew < timedelta() else 1)
    assert "/running" not in str(found)
    report = run(ready, NOW + timedelta(hours=1))
    assert (report.rollup.marks, report.rollup.buckets) == (1, 1)


# The table


@cache
def docstrings(path: str) -> dict[str, str]:
    """The tests of a module, and what each says it is for."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return {each.name: ast.get_docstring(each) or "" for each in functions if each.name.startswith("test_")}


def listed() -> list[tuple[int, list[str]]]:
    """The rows of docs/traps.md: the trap's number, and what proves that it is no trap here."""
    text = (ROOT / "docs" / "traps.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", text, re.MULTILINE)
    return [(int(number), re.findall(r"`([^`]+)`", proofs)) for number, proofs in rows]


def test_the_table_of_traps_names_tests_that_are_there() -> None:
    assert [number for number, _ in listed()] == list(range(1, 23))


@pytest.mark.parametrize(("number", "proof"), [(number, proof) for number, proofs in listed() for proof in proofs])
def test_each_test_in_the_table_says_which_trap_it_is_for(number: int, proof: str) -> None:
    if "::" not in proof:
        assert (ROOT / proof / "case.md").is_file()
        return
    path, name = proof.split("::")
    named = re.search(r"Traps? ([\d, and]+)", docstrings(path)[name])
    assert named, f"{proof} does not say which trap it is for"
    assert str(number) in re.findall(r"\d+", named[1])


WEEKS = {
    "2020-12-31": "2020-W53",
    "2021-01-03": "2020-W53",
    "2021-01-04": "2021-W01",
    "2022-12-26": "2022-W52",
    "2023-01-01": "2022-W52",
    "2023-01-02": "2023-W01",
    "2024-12-29": "2024-W52",
    "2024-12-31": "2025-W01",
    "2025-01-05": "2025-W01",
}


def test_weeks_around_new_year_are_those_of_iso_and_so_are_their_percentiles(ready: Installation, sql: Sql) -> None:
    """Trap 9: the example of the analyst's page, against all raw rows of each week."""
    [example] = [
        block
        for block in re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "analysts.md").read_text(), re.DOTALL)
        if "iso_week" in block
    ]
    sql("create temporary table weeks (day date, week text)")
    for day, week in WEEKS.items():
        assert sql.one("select rollup.iso_week(%s::date)", day) == week
        sql("insert into weeks values (%s, %s)", day, week)
    assert sql.one("select rollup.iso_week(null)") is None
    every_day = "select d::date as day from generate_series(date '1999-12-25', '2033-01-10', '1 day') as d"
    assert sql(f"select day from ({every_day}) as e where rollup.iso_week(day) <> to_char(day, 'IYYY-\"W\"IW')") == []

    sql.tenant()
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
        select 't1', '/' || n %% 3, 200, 5 + (n * 37 %% 101) * (1 + extract(day from day)), day::timestamp + n * '1 min'::interval
        from weeks, generate_series(1, 300) as n""".replace("%%", "%")
    )
    run(ready, NOW)
    right = {
        (week, endpoint): (requests, p95)
        for week, endpoint, requests, p95 in sql(
            """select week, endpoint, count(*), percentile_disc(0.95) within group (order by duration_ms)
            from api_requests inner join weeks on created_at::date = day group by week, endpoint"""
        )
    }
    found = {(week, endpoint): (requests, p95) for week, endpoint, requests, p95 in sql(example)}
    assert found.keys() == right.keys()
    assert len(found) == 3 * len(set(WEEKS.values()))
    for place, (requests, p95) in right.items():
        assert found[place] == (requests, pytest.approx(p95, rel=0.01)), place
