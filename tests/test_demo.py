"""The simulated SaaS: made as asked, only where it may be, and the same whatever way it was made."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.database.connection import define
from pipeline.demo import load, scenario, traffic
from pipeline.demo.business import BEGINNING, business
from pipeline.demo.catalogue import PLANS
from pipeline.demo.changes import later_changes
from pipeline.demo.load import load_rows, rows_between
from pipeline.demo.marker import begin, create_tables, find_marker
from pipeline.demo.rhythm import midnight
from pipeline.demo.scenario import simulate
from pipeline.demo.traffic import HOUR_US
from pipeline.demo.world import UNKNOWN_TENANT, Parameters, World, first_instant, make_world
from pipeline.errors import BusyError, PermanentError
from pipeline.installation import Installation
from pipeline.progress import Progress
from pipeline.settings import ROOT
from pipeline.sources.mapping import parse_mapping
from pipeline.sources.naming import render, trial_names
from tests.conftest import Databases, environment_of, installation_on

END = datetime(2026, 3, 10, 12, 34, 56, 789000, tzinfo=UTC)
LITTLE = Parameters(seed=7, scale=0.02, tenants=30, days=8)
WIDE = Parameters(seed=3, scale=0.1, tenants=60, days=28)
EVENTS = ("api_requests", "usage_records")


def world_of(parameters: Parameters, end: datetime = END) -> World:
    return make_world(parameters, first_instant(end, parameters.days))


@pytest.fixture(scope="module")
def requests() -> pd.DataFrame:
    """Four weeks of requests, with their time in Lagos."""
    world = world_of(WIDE)
    frame = rows_between(world, world.starts_at, END).api_requests.to_pandas()
    frame["lagos"] = frame["created_at"].dt.tz_convert("Africa/Lagos")
    return frame


def raw(installation: Installation, statement: str) -> list[Any]:
    with installation.database.transaction() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement).all()]


def contents(installation: Installation) -> dict[str, list[Any]]:
    """All rows of the source tables without the database's own ids; NaN as text, so that it equals itself."""
    columns = {
        "tenants": "id, name, plan, created_at, timezone, deleted_at",
        "api_requests": "tenant_id, endpoint, status_code, duration_ms::text, created_at",
        "usage_records": "tenant_id, quota_type, amount, created_at",
        "subscriptions": "tenant_id, plan, status, monthly_amount, currency, started_at, ended_at",
        "quotas": "tenant_id, quota_type, limit_amount, period, anchor_day",
        "prices": "item, unit_size, amount, currency, effective_from, effective_to",
        "fx_rates": "base, quote, rate, rate_date, source",
    }
    return {
        table: sorted(raw(installation, f"select {names} from {table}"), key=repr) for table, names in columns.items()
    }


def begun(installation: Installation, world: World) -> None:
    """The tables, empty, and the marker: what `simulate` does before it loads."""
    with installation.database.transaction() as connection:
        create_tables(connection, installation.settings.source)
        begin(connection, installation.settings.source, world)


# What is made


def test_same_arguments_same_rows_in_another_process() -> None:
    code = (
        "import hashlib; from tests import test_demo as t;"
        "w = t.world_of(t.LITTLE); r = t.rows_between(w, w.starts_at, t.END);"
        "b = t.business(w, t.BEGINNING, t.END); c = t.later_changes(w, t.END, t.END);"
        "texts = [str(x.to_pylist()) for x in (r.api_requests, r.usage_records, c.late.api_requests)];"
        "texts += [repr(b), repr(c.corrections), repr(c.moves), repr(c.deletions)];"
        "print(hashlib.sha256(''.join(texts).encode()).hexdigest())"
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Kolkata"))
    ]  # fmt: skip
    assert made[0] == made[1]


def test_another_seed_gives_another_saas() -> None:
    one, other = world_of(LITTLE), world_of(replace(LITTLE, seed=8))
    assert [tenant.id for tenant in one.tenants] != [tenant.id for tenant in other.tenants]


