"""Real recorded traces through load, run and the published files, against pandas and DuckDB over the same files.

Assumed here, as the data's README says: a group, session or client is a tenant; a naive time is UTC; gentd26's PENDING
and PROCESSING are unfinished and left out; ServeGen has no calendar, so it is made to start on 2026-01-05T00:00Z.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.sources.load import load_files
from tests.conftest import SHARED_DATA, Sql, dashboard_of

pytestmark = pytest.mark.shared

LATER = datetime(2024, 12, 1, 0, 30, tzinfo=UTC)
STATUS = {"SUCCEED": 200, "FAILED": 500}
SERVEGEN_START = pd.Timestamp("2026-01-05T00:00:00Z")


@pytest.fixture
def gentd26(tmp_path: Path) -> pd.DataFrame:
    """The image service's requests as contract rows, unfinished ones left out and counted."""
    raw = pd.read_csv(SHARED_DATA / "requests_gentd26_2024-11.csv.gz")
    unfinished = raw["status"].isin(["PENDING", "PROCESSING"])
    assert 0 < unfinished.sum() < 50
    rows = raw[~unfinished].copy()
    rows["status_code"] = rows["status"].map(STATUS)
    assert rows["status_code"].notna().all()
    return rows


def load(installation: Installation, tmp_path: Path, rows: pd.DataFrame, into: str, **renamed: str) -> int:
    """Write the rows as a gzipped CSV file and load it."""
    path = tmp_path / f"{into}.csv.gz"
    rows.to_csv(path, index=False)
    (report,) = load_files(installation, [path], into=into, renamed=list(renamed.items()))
    assert report.rejected == ()
    return report.rows


def add_tenants(installation: Installation, tmp_path: Path, names: pd.Series) -> None:
    tenants = pd.DataFrame({"id": names.unique(), "name": names.unique(), "plan": "pro"})
    load(installation, tmp_path, tenants, "tenants")


def test_counts_by_tenant_day_endpoint_and_class_are_the_very_ones(
    ready: Installation, sql: Sql, tmp_path: Path, gentd26: pd.DataFrame
) -> None:
    columns = ["tenant_id", "endpoint", "status_code", "duration_ms", "created_at"]
    assert load(ready, tmp_path, gentd26[columns], "api_requests") == len(gentd26)
    roll(ready, LATER)
    expected = duckdb.sql(
        """select tenant_id, cast(cast(created_at as timestamp) + interval 1 hour as date) as day, endpoint, count(*),
            count(*) filter (where status_code between 400 and 499), count(*) filter (where status_code >= 500),
            sum(cast(duration_ms * 1000 as bigint)), min(duration_ms), max(duration_ms)
        from gentd26 group by all order by all"""
    ).fetchall()
    found = sql(
        """select tenant_id, day, endpoint, requests, client_errors, server_errors, (duration_ms_sum * 1000)::bigint,
            duration_ms_min::float8, duration_ms_max::float8
        from rollup.api_daily order by tenant_id collate "C", day, endpoint collate "C" """
    )
    assert len(found) > 2500
    assert found == expected


def test_percentiles_lie_within_one_percent_of_the_nearest_rank(
    ready: Installation, sql: Sql, tmp_path: Path, gentd26: pd.DataFrame
) -> None:
    columns = ["tenant_id", "endpoint", "status_code", "duration_ms", "created_at"]
    load(ready, tmp_path, gentd26[columns], "api_requests")
    roll(ready, LATER)
    exact = sql(
        """select tenant_id, (created_at at time zone 'Africa/Lagos')::date, endpoint,
            percentile_disc(array[0.5, 0.95, 0.99]) within group (order by duration_ms)
        from api_requests group by 1, 2, 3 order by 1, 2, 3"""
    )
    found = sql(
        """select tenant_id, day, endpoint, array[rollup.quantile(duration_sketch, 0.5),
            rollup.quantile(duration_sketch, 0.95), rollup.quantile(duration_sketch, 0.99)]
        from rollup.api_daily order by 1, 2, 3"""
    )
    for wanted, got in zip(exact, found, strict=True):
        assert wanted[:3] == got[:3]
        assert got[3] == pytest.approx(wanted[3], rel=0.01 + 1e-9)


