"""`export`: what pandas and DuckDB read from the files is, to the digit, what SQL gives; only what differs is written."""

from __future__ import annotations

import argparse
import json
import math
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from pipeline.errors import BusyError, NothingRolledError, SettingsError, TransientError
from pipeline.export import exporting, parts
from pipeline.export.exporting import export
from pipeline.export.ledger import Ledger
from pipeline.export.tables import NO_MONTH, TABLES, months_between
from pipeline.installation import Installation
from pipeline.publish.content import is_zipped
from pipeline.publish.keys import KEY_IN_PATH, export_folder, export_key, tenant_key
from pipeline.rollups.tick import roll
from pipeline.serving.site import Asked, Site, cache_control_of
from pipeline.sources.install import install
from pipeline.verbs import export as verb
from pipeline.verbs import url as url_verb
from tests.conftest import NOW, Databases, Sql, address_of, document, installation_on, published
from tests.processes import ended_well, start

D = Decimal
OF_EVENTS = ("api_hourly", "api_daily", "usage_hourly", "usage_daily")
ENDLESS = ("bucket_start", "price_from")  # may be -infinity, which is null in the files


def manifest_of(installation: Installation) -> dict[str, Any]:
    return document(installation, f"{export_folder(installation.secret)}/manifest.json")


def files_of(installation: Installation, table: str) -> list[str]:
    """The files of a table that the manifest lists, as a reader opens them."""
    root = installation.settings.home / "public" / export_folder(installation.secret)
    return [str(root / file["path"]) for file in manifest_of(installation)["files"] if file["table"] == table]