@pytest.mark.parametrize(("scale", "days"), [(0.05, 30), (0.2, 10)])
def test_size_is_as_asked(scale: float, days: int) -> None:
    world = world_of(Parameters(scale=scale, days=days, tenants=50))
    made = rows_between(world, world.starts_at, world.starts_at + timedelta(days=days))
    assert len(made.api_requests) == pytest.approx(1_450_000 * scale * days / 90, rel=0.06)
    usage_without_storage = sum(kind.startswith("ai_tokens_") for kind in made.usage_records["quota_type"].to_pylist())
    assert usage_without_storage == pytest.approx(550_000 * scale * days / 90, rel=0.1)


def test_tenants_are_skewed_as_zipf_says(requests: pd.DataFrame) -> None:
    world = world_of(WIDE)
    counts = requests["tenant_id"].value_counts()
    assert counts.index[0] == world.biggest.id
    assert counts.iloc[0] / counts.iloc[1] == pytest.approx(2**1.05, rel=0.15)
    assert counts.iloc[:6].sum() > 0.45 * len(requests)
    assert counts.iloc[30] < 0.05 * counts.iloc[0]


def test_nights_and_sundays_are_quiet_in_lagos(requests: pd.DataFrame) -> None:
    by_hour = requests["lagos"].dt.hour.value_counts()
    assert by_hour[[2, 3, 4]].max() < 0.1 * by_hour[[10, 11, 15]].min()
    assert by_hour.idxmax() in (10, 11)
    assert by_hour[13] < by_hour[[11, 15]].min()
    whole_weeks = requests[requests["lagos"] < requests["lagos"].min() + timedelta(days=28)]
    by_weekday = whole_weeks["lagos"].dt.day_of_week.value_counts()
    assert by_weekday.idxmin() == 6
    assert by_weekday[6] < 0.4 * by_weekday[[0, 1, 2, 3, 4]].min()


def test_a_tenant_abroad_keeps_its_own_hours() -> None:
    world = world_of(replace(WIDE, scale=2.0))
    newyorkers = [tenant.id for tenant in world.tenants if tenant.timezone == "America/New_York"]
    made = rows_between(world, END - timedelta(days=7), END).api_requests.to_pandas()
    theirs = made[made["tenant_id"].isin(newyorkers)]["created_at"].dt.tz_convert("America/New_York").dt.hour
    assert theirs.between(8, 17).mean() > 0.6


def test_endpoints_errors_and_durations_are_plausible(requests: pd.DataFrame) -> None:
    assert requests["endpoint"].nunique() == 12
    status = requests["status_code"]
    assert 0.01 < status.between(400, 499).mean() < 0.08
    assert 0.003 < status.between(500, 599).mean() < 0.05
    good = requests[requests["duration_ms"] > 0]
    assert ((good["duration_ms"] * 1000 - (good["duration_ms"] * 1000).round()).abs() < 1e-3).all()
    chat = good[good["endpoint"] == "/v1/chat"]["duration_ms"]
    assert 700 < chat.median() < 1000
    assert chat.quantile(0.99) > 5 * chat.median()
    hourly = requests.assign(hour=requests["created_at"].dt.floor("h"), failed=status.between(500, 599))
    assert hourly.groupby("hour")["failed"].agg(["mean", "size"]).query("size > 50")["mean"].max() > 0.08


def test_some_rows_cannot_be_used(requests: pd.DataFrame) -> None:
    assert requests["tenant_id"].isna().sum() in range(4, 8)
    assert (requests["tenant_id"] == UNKNOWN_TENANT).sum() in range(4, 8)
    assert (requests["duration_ms"] < 0).sum() in range(4, 8)
    assert requests["duration_ms"].isna().sum() in range(4, 8)
    assert (requests["status_code"] == 999).sum() in range(4, 8)


