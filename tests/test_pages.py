"""Pages by week, by month and by rank: what the first screen has no room for, whole and merged, never averaged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.reconcile.files import compare_files
from pipeline.run import run
from tests.conftest import NOW, Sql, dashboard_of, document, published

Json = dict[str, Any]
UNITS = {"weekly": ("week", 'IYYY-"W"IW'), "monthly": ("month", "YYYY-MM")}
LAGOS = "((created_at at time zone 'Africa/Lagos')::date)"


def pages_of(installation: Installation, kind: str, tenant: str = "t1") -> list[Json]:
    """All pages of a kind in the order in which they are listed; index pages are followed."""
    folder = address(installation, tenant).path.rsplit("/", 1)[0]
    entries, found = list(dashboard_of(installation, tenant)["pages"][kind]), []
    while entries:
        entry = entries.pop(0)
        page = document(installation, f"{folder}/{entry['path']}")
        if "pages" in page:
            entries += page["pages"]
        else:
            found.append({"listed": entry} | page)
    return found


def column(pages: list[Json], name: str) -> list[Any]:
    return [value for page in pages for value in page[name]]


@pytest.fixture
def years(ready: Installation, sql: Sql) -> Installation:
    """Requests and usage from November 2024 to January 2026, at all hours, with durations from a wide range."""
    sql.tenant()
    sql(
        """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
        select 't1', '/' || n % 3, case when n % 9 = 0 then 404 when n % 50 = 0 then 500 else 200 end,
            5 + (n * 37 % 101) * (1 + n % 13), timestamptz '2024-11-20Z' + n * interval '1 hour 47 minutes'
        from generate_series(1, 5600) n"""
    )
    sql(
        """insert into usage_records (tenant_id, quota_type, amount, created_at)
        select 't1', 'ai_tokens_m-' || n % 2, n, timestamptz '2024-11-20Z' + n * interval '11 hours'
        from generate_series(1, 900) n"""
    )
    run(ready, datetime(2026, 1, 7, 12, tzinfo=UTC))
    return ready


@pytest.mark.parametrize("kind", ["weekly", "monthly"])
def test_weeks_and_months_are_what_their_raw_rows_give(years: Installation, sql: Sql, kind: str) -> None:
    """Traps 7 and 9: percentiles are merged, and a week around New Year is whole, in its ISO year."""
    name, form = UNITS[kind]
    pages = pages_of(years, kind)[::-1]
    right = sql(
        f"""select to_char({LAGOS}, '{form}'), count(*), count(*) filter (where status_code = 404),
            count(*) filter (where status_code = 500),
            percentile_disc(0.5) within group (order by duration_ms),
            percentile_disc(0.95) within group (order by duration_ms),
            percentile_disc(0.99) within group (order by duration_ms)
        from api_requests where {LAGOS} < '2026-01-07' group by 1 order by 1"""
    )
    assert column(pages, name) == [row[0] for row in right]
    for measure, place in (("requests", 1), ("client_errors", 2), ("server_errors", 3)):
        assert column(pages, measure) == [row[place] for row in right]
    for measure, place in (("p50_ms", 4), ("p95_ms", 5), ("p99_ms", 6)):
        assert column(pages, measure) == pytest.approx([row[place] for row in right], rel=0.01)
    assert sum(column(pages, "ai_tokens")) == sql.one(
        f"select sum(amount) from usage_records where {LAGOS} < '2026-01-07'"
    )
    assert [page["listed"]["path"].split(".")[0] for page in pages] == [
        f"{kind}/{year}" for year in sorted({first[:4] for first in column(pages, name)})
    ]
    assert dict(zip(column(pages, name), column(pages, "days"), strict=True))[
        "2026-W02" if name == "week" else "2026-01"
    ] == (2 if name == "week" else 6)


def test_a_late_row_merges_its_week_and_month_anew_and_leaves_other_years_alone(years: Installation, sql: Sql) -> None:
    before = {kind: pages_of(years, kind) for kind in UNITS}
    sql.request("2024-12-30T10:00:00Z", duration_ms=7)
    run(years, datetime(2026, 1, 7, 12, tzinfo=UTC))
    for kind, unit, year in (("weekly", "2025-W01", 2025), ("monthly", "2024-12", 2024)):
        after = pages_of(years, kind)
        name = UNITS[kind][0]
        counts = [
            dict(zip(column(each, name), column(each, "requests"), strict=True)) for each in (before[kind], after)
        ]
        assert {
            place: counts[1][place] - counts[0][place] for place in counts[1] if counts[0][place] != counts[1][place]
        } == {unit: 1}
        same = {page["listed"]["path"] for page in after} & {page["listed"]["path"] for page in before[kind]}
        assert same == {
            page["listed"]["path"] for page in before[kind] if f"{kind}/{year}." not in page["listed"]["path"]
        }
    assert not compare_files(years).differences


def test_lines_and_pages_whose_rows_are_all_gone_are_gone(years: Installation, sql: Sql) -> None:
    for table in ("api_requests", "usage_records"):
        sql(
            f"delete from {table} where created_at >= '2025-12-31 23:00Z' or {LAGOS} between '2025-03-01' and '2025-03-31'"
        )
    run(years, datetime(2026, 1, 7, 12, tzinfo=UTC))
    pages = pages_of(years, "monthly")
    assert [page["listed"]["path"].split(".")[0] for page in pages] == ["monthly/2025", "monthly/2024"]
    assert pages[0]["month"] == [f"2025-{month:02}" for month in range(1, 13) if month != 3]
    assert not compare_files(years).differences


def many(sql: Sql, count: int) -> None:
    """So many endpoints and models; the first twenty have as many requests each, the others one."""
    sql(
        f"""insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
        select 't1', '/e' || n, case when n % 7 = 0 then 500 else 200 end, n, timestamptz '2026-03-08 10:00Z' + n * interval '1 second'
        from generate_series(1, {count}) n, generate_series(1, case when n <= 20 then 3 else 1 end)"""
    )
    sql(
        f"""insert into usage_records (tenant_id, quota_type, amount, created_at)
        select 't1', 'ai_tokens_m' || n, 1000 - n % 3, timestamptz '2026-03-08 10:00Z' + n * interval '1 second'
        from generate_series(1, {count}) n"""
    )


def test_what_the_first_screen_leaves_out_is_in_ranked_pages(ready: Installation, sql: Sql) -> None:
    """Trap 19: nothing is left out, ties are broken by name, and the parts add up to the whole."""
    sql.tenant()
    many(sql, 230)
    run(ready, NOW)
    found = dashboard_of(ready)
    for kind, name, order in (
        (
            "endpoints",
            "endpoint",
            "select endpoint, count(*) from api_requests group by 1 ",
        ),
        (
            "models",
            "model",
            "select replace(quota_type, 'ai_tokens_', ''), sum(amount) from usage_records group by 1",
        ),
    ):
        pages = [page for page in pages_of(ready, kind) if page["period"] == "7d"]
        assert [(page["listed"]["from_rank"], page["listed"]["to_rank"]) for page in pages] == [
            (1, 100),
            (101, 200),
            (201, 230),
        ]
        assert column(pages, name) == [
            name for name, _ in sorted(sql(order), key=lambda row: (-float(str(row[1])), row[0]))
        ]
        assert column(pages, "rank") == list(range(1, 231))
        assert {page["entries"] for page in pages} == {230}
        assert [page["other"] for page in pages] == [None] * 3
        assert {page["listed"]["period"] for page in pages_of(ready, kind)} == {"7d", "30d", "90d"}, "24h has none"
    pages = [page for page in pages_of(ready, "endpoints") if page["period"] == "7d"]
    assert sum(column(pages, "requests")) == found["periods"]["7d"]["api_usage"]["total"]
    first = found["periods"]["7d"]["top_endpoints"]
    assert [{key: pages[0][key][rank] for key in first[0]} for rank in range(10)] == first
    tokens = [page for page in pages_of(ready, "models") if page["period"] == "7d"]
    assert sum(column(tokens, "tokens")) == found["periods"]["7d"]["ai_tokens"]["total"]


def test_ranked_pages_stay_as_they_are_while_their_numbers_do(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    many(sql, 30)
    run(ready, NOW)
    before = dashboard_of(ready)["pages"]
    sql.request("2026-03-10T12:30:00Z", endpoint="/e1")
    run(ready, NOW + timedelta(hours=1))
    after = dashboard_of(ready)["pages"]
    assert after["endpoints"] == before["endpoints"]
    assert after["models"] == before["models"]
    run(ready, NOW + timedelta(hours=12))  # past midnight the request is in all periods of days
    pages = pages_of(ready, "endpoints")
    assert all(page["requests"][page["endpoint"].index("/e1")] == 4 for page in pages if page["period"] != "24h")
    assert not compare_files(ready).differences


def test_short_lists_have_no_pages_and_lists_that_got_short_lose_them(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    many(sql, 11)
    run(ready, NOW)
    assert len(dashboard_of(ready)["pages"]["endpoints"]) == 3
    sql("delete from api_requests where endpoint = '/e11'")
    run(ready, NOW)
    assert dashboard_of(ready)["pages"]["endpoints"] == []
    assert len(dashboard_of(ready)["pages"]["models"]) == 3


def test_what_is_beyond_the_last_rank_is_one_honest_sum(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pipeline.documents.ranked_pages", "pipeline.publish.reading"):
        monkeypatch.setattr(f"{module}.MOST", 25)
    sql.tenant()
    many(sql, 40)
    run(ready, NOW)
    [page] = [page for page in pages_of(ready, "endpoints") if page["period"] == "7d"]
    assert (len(page["endpoint"]), page["entries"], page["other"]["endpoints"]) == (25, 40, 15)
    total = dashboard_of(ready)["periods"]["7d"]["api_usage"]["total"]
    assert sum(page["requests"]) + page["other"]["requests"] == total


def test_many_pages_are_listed_in_index_pages_and_none_is_lost(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    many(sql, 1500)
    run(ready, NOW)
    listed = dashboard_of(ready)["pages"]["endpoints"]
    assert len(listed) == 36
    assert set(listed[-1]) == {"path", "bytes"}
    assert {each["period"] for each in listed[:3]} == {"7d", "30d", "90d"}, "the first ranks of all periods come first"
    pages = pages_of(ready, "endpoints")
    for period in ("7d", "30d", "90d"):
        assert column([page for page in pages if page["period"] == period], "rank") == list(range(1, 1501))
    sizes = {path: len(content) for path, content in published(ready).items()}
    assert all(size <= (14_000 if path.endswith("dashboard.json") else 30_000) for path, size in sizes.items())
    assert not compare_files(ready).differences