def with_duckdb(installation: Installation, question: str, table: str) -> list[tuple[Any, ...]]:
    """Ask DuckDB; the table is called `t`."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        read = f"create view t as select * from read_parquet({files_of(installation, table)}, hive_partitioning = true)"
        connection.execute(read)
        # Arrow, because fetchall() wants pytz for a time with a zone.
        return [tuple(row.values()) for row in connection.sql(question).to_arrow_table().to_pylist()]


def with_pandas(installation: Installation, table: str) -> pd.DataFrame:
    frames = [pd.read_parquet(path, partitioning=None) for path in files_of(installation, table)]
    return pd.concat(frames, ignore_index=True)


def put_paths(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> list[str]:
    """The paths of all that is written from now on, in order."""
    written: list[str] = []
    put = installation.store.put

    def noted(path: str, content: bytes, **how: Any) -> str:
        written.append(path.partition("/export/")[2].partition("/")[2])
        return put(path, content, **how)

    monkeypatch.setattr(installation.store, "put", noted)
    return written


@pytest.fixture
def filled(ready: Installation, sql: Sql) -> Installation:
    """Two months of requests and usage of two tenants, money put in by hand."""
    sql.tenant()
    for n in range(40):
        sql.request(f"2026-02-{10 + n % 3} 1{n % 4}:10Z", duration_ms=round(7.0004 + n * n, 4), endpoint=f"/{n % 2}")
        sql.request(f"2026-03-0{1 + n % 3} 1{n % 4}:10Z", tenant="t2", duration_ms=0.0)
    sql.request("2026-03-01 10:10Z", duration_ms=-1.0)
    sql.usage("2026-02-10 11:00Z", amount=D("0.1"))
    sql.usage("2026-02-10 11:10Z", amount=D("0.2"))
    sql.usage("2026-03-05 11:00Z", tenant="t2", amount=D("1000000000000000.5"))
    roll(ready, NOW)
    sql("truncate rollup.cost_daily, rollup.mrr_daily, rollup.mrr_movements, rollup.platform_daily")
    sql("insert into rollup.rejected_hourly values ('usage_records', 'created_at_unusable', '-infinity', 3)")
    sql(
        "insert into rollup.cost_daily values "
        "('t1', '2026-02-10', 'ai_tokens_m-1', '2026-01-01', 0.3, 3, 1, 'USD', 0.1, 1500.123456, '2026-02-09', 'oxr', 150.0123456, null), "
        "('t2', '2026-03-05', 'ai_tokens_m-1', '-infinity', 7, null, null, null, null, null, null, null, null, 'no_price')"
    )
    sql(
        "insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr) values ('2026-02-10', 'pro', 1, 2, 49.9958)"
    )
    sql("insert into rollup.mrr_movements values ('2026-02-10', 't1', 'new', 49.9958)")
    sql("insert into rollup.platform_daily values ('2026-02-10', 1, 14, 0.3, null, 49.9958, 1)")
    return ready


# What is read is what is stored.


def test_every_table_reads_back_to_the_digit(filled: Installation, sql: Sql) -> None:
    export(filled)
    assert set(manifest_of(filled)["tables"]) == set(TABLES)
    for table in TABLES:
        frame = with_pandas(filled, table)
        columns = [name for name in frame.columns if not name.startswith("sketch")]
        asked = [f"nullif({name}, '-infinity')" if name in ENDLESS else name for name in columns]
        stored = sql(f"select {', '.join(asked)} from rollup.{table}")
        assert len(frame) == len(stored) > 0, table
        read = [tuple(row) for row in with_duckdb(filled, f"select {', '.join(columns)} from t", table)]
        assert same(read) == same(stored), table
        assert same(list(frame[columns].astype(object).itertuples(index=False, name=None))) == same(stored), table


def same(found: list[tuple[Any, ...]]) -> list[str]:
    """Rows without order; one moment, number or missing value is written one way whoever gave it."""
    return sorted(repr(tuple(map(_plainly, row))) for row in found)


def _plainly(value: Any) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp | datetime):
        at = pd.Timestamp(value)
        return at.tz_convert("UTC").isoformat() if at.tzinfo else at.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return D(value).normalize() if isinstance(value, D | int) else value


def test_numbers_keep_all_their_digits_and_sums_are_exact(filled: Installation) -> None:
    export(filled)
    found = with_duckdb(
        filled, "select sum(amount), typeof(sum(amount)) from t where quota_type = 'ai_tokens_m-1'", "usage_daily"
    )
    assert found == [(D("1000000000000000.8"), "DECIMAL(38,18)")]
    assert with_pandas(filled, "usage_daily")["amount"].sum() == D("1000000000000000.8")
    assert with_pandas(filled, "cost_daily")["amount"].dropna().tolist() == [D("150.0123456")]
    schema = pa.concat_tables([parquet.ParquetFile(path).read() for path in files_of(filled, "api_daily")]).schema
    assert schema.field("duration_ms_sum").type == pa.decimal128(38, 3)
    assert not any(pa.types.is_floating(field.type) for field in schema)


def test_no_table_has_a_float(filled: Installation) -> None:
    export(filled)
    types = {kind for table in manifest_of(filled)["tables"].values() for kind in table["columns"].values()}
    assert types == {
        "string", "int64", "date32[day]", "timestamp[us, tz=UTC]", "decimal128(38, 3)", "decimal128(38, 18)",
        "list<item: int16>", "list<item: int64>",
    }  # fmt: skip


def test_a_number_that_does_not_fit_is_rounded_or_null_and_counted(filled: Installation, sql: Sql) -> None:
    sql(
        "update rollup.cost_daily set quantity = 1e20, native_amount = 2::numeric / 3, amount = 99999999999999999999.99999999999999999999 where tenant_id = 't1'"
    )
    sql("update rollup.cost_daily set quantity = 99999999999999999999.999999999999999999 where tenant_id = 't2'")
    report = export(filled)
    assert report.tables["cost_daily"].inexact == manifest_of(filled)["tables"]["cost_daily"]["inexact"] == 1
    found = with_duckdb(filled, "select quantity, native_amount, amount from t order by tenant_id", "cost_daily")
    assert found == [
        (None, D("0.666666666666666667"), None),
        (D("99999999999999999999.999999999999999999"), None, None),
    ]


def test_percentiles_are_merged_from_the_files(filled: Installation, sql: Sql) -> None:
    """The SQL of docs/analysts.md: the same as rollup.quantile(rollup.merge(…)) in the database."""
    export(filled)
    stored = sql.one(
        "select rollup.quantile(rollup.merge(duration_sketch), 0.95) from rollup.api_daily where endpoint = '/1'"
    )
    keyed = "select unnest(sketch_keys) as key, unnest(sketch_counts) as n from t where endpoint = '/1'"
    found = with_duckdb(
        filled,
        f"""
        with keyed as ({keyed}), merged as (select key, sum(n) as n from keyed group by key),
        placed as (select key, sum(n) over (order by key) as seen, sum(n) over () as total from merged)
        select min(case when key = -32768 then 0 else exp(key * 0.020000666706669525) * 0.99 end)
        from placed where seen >= greatest(1, ceil(0.95 * total))
        """,
        "api_daily",
    )
    assert found[0][0] == pytest.approx(float(str(stored)), rel=0.01)


def test_rows_at_no_time_are_in_the_partition_of_null(filled: Installation) -> None:
    export(filled)
    found = with_duckdb(filled, "select month, bucket_start, rows from t order by rows", "rejected_hourly")
    assert found == [("2026-03", datetime(2026, 3, 1, 10, tzinfo=UTC), 1), (None, None, 3)]
    months = [file["month"] for file in manifest_of(filled)["files"] if file["table"] == "rejected_hourly"]
    assert months == ["2026-03", NO_MONTH]


@pytest.mark.parametrize(
    ("kind", "tenant", "read"),
    [("uuid", "5f0c6a52-6d0b-4d8a-9f52-0a3f4f1c1a11", str), ("bigint", "9007199254740993", int)],
)
def test_tenant_ids_of_other_types(databases: Databases, tmp_path: Path, kind: str, tenant: str, read: Any) -> None:
    installation = installation_on(databases.make(), tmp_path)
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        connection.execute(
            f"create table tenants (id {kind} primary key, name text, plan text, created_at timestamptz)"
        )  # type: ignore[arg-type]
        install(installation)
        sql = Sql(connection)
        sql.request("2026-03-05 10:00Z", tenant=tenant)
        roll(installation, NOW)
    export(installation)
    assert with_pandas(installation, "api_daily")["tenant_id"].tolist() == [read(tenant)]


# Only what differs is written.


def test_a_second_export_writes_the_manifest_alone(filled: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    export(filled)
    before = published(filled)
    written = put_paths(monkeypatch, filled)
    report = export(filled)
    assert written == ["manifest.json"]
    assert sum(each.months_unchanged for each in report.tables.values()) == len(manifest_of(filled)["files"])
    assert published(filled) == before


def test_only_the_month_that_differs_is_written_and_what_it_was_is_superseded(
    filled: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(filled)
    before = published(filled)
    written = put_paths(monkeypatch, filled)
    sql.request("2026-03-02 11:10Z", tenant="t2")
    roll(filled, NOW)
    export(filled, tables=OF_EVENTS)
    assert [path.split(".")[0] for path in written[:-1]] == [
        "api_hourly/month=2026-03/part-0",
        "api_daily/month=2026-03/part-0",
    ]
    assert written[-1] == "manifest.json"
    old = sql("select path, table_name, month from pipeline.exports where superseded_at is not null order by 2")
    assert [row[1:] for row in old] == [("api_daily", "2026-03"), ("api_hourly", "2026-03")]
    after = published(filled)
    assert all(after[str(path)] == before[str(path)] for path, *_ in old)
    listed = {file["path"] for file in manifest_of(filled)["files"]}
    assert not any(str(path).endswith(tuple(listed)) for path, *_ in old)
    sql("delete from api_requests where tenant_id = 't2' and created_at = '2026-03-02 11:10Z' and duration_ms = 100")
    roll(filled, NOW)
    export(filled, tables=OF_EVENTS)
    assert {path for path in published(filled) if path.endswith(".parquet")} == {
        path for path in after if path.endswith(".parquet")
    }
    assert with_duckdb(filled, "select sum(requests) from t", "api_daily") == [(81,)]


def test_the_same_rows_give_the_same_bytes(filled: Installation) -> None:
    export(filled)
    before = published(filled)
    for path in before:
        filled.store.delete(path)
    export(filled)
    assert published(filled) == before


def test_a_month_without_rows_any_more_leaves_the_manifest(filled: Installation, sql: Sql) -> None:
    export(filled)
    sql("delete from rollup.cost_daily where day < '2026-03-01'")
    report = export(filled, tables=["cost_daily"])
    assert report.tables["cost_daily"].months_gone == 1
    assert [file["month"] for file in manifest_of(filled)["files"] if file["table"] == "cost_daily"] == ["2026-03"]


def test_one_that_is_lost_is_written_again(filled: Installation) -> None:
    export(filled)
    before = published(filled)
    lost = next(path for path in before if "usage_daily" in path)
    filled.store.delete(lost)
    assert export(filled).tables["usage_daily"].files == 1
    assert published(filled) == before


def test_another_secret_has_a_folder_of_its_own_and_lists_nothing_else(filled: Installation, tmp_path: Path) -> None:
    export(filled)
    other = installation_on(address_of(filled), tmp_path, TENANTCAST_SECRET="another-secret-of-32-characters-")
    export(other, tables=["api_daily"])
    assert {file["table"] for file in manifest_of(other)["files"]} == {"api_daily"}
    assert export_folder(other.secret) != export_folder(filled.secret)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, ("-infinity", "infinity")),
        ("2026-02-28T23:00Z", None, ("2026-02-01", "infinity")),
        (None, "2026-03-01T00:00Z", ("-infinity", "2026-03-01")),
        (None, "2026-03-01T01:00Z", ("-infinity", "2026-04-01")),
        ("2026-01-31T00:00Z", "2026-12-31T00:00Z", ("2026-01-01", "2027-01-01")),
    ],
)
def test_an_interval_is_the_months_that_it_touches(
    start: str | None, end: str | None, expected: tuple[str, str]
) -> None:
    read = [datetime.fromisoformat(each) if each else None for each in (start, end)]
    span = months_between(*read)
    assert (span.start, span.end) == expected


def test_a_range_and_tables_bound_what_is_looked_at(filled: Installation, sql: Sql) -> None:
    export(filled)
    sql("update rollup.usage_daily set records = 9")
    sql("update rollup.usage_hourly set records = 9")
    start, end = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)
    report = export(filled, tables=["usage_daily"], start=start, end=end)
    assert list(report.tables) == ["usage_daily"]
    assert (report.tables["usage_daily"].months_written, report.tables["usage_daily"].months_gone) == (1, 0)
    assert with_duckdb(filled, "select month, records from t order by 1", "usage_daily") == [
        ("2026-02", 2),
        ("2026-03", 9),
    ]
    assert len(manifest_of(filled)["files"]) == len(
        sql("select path from pipeline.exports where superseded_at is null")
    )


def test_a_file_is_true_as_of_when_its_rows_were_last_looked_at(filled: Installation) -> None:
    export(filled)
    later = NOW.replace(hour=15)
    roll(filled, later)
    export(filled, tables=["mrr_daily"])
    found = manifest_of(filled)
    throughs = {(file["table"] == "mrr_daily", file["data_through"]) for file in found["files"]}
    assert throughs == {(True, "2026-03-10T15:00:00Z"), (False, "2026-03-10T12:00:00Z")}
    assert found["data_through"] == "2026-03-10T12:00:00Z"
    export(filled)
    assert manifest_of(filled)["data_through"] == "2026-03-10T15:00:00Z"


# Bounded, one at a time, and safe to kill.


def test_a_big_month_is_cut_into_files_and_row_groups(filled: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "BATCH_ROWS", 4)
    monkeypatch.setattr(parts, "PART_BATCHES", 2)
    export(filled)
    files = [
        file for file in manifest_of(filled)["files"] if (file["table"], file["month"]) == ("api_hourly", "2026-02")
    ]
    assert [file["rows"] for file in files] == [8, 4]
    assert parquet.ParquetFile(files_of(filled, "api_hourly")[0]).num_row_groups == 2
    assert with_duckdb(filled, "select sum(requests), count(*) from t where month = '2026-02'", "api_hourly") == [
        (40, 12)
    ]
    read = with_duckdb(filled, "select tenant_id, bucket_start, endpoint from t where month = '2026-02'", "api_hourly")
    assert read == sorted(read)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("last", range(0, 12, 3))
def test_killed_anywhere_the_ledger_knows_each_file_and_the_next_one_ends_it(
    filled: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    put, count = filled.store.put, 0

    def dying(path: str, content: bytes, **how: Any) -> str:
        nonlocal count
        if count == last:
            raise Killed
        count += 1
        return put(path, content, **how)

    with monkeypatch.context() as patched:
        patched.setattr(filled.store, "put", dying)
        with pytest.raises(Killed):
            export(filled)
    known = {row[0] for row in sql("select path from pipeline.exports")}
    assert {path for path in published(filled) if path.endswith(".parquet")} <= known
    export(filled)
    listed = {f"{export_folder(filled.secret)}/{file['path']}" for file in manifest_of(filled)["files"]}
    assert listed == {path for path in published(filled) if path.endswith(".parquet")}
    assert with_duckdb(filled, "select sum(requests) from t", "api_daily") == [(81,)]


def kill_after(installation: Installation, files: int) -> bool:
    """Start an export, kill -9 it when it has written so many files; say whether that cut it short."""
    seen = len(parquet_in(installation))
    process = start(installation, ["export"])
    while process.poll() is None and len(parquet_in(installation)) < seen + files:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def parquet_in(installation: Installation) -> list[Path]:
    return list((installation.settings.home / "public").rglob("*.parquet"))


def whole(installation: Installation, sql: Sql) -> bool:
    """Whether what the manifest lists is there, and is, read by DuckDB, what SQL gives."""
    stored = sql("select day, plan, mrr from rollup.mrr_daily order by 1, 2")
    return with_duckdb(installation, "select day, plan, mrr from t order by 1, 2", "mrr_daily") == stored


def test_kill_9_leaves_the_manifest_whole_and_the_next_one_ends_it(filled: Installation, sql: Sql) -> None:
    """A real process, killed in its first export and in the one after a change of every month."""
    sql(
        "insert into rollup.mrr_daily (day, plan, tenants, subscriptions, mrr) "
        "select m::date, 'p' || n, 1, 1, n + 0.01 "
        "from generate_series(timestamp '2006-01-15', '2025-12-15', '1 month') m, generate_series(1, 3) n"
    )
    assert kill_after(filled, 40)
    manifest = filled.settings.home / "public" / export_folder(filled.secret) / "manifest.json"
    assert not manifest.exists()
    ended_well(start(filled, ["export"]))
    assert whole(filled, sql)
    before = with_duckdb(filled, "select day, plan, mrr from t order by 1, 2", "mrr_daily")
    sql("update rollup.mrr_daily set mrr = mrr + 1")
    assert kill_after(filled, 40)
    assert with_duckdb(filled, "select day, plan, mrr from t order by 1, 2", "mrr_daily") == before
    assert sql("select state from pipeline.runs where verb = 'export' order by run_id") == [
        ("running",), ("done",), ("running",),
    ]  # fmt: skip
    ended_well(start(filled, ["export"]))
    assert whole(filled, sql)
    known = {row[0] for row in sql("select path from pipeline.exports")}
    assert {path for path in published(filled) if path.endswith(".parquet")} <= known
    assert sum(each.files for each in export(filled).tables.values()) == 0


def test_two_at_once_one_says_busy(filled: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object) -> None:
        with pytest.raises(BusyError, match="Another export is at work"):
            export(filled)

    monkeypatch.setattr(exporting, "_export_table", meanwhile)
    monkeypatch.setattr(exporting, "_write_manifest", lambda *_: "")
    export(filled, tables=["api_daily"])


def test_before_the_first_tick_there_is_nothing(ready: Installation) -> None:
    with pytest.raises(NothingRolledError, match="Run: python -m pipeline run"):
        export(ready)


def test_a_platform_without_a_row_has_a_manifest_of_no_file(ready: Installation) -> None:
    roll(ready, NOW)
    for _ in range(2):
        report = export(ready)
        found = manifest_of(ready)
        assert found["files"] == []
        assert [table["rows"] for table in found["tables"].values()] == [0] * len(TABLES)
        assert found["data_through"] == "2026-03-10T12:00:00Z"
        assert {each.files for each in report.tables.values()} == {0}


def test_what_goes_and_comes_back_is_the_same_file_again(filled: Installation, sql: Sql) -> None:
    export(filled)
    before = published(filled)
    sql("create table kept as select * from rollup.cost_daily; delete from rollup.cost_daily")
    export(filled)
    assert [file for file in manifest_of(filled)["files"] if file["table"] == "cost_daily"] == []
    sql("insert into rollup.cost_daily select * from kept")
    assert export(filled).tables["cost_daily"].months_written == 2
    assert published(filled) == before


def test_rows_of_a_deleted_tenant_stay_until_it_is_forgotten(filled: Installation, sql: Sql) -> None:
    """Its dashboards go; what it used and cost is part of the platform's sums."""
    export(filled)
    before = with_duckdb(filled, "select tenant_id, sum(requests) from t group by 1 order by 1", "api_daily")
    sql("update tenants set deleted_at = '2026-03-01'")
    sql("delete from tenants where id = 't1'")
    roll(filled, NOW)
    report = export(filled, tables=OF_EVENTS)
    assert with_duckdb(filled, "select tenant_id, sum(requests) from t group by 1 order by 1", "api_daily") == before
    assert {each.files for each in report.tables.values()} == {0}