def test_special_tenants_are_there(requests: pd.DataFrame) -> None:
    world = world_of(WIDE)
    counts = requests["tenant_id"].value_counts()
    empty = [tenant for tenant in world.tenants if tenant.weight == 0]
    assert empty
    assert not any(tenant.id in counts for tenant in empty)
    new = [tenant for tenant in world.tenants if tenant.created_at > world.starts_at]
    deleted = [tenant for tenant in world.tenants if tenant.deleted_at]
    silent = [tenant for tenant in world.tenants if tenant.silent]
    assert new
    assert deleted
    assert silent
    for tenant in (*new, *deleted, *silent):
        times = requests[requests["tenant_id"] == tenant.id]["created_at"]
        assert (times >= tenant.created_at).all()
        assert not tenant.deleted_at or (times < tenant.deleted_at).all()
        assert not tenant.silent or not times.dt.date.between(tenant.silent[0], tenant.silent[1], "left").any()
    pairs = [tenant.subscriptions for tenant in world.tenants if len(tenant.subscriptions) == 2]
    assert {PLANS.index(after.plan) - PLANS.index(before.plan) for before, after in pairs} == {-1, 0, 1}
    zones = {tenant.timezone for tenant in world.tenants}
    assert zones == {None, "Africa/Accra", "Europe/London", "America/New_York"}


def test_even_a_single_tenant_makes_a_saas() -> None:
    world = world_of(Parameters(tenants=1, days=1, scale=0.001))
    assert rows_between(world, world.starts_at, END).count > 0


def test_names_stay_different_past_all_combinations() -> None:
    world = world_of(replace(LITTLE, tenants=3000))
    assert len(set(world.ids)) == 3001


def test_business_of_slices_adds_up_to_all_of_it() -> None:
    world = world_of(WIDE)
    cuts = [BEGINNING, *(world.starts_at + timedelta(days=days, hours=7) for days in (1, 9, 20)), END]
    parts = [business(world, since, until) for since, until in pairwise(cuts)]
    whole = business(world, BEGINNING, END)
    for table, records in whole.records.items():
        assert sorted((r for part in parts for r in part.records[table]), key=repr) == sorted(records, key=repr)
    assert sorted((c for part in parts for c in part.changes), key=repr) == sorted(whole.changes, key=repr)


def test_prices_change_once_and_rates_have_gaps() -> None:
    world = world_of(WIDE)
    records = business(world, BEGINNING, END).records
    changed = [price for price in records["prices"] if price["effective_to"]]
    assert len(changed) == 1
    assert world.starts_at < changed[0]["effective_to"] < END
    assert {price["currency"] for price in records["prices"]} == {"USD", "NGN"}
    days = {rate["rate_date"] for rate in records["fx_rates"]}
    assert all(day.weekday() < 5 for day in days)
    assert max(days) == END.date()
    assert min(days) < min(each["started_at"] for each in records["subscriptions"]).date()
    quotas = records["quotas"]
    assert {quota["period"] for quota in quotas} == {"day", "month"}
    assert {None, 0} < {quota["limit_amount"] for quota in quotas}
    assert len({(quota["tenant_id"], quota["quota_type"]) for quota in quotas}) == len(quotas)
    statuses = {record["status"] for record in records["subscriptions"]}
    assert statuses == {"active", "trialing"}
    three_weeks_on = business(world, BEGINNING, END + timedelta(days=21))
    assert {change.statement for change in three_weeks_on.changes} == {
        "end_trial", "end_subscription", "change_plan", "delete_tenant",
    }  # fmt: skip


# Loading


def test_rows_end_exactly_at_the_end(blank: Installation) -> None:
    world = world_of(LITTLE)
    begun(blank, world)
    load_rows(blank, world, since=None, until=END)
    for table in EVENTS:
        first, last = raw(blank, f"select min(created_at), max(created_at) from {table}")[0]
        assert world.starts_at <= first < world.starts_at + timedelta(hours=12)
        assert END - timedelta(hours=1) < last < END
    marker = raw(blank, "select loaded_through, starts_at from pipeline.demo")
    assert marker == [(END, world.starts_at)]