def test_image_usage_and_requests_reach_the_files(ready: Installation, tmp_path: Path, gentd26: pd.DataFrame) -> None:
    busy = gentd26["tenant_id"].value_counts().index[:300]
    gentd26 = gentd26[gentd26["tenant_id"].isin(busy)]
    images = gentd26[gentd26["images"].notna()].copy()
    images["quota_type"] = "ai_images_" + images["model"]
    add_tenants(ready, tmp_path, gentd26["tenant_id"])
    columns = ["tenant_id", "endpoint", "status_code", "duration_ms", "created_at"]
    load(ready, tmp_path, gentd26[columns], "api_requests")
    load(ready, tmp_path, images[["tenant_id", "quota_type", "images", "created_at"]], "usage_records", amount="images")
    run(ready, LATER)
    busiest = gentd26["tenant_id"].value_counts().index[:10]
    end = pd.Timestamp("2024-11-30T23:00:00")  # the Lagos midnight before LATER
    times = pd.to_datetime(gentd26["created_at"])
    inside = gentd26[(times >= end - pd.Timedelta(days=30)) & (times < end)]
    kinds = 0
    for tenant in busiest:
        mine = inside[inside["tenant_id"] == tenant]
        found = dashboard_of(ready, tenant)["periods"]["30d"]
        assert found["api_usage"]["total"] == len(mine)
        assert found["api_usage"]["server_errors"] == (mine["status_code"] == 500).sum()
        listed = {each["endpoint"]: each["requests"] for each in found["top_endpoints"]}
        assert listed == mine["endpoint"].value_counts().to_dict()
        for percent in (50, 95, 99):
            nearest = nearest_rank(mine["duration_ms"], percent)
            assert found["response_times"][f"p{percent}_ms"] == pytest.approx(nearest, rel=0.01 + 1e-9)
        assert found["other_usage"] == largest(images.loc[mine.index.intersection(images.index)])
        kinds += len(found["other_usage"])
    assert kinds > len(busiest)


def nearest_rank(values: pd.Series, percent: int) -> float:
    """The smallest value that at least so many percent of all do not exceed."""
    known = sorted(values.dropna())
    return float(known[-(-percent * len(known) // 100) - 1])


def largest(images: pd.DataFrame) -> list[dict[str, object]]:
    """The ten kinds of usage with the largest amounts, as the dashboard lists them."""
    kinds = [
        {"quota_type": kind, "amount": int(rows["images"].sum()), "records": len(rows)}
        for kind, rows in images.groupby("quota_type")
    ]
    return sorted(kinds, key=lambda each: (-each["amount"], each["quota_type"]))[:10]


def test_servegen_windows_give_the_exact_token_sums_by_model_and_day(
    ready: Installation, sql: Sql, tmp_path: Path
) -> None:
    raw = pd.read_csv(SHARED_DATA / "usage_windows_servegen_day00-09.csv.gz", dtype=str)
    known = raw[raw["mean_input_tokens"].notna() & raw["mean_output_tokens"].notna()]
    assert len(raw) - len(known) == 69_994, "clients without token means have no row; nothing is imputed"
    tokens = [
        Decimal(requests) * (Decimal(given) + Decimal(made))
        for requests, given, made in zip(
            known["requests"], known["mean_input_tokens"], known["mean_output_tokens"], strict=True
        )
    ]
    rows = pd.DataFrame(
        {
            "tenant_id": known["client_id"],
            "quota_type": "ai_tokens_" + known["model"],
            "amount": [str(amount) for amount in tokens],
            "created_at": SERVEGEN_START + pd.to_timedelta(known["window_start_s"].astype(float), unit="s"),
        }
    )
    load(ready, tmp_path, rows, "usage_records")
    roll(ready, datetime(2026, 2, 1, tzinfo=UTC))
    days = (rows["created_at"] + pd.Timedelta(hours=1)).dt.strftime("%Y-%m-%d")
    expected: dict[tuple[str, str], Decimal] = {}
    for model, day, amount in zip(rows["quota_type"], days, tokens, strict=True):
        expected[model, day] = expected.get((model, day), Decimal(0)) + amount
    found = sql("select quota_type, day::text, sum(amount) from rollup.usage_daily group by 1, 2")
    assert {(str(model), str(day)): amount for model, day, amount in found} == expected
    assert sql.one("select sum(amount) from rollup.usage_hourly") == sum(tokens)