def test_many_at_once_end_as_one_does(filled: Installation, tmp_path: Path) -> None:
    """Whoever comes while another is at it is told so; what is listed is there, and is all that is there."""

    def try_to(_: int) -> bool:
        try:
            export(installation_on(address_of(filled), tmp_path))
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert any(pool.map(try_to, range(12)))
    listed = {f"{export_folder(filled.secret)}/{file['path']}" for file in manifest_of(filled)["files"]}
    assert listed == {path for path in published(filled) if path.endswith(".parquet")}
    assert with_duckdb(filled, "select sum(requests) from t", "api_daily") == [(81,)]
    assert sum(each.files for each in export(filled).tables.values()) == 0


@pytest.mark.parametrize("step", ["plan", "put"])
def test_an_export_that_has_lost_its_lock_ends(
    filled: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """What it has read may be of somebody who was forgotten since: nothing is written, or what was is not current."""
    owner = Ledger if step == "plan" else type(filled.store)
    done = getattr(owner, step)

    def slept_through(*given: Any, **how: Any) -> Any:
        sql.cut_publishers()
        return done(*given, **how)

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, slept_through)
        with pytest.raises(TransientError):
            export(filled)
    files = [path for path in published(filled) if path.endswith(".parquet")]
    assert len(files) == (step == "put")
    assert sql("select count(*), count(superseded_at) from pipeline.exports") == [(1, 1)]