def test_database_holds_what_was_generated(blank: Installation) -> None:
    world = world_of(LITTLE)
    begun(blank, world)
    load_rows(blank, world, since=None, until=END)
    made = rows_between(world, world.starts_at, END).api_requests.to_pylist()
    stored = raw(blank, "select tenant_id, endpoint, status_code, duration_ms::text, created_at from api_requests")
    text = [tuple(str(float(v)) if k == "duration_ms" else v for k, v in row.items()) for row in made]

    def comparable(rows: list[Any]) -> list[Any]:
        return sorted(((*row[:3], f"{float(row[3]):.3f}", row[4]) for row in rows), key=repr)

    assert comparable(stored) == comparable(text)


def test_top_up_gives_the_rows_of_one_load(blank: Installation, databases: Databases, monkeypatch: Any) -> None:
    world = world_of(LITTLE)
    begun(blank, world)
    load_rows(blank, world, since=None, until=END)
    pieces = installation_on(databases.make(), blank.settings.home)
    begun(pieces, world)
    monkeypatch.setattr(load, "SLICE_ROWS", 1)
    since = None
    for until in (
        world.starts_at + timedelta(minutes=30),
        world.starts_at + timedelta(days=3, hours=1),  # a UTC midnight
        END - timedelta(hours=3),
        END,
    ):
        load_rows(pieces, world, since=since, until=until)
        since = until
    assert contents(pieces) == contents(blank)


def test_a_request_that_ends_after_midnight_stays_in_its_day(monkeypatch: Any) -> None:
    monkeypatch.setattr(traffic, "_durations", lambda *_, tenant, **__: np.full(tenant.size, 2 * HOUR_US))
    world = world_of(LITTLE)
    cuts = [midnight(END.date() - timedelta(days=days)) for days in (4, 3, 2, 1)]
    parts = [rows_between(world, since, until).usage_records for since, until in pairwise(cuts)]
    for part, until in zip(parts, cuts[1:], strict=True):
        assert max(part["created_at"].to_pylist()) < until
    assert pa.concat_tables(parts) == rows_between(world, cuts[0], cuts[-1]).usage_records


def test_killed_load_goes_on_where_it_stopped(blank: Installation, monkeypatch: Any) -> None:
    world = world_of(LITTLE)
    begun(blank, world)
    monkeypatch.setattr(load, "SLICE_ROWS", 1000)
    real, left = load.copy_rows, 3

    def dying(*arguments: Any) -> None:
        nonlocal left
        real(*arguments)
        left -= 1
        if not left:
            raise KeyboardInterrupt

    monkeypatch.setattr(load, "copy_rows", dying)
    with pytest.raises(KeyboardInterrupt):
        load_rows(blank, world, since=None, until=END)
    with blank.database.transaction() as connection:
        marker = find_marker(connection)
    assert marker
    assert marker.loaded_through
    assert world.starts_at < marker.loaded_through < END
    load_rows(blank, world, since=marker.loaded_through, until=END)
    made = rows_between(world, world.starts_at, END)
    assert raw(blank, "select count(*) from api_requests") == [(len(made.api_requests),)]
    assert raw(blank, "select count(*) from usage_records") == [(len(made.usage_records),)]


def test_two_demos_at_once_do_not_load_twice(blank: Installation) -> None:
    world = world_of(LITTLE)
    begun(blank, world)
    load_rows(blank, world, since=None, until=END - timedelta(days=1))
    with pytest.raises(BusyError):
        load_rows(blank, world, since=None, until=END)


def test_tables_and_columns_may_have_other_names(databases: Databases, tmp_path: Any) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[source.api_requests]\ntable = "Odd :requests 100%"\ncreated_at = "At"\n', encoding="utf-8")
    installation = installation_on(databases.make(), tmp_path, TENANTCAST_CONFIG=str(config))
    with installation.database.transaction() as connection:
        define(connection, render("source/tables", trial_names(parse_mapping({}), "text")))
        define(
            connection,
            'alter table api_requests rename to "Odd :requests 100%";'
            'alter table "Odd :requests 100%" rename column created_at to "At"',
        )
    world = world_of(LITTLE)
    begun(installation, world)
    load_rows(installation, world, since=None, until=END)
    scenario._change(installation, world, END - timedelta(hours=3), END, scenario.Made())
    assert raw(installation, 'select count(*) > 1000 from "Odd :requests 100%%" where "At" is not null') == [(True,)]


# The whole verb


def test_refuses_tables_that_hold_other_rows(blank: Installation) -> None:
    with blank.database.transaction() as connection:
        define(connection, "create table prices (item text); insert into prices values ('theirs')")
    with pytest.raises(PermanentError, match=r"public\.prices has rows that are not the demo's"):
        simulate(blank, LITTLE, END, leave_changes=False)
    relations = "select relname::text from pg_class where relnamespace = 'public'::regnamespace"
    assert raw(blank, relations) == [("prices",)]
    assert raw(blank, "select to_regnamespace('pipeline')::text") == [(None,)]


def test_first_publish_then_changes_then_published(blank: Installation) -> None:
    made = simulate(blank, LITTLE, END, leave_changes=False)
    assert made.first_published == "2026-03-10T09:00:00Z"
    assert made.late == 80
    assert made.moved == 1
    assert made.corrected > 30
    assert made.deleted == 20
    assert made.failures == 0
    assert made.url
    assert raw(blank, "select data_through from pipeline.progress") == [(datetime(2026, 3, 10, 12, tzinfo=UTC),)]
    total = "select (select count(*) from api_requests) + (select count(*) from usage_records)"
    assert raw(blank, total) == [(made.rows + made.late - made.deleted,)]
    runs = raw(blank, "select as_of from pipeline.runs where verb = 'rollup' and state = 'done' order by run_id")
    assert runs == [(datetime(2026, 3, 10, 9, tzinfo=UTC),), (END,)]


def test_changes_are_left_and_are_real(blank: Installation) -> None:
    made = simulate(blank, LITTLE, END, leave_changes=True)
    first = datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert raw(blank, "select data_through from pipeline.progress") == [(first,)]
    world = world_of(LITTLE)
    changes = later_changes(world, first, END)
    late = changes.late.api_requests.to_pandas()["created_at"]
    assert (late < first - timedelta(hours=1)).all()
    assert (late >= first - timedelta(days=5)).all()
    assert late.min() < first - timedelta(days=2)
    ledger = raw(
        blank,
        "select sum(added), sum(removed) from pipeline.marks where bucket_start < '2026-03-10 09:00+00'",
    )
    updated = made.corrected + made.moved
    assert ledger == [(made.late + updated, made.deleted + updated)]


def test_one_update_crosses_a_lagos_midnight(blank: Installation) -> None:
    simulate(blank, LITTLE, END, leave_changes=True)
    first = datetime(2026, 3, 10, 9, tzinfo=UTC)
    move = later_changes(world_of(LITTLE), first, END).moves[0].values
    midnight = datetime(2026, 3, 8, 23, tzinfo=UTC)
    assert move["created_at"] < midnight <= move["moved_to"] < first
    place = f"tenant_id = '{move['tenant_id']}' and created_at ="
    assert raw(blank, f"select count(*) from api_requests where {place} '{move['created_at']}'") == [(0,)]
    assert raw(blank, f"select count(*) from api_requests where {place} '{move['moved_to']}'") == [(1,)]