# Where it lies.


def test_the_key_is_nobody_elses_and_is_kept_out_of_messages(ready: Installation) -> None:
    key = export_key(ready.secret)
    assert key not in {tenant_key(ready.secret, tenant) for tenant in ("", "export", "0")}
    assert KEY_IN_PATH.sub("…", f"s3://b/v1/export/{key}/x") == "s3://b/v1/…/x"


def test_parquet_is_stored_as_it_is_and_kept_for_ever(filled: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, str] = {}
    put = filled.store.put

    def noted(path: str, content: bytes, **how: Any) -> str:
        sent[path.rsplit(".", 1)[1]] = how["cache_control"]
        return put(path, content, **how)

    monkeypatch.setattr(filled.store, "put", noted)
    export(filled)
    assert "immutable" in sent["parquet"]
    assert "max-age=60," in sent["json"]
    root = filled.settings.home / "public"
    paths = [path for path in published(filled) if path.endswith(".parquet")]
    assert not any((root / f"{path}.gz").is_symlink() for path in paths)
    assert all(filled.store.has_second_name(path) and not is_zipped(path) for path in paths)
    assert all(cache_control_of(path) == sent["parquet"] for path in paths)
    site = Site(page=root, store=root)
    for asked in (Asked(f"/{paths[0]}"), Asked(f"/{paths[0]}", accept_encoding="gzip")):
        answer = site.answer(asked)
        assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
        assert "Content-Encoding" not in answer.headers
        assert answer.body == published(filled)[paths[0]]
    answer = site.answer(Asked(f"/{export_folder(filled.secret)}/manifest.json", accept_encoding="gzip"))
    assert (answer.headers["Content-Type"], answer.headers["Content-Encoding"]) == ("application/json", "gzip")


def command(module: Any, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(words)


def test_the_verb_and_its_address(filled: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert verb.run(command(verb, "--table", "cost_daily", "--table", "mrr_daily", "--to", "2026-03-01"), filled) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("exported through 2026-03-10T12:00:00Z: 2 files written (")
    assert said[1:3] == ["  cost_daily: 1 month written, 1 row", "  mrr_daily: 1 month written, 1 row"]
    assert url_verb.run(command(url_verb, "--export"), filled) == 0
    assert capsys.readouterr().out.splitlines() == said[3:]
    assert verb.run(command(verb, "--json"), filled) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tables"]["cost_daily"]["months_written"] == 1
    assert found["url"] == said[3]
    with pytest.raises(SettingsError, match=r"--table costs: no such table. Known: api_hourly"):
        verb.run(command(verb, "--table", "costs"), filled)


def test_the_run_is_recorded(filled: Installation, sql: Sql) -> None:
    export(filled)
    assert sql.one("select report #>> '{tables,api_daily,files}' from pipeline.runs where verb = 'export'") == "2"