def test_second_run_tops_up(blank: Installation) -> None:
    first = simulate(blank, LITTLE, END, leave_changes=False)
    later = END + timedelta(days=2)
    second = simulate(blank, LITTLE, later, leave_changes=False)
    assert not second.started_anew
    assert 0 < second.rows < 0.5 * first.rows
    assert raw(
        blank,
        "select max(created_at) > %s from api_requests".replace("%s", f"'{later - timedelta(hours=1)}'"),
    )
    assert raw(blank, "select loaded_through from pipeline.demo") == [(later,)]
    total = "select (select count(*) from api_requests) + (select count(*) from usage_records)"
    changed = first.late + second.late - first.deleted - second.deleted
    assert raw(blank, total) == [(first.rows + second.rows + changed,)]


def test_the_same_end_again_changes_nothing(blank: Installation) -> None:
    simulate(blank, LITTLE, END, leave_changes=True)
    before = contents(blank)
    again = simulate(blank, LITTLE, END, leave_changes=True)
    assert (again.rows, again.late, again.corrected, again.deleted) == (0, 0, 0, 0)
    assert contents(blank) == before


def test_other_parameters_start_anew(blank: Installation) -> None:
    said = StringIO()
    blank.__dict__["progress"] = Progress(said)
    simulate(blank, LITTLE, END, leave_changes=False)
    other = replace(LITTLE, seed=8, tenants=12)
    made = simulate(blank, other, END + timedelta(minutes=5), leave_changes=False)
    assert made.started_anew
    assert made.first_published is None  # what is published already is younger
    assert "seed 7, scale 0.02, tenants 30, days 8: emptying" in said.getvalue()
    assert raw(blank, "select seed, tenants from pipeline.demo") == [(8, 12)]
    assert raw(blank, "select count(*) <= 12 from tenants") == [(True,)]
    ids = {tenant.id for tenant in world_of(other).tenants}
    assert {row[0] for row in raw(blank, "select distinct tenant_id from usage_records")} <= ids


def test_does_not_empty_what_others_added(blank: Installation) -> None:
    simulate(blank, LITTLE, END, leave_changes=True)
    raw(
        blank,
        "insert into usage_records (tenant_id, quota_type, amount) values ('mine', 'x', 1) returning id",
    )
    with pytest.raises(PermanentError, match=r"usage_records has rows of tenants that the demo did not make"):
        simulate(blank, replace(LITTLE, seed=8), END, leave_changes=True)
    assert raw(blank, "select count(*) > 1000 from api_requests") == [(True,)]


def test_refuses_to_go_back(blank: Installation) -> None:
    simulate(blank, LITTLE, END, leave_changes=False)
    for parameters in (LITTLE, replace(LITTLE, seed=8)):
        with pytest.raises(PermanentError, match="already goes up to"):
            simulate(blank, parameters, END - timedelta(hours=5), leave_changes=False)
    assert raw(blank, "select seed from pipeline.demo") == [(7,)]


def test_marker_explains_itself(blank: Installation) -> None:
    begun(blank, world_of(LITTLE))
    assert raw(
        blank,
        "select attname::text from pg_attribute where attrelid = 'pipeline.demo'::regclass and attnum > 0 "
        "and col_description(attrelid, attnum) is null",
    ) == []  # fmt: skip


def verb(installation: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "demo", *words],
        env=environment_of(installation), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_verb_prints_what_it_made(blank: Installation) -> None:
    words = ("--scale", "0.01", "--tenants", "12", "--days", "4", "--as-of")
    done = verb(blank, *words, "2026-03-10T12:34:56Z", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["rows"] > 500
    assert made["url"].endswith("/dashboard.json")
    assert "Filling api_requests and usage_records" in done.stderr
    again = verb(blank, *words, "2026-03-10T13:34:56Z")
    assert again.returncode == 0, again.stderr
    assert "80 late rows" in again.stdout


@pytest.mark.parametrize("word", [("--scale", "0"), ("--tenants", "-1"), ("--days", "x"), ("--scale", "nan")])
def test_wrong_arguments_are_usage_errors(blank: Installation, word: tuple[str, str]) -> None:
    done = verb(blank, *word)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
