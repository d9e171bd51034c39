"""The published numbers, read as a frontend reads them, against plain SQL over the raw rows, field by field."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from pipeline.demo.scenario import simulate
from pipeline.demo.world import Parameters
from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.settings import ROOT
from tests.conftest import Databases, Sql, address_of, document, environment_of, installation_on, published

END = datetime(2026, 3, 12, 12, 34, tzinfo=UTC)  # four days after the clocks of New York changed
THROUGH = datetime(2026, 3, 12, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAYS = {"7d": 7, "30d": 30, "90d": 90}
QUANTILES = (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99))

# What is usable, said once more and differently from the pipeline.
MEASURES = """
    count(*) as requests,
    count(*) filter (where status_code >= 400 and status_code < 500) as client_errors,
    count(*) filter (where status_code >= 500 and status_code < 600) as server_errors,
    count(us) as duration_count,
    coalesce(sum(us), 0) as us_sum,
    percentile_disc(array[0.5, 0.95, 0.99]) within group (order by us) as percentiles
"""
REQUESTS = """
    with requests as (
        select endpoint, status_code, created_at, created_at at time zone %s as local,
            case when duration_ms >= 0 and duration_ms < 'Infinity' then round((duration_ms * 1000)::numeric)::bigint end as us
        from api_requests where tenant_id = %s and created_at >= %s and created_at < %s
    )
"""
RECORDS = """
    with records as (
        select quota_type, amount, created_at, created_at at time zone %s as local
        from usage_records where tenant_id = %s and created_at >= %s and created_at < %s
    )
"""


@dataclass(frozen=True)
class Count:
    """What raw requests come to; durations in microseconds."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    duration_count: int = 0
    us_sum: Decimal = Decimal(0)
    percentiles: tuple[int, ...] | None = None

    @property
    def errors(self) -> int:
        return self.client_errors + self.server_errors

    @property
    def average(self) -> Decimal | None:
        return self.us_sum / 1000 / self.duration_count if self.duration_count else None

    @property
    def error_rate(self) -> Decimal | None:
        return Decimal(100 * self.errors) / self.requests if self.requests else None


def count_of(row: tuple[Any, ...]) -> Count:
    return Count(*row[:4], Decimal(row[4]), tuple(row[5]) if row[3] else None)


@dataclass(frozen=True)
class Raw:
    """Plain SQL over one tenant's raw rows; `key` is an expression over `created_at` and `local`."""

    sql: Sql
    tenant: str
    zone: str

    def _all(self, head: str, rest: str, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
        return self.sql(head + rest, self.zone, self.tenant, start, end)

    def requests(self, start: datetime, end: datetime) -> Count:
        return count_of(self._all(REQUESTS, f"select {MEASURES} from requests", start, end)[0])

    def requests_by(self, key: str, start: datetime, end: datetime) -> dict[Any, Count]:
        found = self._all(REQUESTS, f"select {key}, {MEASURES} from requests group by 1", start, end)
        return {row[0]: count_of(row[1:]) for row in found}

    def usage_by(self, key: str, start: datetime, end: datetime) -> dict[Any, tuple[Decimal, int]]:
        found = self._all(RECORDS, f"select {key}, sum(amount), count(*) from records group by 1", start, end)
        return {row[0]: (row[1], row[2]) for row in found}

    def tokens_by(self, key: str, start: datetime, end: datetime) -> dict[Any, Decimal]:
        statement = f"select {key}, sum(amount) from records where quota_type like 'ai\\_tokens\\_%%' group by 1"
        return {row[0]: row[1] for row in self._all(RECORDS, statement, start, end)}

    def tokens(self, start: datetime, end: datetime) -> Decimal:
        return sum(self.tokens_by("1", start, end).values(), Decimal(0))

    def midnight(self, day: date) -> datetime:
        """The start of a day of the tenant's."""
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.zone)).date()

    @property
    def today(self) -> date:
        return self.day_of(THROUGH)


# Comparisons


def rounded(published: float | None, exact: Decimal | None, digits: int) -> bool:
    """Rounded once: half a unit of the last digit away at most; null exactly where there is nothing."""
    if published is None or exact is None:
        return published is None and exact is None
    value = Decimal(repr(published))
    return value == round(value, digits) and abs(value - exact) <= Decimal(10) ** -digits / 2


def close(published: float | None, us: int | None) -> bool:
    """Within 1 % of the nearest rank, and half a microsecond for rounding."""
    if published is None or us is None:
        return published is None and us is None
    return abs(published - us / 1000) <= 0.01 * us / 1000 + 0.0005


def changed(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    return 100 * (now - before) / before if now is not None and before else None


def check_latency(found: dict[str, Any], count: Count, where: str) -> None:
    for place, (name, _) in enumerate(QUANTILES):
        exact = count.percentiles[place] if count.percentiles else None
        assert close(found[name], exact), (where, name, found[name], exact)


# A period


@dataclass(frozen=True)
class Window:
    """A period of the dashboard as the contract has it, and the one before."""

    name: str
    before: datetime
    start: datetime
    end: datetime

    @classmethod
    def of(cls, name: str, raw: Raw, through: datetime = THROUGH) -> Window:
        if name == "24h":
            return cls(name, through - 2 * DAY, through - DAY, through)
        days, today = DAYS[name], raw.day_of(through)
        starts = [raw.midnight(today - timedelta(days=back)) for back in (2 * days, days, 0)]
        return cls(name, *starts)


def check_stamps(found: dict[str, Any], own: Window) -> None:
    """A file's stamps are those of when it was written last; its numbers are true of now all the same."""
    assert (found["start"], found["end"]) == (stamp(own.start), stamp(own.end))
    assert found["usage_trend"]["start"] == stamp(own.start)


def check_period(found: dict[str, Any], raw: Raw, name: str) -> None:
    window = Window.of(name, raw)
    now, before = raw.requests(window.start, window.end), raw.requests(window.before, window.start)
    tokens, tokens_before = raw.tokens(window.start, window.end), raw.tokens(window.before, window.start)
    usage = raw.usage_by("quota_type", window.start, window.end)
    assert found["api_usage"] == {
        "total": now.requests,
        "client_errors": now.client_errors,
        "server_errors": now.server_errors,
    }
    rates = found["error_rates"]
    for rate, part in (("total_pct", now.errors), ("client_pct", now.client_errors), ("server_pct", now.server_errors)):
        assert rounded(rates[rate], Decimal(100 * part) / now.requests if now.requests else None, 2)
    assert found["response_times"]["count"] == now.duration_count
    assert found["response_times"]["relative_error"] == 0.01
    assert rounded(found["response_times"]["avg_ms"], now.average, 3)
    check_latency(found["response_times"], now, name)
    check_usage(found, usage, tokens)
    check_endpoints(found["top_endpoints"], raw.requests_by("endpoint", window.start, window.end), now)
    values = {each["name"]: each for each in found["metrics"]}
    assert list(values) == ["api_requests", "ai_tokens", "error_rate", "avg_response_time"]
    assert (values["api_requests"]["value"], values["ai_tokens"]["value"]) == (now.requests, tokens)
    assert rounded(values["error_rate"]["value"], now.error_rate, 2)
    assert rounded(values["avg_response_time"]["value"], now.average, 3)
    for metric, pair in {
        "api_requests": (Decimal(now.requests), Decimal(before.requests)),
        "ai_tokens": (tokens, tokens_before),
        "error_rate": (now.error_rate, before.error_rate),
        "avg_response_time": (now.average, before.average),
    }.items():
        assert rounded(values[metric]["change_pct"], changed(*pair), 2), (name, metric)
    check_trend(found, raw, window)


def check_usage(found: dict[str, Any], usage: dict[str, tuple[Decimal, int]], tokens: Decimal) -> None:
    models = {kind.removeprefix("ai_tokens_"): held for kind, held in usage.items() if kind.startswith("ai_tokens_")}
    first = sorted(models, key=lambda model: (-models[model][0], model))[:10]
    assert found["ai_tokens"]["total"] == tokens
    assert list(found["ai_tokens"]["by_model"]) == first
    for model in first:
        amount, records = models[model]
        listed = found["ai_tokens"]["by_model"][model]
        assert (listed["tokens"], listed["requests"]) == (amount, records)
        assert rounded(listed["avg_tokens_per_request"], amount / records, 2)
    others = {kind: held for kind, held in usage.items() if not kind.startswith("ai_tokens_")}
    assert {
        each["quota_type"]: (Decimal(repr(each["amount"])), each["records"]) for each in found["other_usage"]
    } == others


def check_endpoints(found: list[dict[str, Any]], endpoints: dict[str, Count], now: Count) -> None:
    first = sorted(endpoints, key=lambda name: (-endpoints[name].requests, name))[:10]
    assert [each["endpoint"] for each in found] == first
    for each in found:
        count = endpoints[each["endpoint"]]
        assert each["requests"] == count.requests
        assert rounded(each["share_pct"], Decimal(100 * count.requests) / now.requests, 2)
        assert rounded(each["error_pct"], count.error_rate, 2)
        assert close(each["p95_ms"], count.percentiles[1] if count.percentiles else None)


def check_trend(found: dict[str, Any], raw: Raw, window: Window) -> None:
    points, key, granularity = trend_points(raw, window)
    counts = raw.requests_by(key, window.start, window.end)
    tokens = raw.tokens_by(key, window.start, window.end)
    assert set(counts) | set(tokens) <= set(points)
    trend = found["usage_trend"]
    assert trend["granularity"] == granularity
    shown = [counts.get(point, Count()) for point in points]
    assert trend["api_requests"] == [count.requests for count in shown]
    assert trend["ai_tokens"] == [tokens.get(point, 0) for point in points]
    values = {each["name"]: each["trend"] for each in found["metrics"]}
    assert values["api_requests"] == trend["api_requests"]
    assert values["ai_tokens"] == trend["ai_tokens"]
    assert all(rounded(*pair, 2) for pair in zip(values["error_rate"], (c.error_rate for c in shown), strict=True))
    assert all(rounded(*pair, 3) for pair in zip(values["avg_response_time"], (c.average for c in shown), strict=True))


def trend_points(raw: Raw, window: Window) -> tuple[list[Any], str, str]:
    """The points of a trend, oldest first, the expression that gives a row's point, and what the grain is called."""
    if window.name == "24h":
        return [window.start + hour * HOUR for hour in range(24)], "date_trunc('hour', created_at)", "hour"
    days = [raw.today - timedelta(days=back) for back in range(DAYS[window.name], 0, -1)]
    if window.name == "7d":
        quarters = [(day, quarter) for day in days for quarter in range(4)]
        keys = [f"{day} {quarter}" for day, quarter in quarters]
        return keys, "to_char(local, 'YYYY-MM-DD ') || floor(extract(hour from local) / 6)::int", "6h"
    return list(days), "local::date", "day"


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Pages


def check_pages(installation: Installation, raw: Raw, folder: str, dashboard: dict[str, Any]) -> None:
    hours = raw.requests_by("date_trunc('hour', created_at)", datetime(2025, 1, 1, tzinfo=UTC), THROUGH)
    hour_tokens = raw.tokens_by("date_trunc('hour', created_at)", datetime(2025, 1, 1, tzinfo=UTC), THROUGH)
    days = raw.requests_by("local::date", datetime(2025, 1, 1, tzinfo=UTC), raw.midnight(raw.today))
    day_tokens = raw.tokens_by("local::date", datetime(2025, 1, 1, tzinfo=UTC), raw.midnight(raw.today))

    hourly = list(all_pages(installation, folder, dashboard["pages"]["hourly"]))
    places = check_columns(hourly, "bucket_start", hours, hour_tokens)
    zone = ZoneInfo(raw.zone)
    assert [page["from"] for page, _ in hourly] == [
        stamp(raw.midnight(day)) for day in sorted({at.astimezone(zone).date() for at in places}, reverse=True)
    ]
    for page, listed in hourly:
        day = datetime.fromisoformat(page["from"]).astimezone(zone).date()
        assert page["to"] == listed["to"] == stamp(raw.midnight(day + DAY))
        assert listed["path"].startswith(f"hourly/{day}.")
        assert all(page["from"] <= at < page["to"] for at in page["bucket_start"])

    daily = list(all_pages(installation, folder, dashboard["pages"]["daily"]))
    closed = check_columns(daily, "day", days, day_tokens)
    assert [listed["path"].split(".")[0] for _, listed in daily] == [
        f"daily/{month}" for month in sorted({f"{day:%Y-%m}" for day in closed}, reverse=True)
    ]
    for page, listed in daily:
        first = date.fromisoformat(listed["path"].removeprefix("daily/")[:7] + "-01")
        after = (first + timedelta(days=31)).replace(day=1)
        assert (page["from"], page["to"]) == (stamp(raw.midnight(first)), stamp(raw.midnight(after)))

    month = sum(
        sum(page["requests"][place] for place, at in enumerate(page["day"]) if at >= str(raw.today - 30 * DAY))
        for page, _ in daily
    )
    assert month == dashboard["periods"]["30d"]["api_usage"]["total"], "daily pages add up to the period"
    last = sum(
        sum(page["requests"][place] for place, at in enumerate(page["bucket_start"]) if at >= stamp(THROUGH - DAY))
        for page, _ in hourly
    )
    assert last == dashboard["periods"]["24h"]["api_usage"]["total"], "hourly pages add up to the period"


def all_pages(
    installation: Installation, folder: str, listed: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each page with how it is listed, the older ones by way of their index; sizes and hashes are true."""
    for each in listed:
        packed = installation.store.get(f"{folder}/{each['path']}")
        assert packed is not None, f"{each['path']} is listed and missing"
        content = gzip.decompress(packed)
        assert len(packed) == each["bytes"] <= 30_000
        assert each["path"].split(".")[1] == hashlib.sha256(content).hexdigest()[:12]
        page = json.loads(content)
        if page["kind"].endswith("-index"):
            yield from all_pages(installation, folder, page["pages"])
        else:
            assert page["from"] == each["from"]
            yield page, each


def check_columns(
    pages: list[tuple[dict[str, Any], Any]], at: str, counts: dict[Any, Count], tokens: dict[Any, Decimal]
) -> list[Any]:
    """Every row of every page is what the raw rows give, and none is missing; give the places, newest page first."""
    kind: Any = date if at == "day" else datetime
    found: list[Any] = []
    for page, _ in pages:
        for place, written in enumerate(page[at]):
            point = kind.fromisoformat(written)
            count = counts.get(point, Count())
            row = {name: column[place] for name, column in page.items() if isinstance(column, list)}
            assert row["requests"] == count.requests, (at, written)
            assert row["client_errors"] == count.client_errors
            assert row["server_errors"] == count.server_errors
            assert row["duration_count"] == count.duration_count
            assert row["ai_tokens"] == tokens.get(point, 0)
            assert rounded(row["avg_ms"], count.average, 3)
            check_latency(row, count, f"{at} {written}")
            found.append(point)
        assert page[at] == sorted(page[at])
    assert sorted(found) == sorted(set(counts) | set(tokens))
    return found


# The tests


@pytest.fixture(scope="module")
def simulated(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A simulated SaaS of a hundred days: published, then changed by late rows, corrections and deletions, again published."""
    databases = Databases(server)
    installation = installation_on(databases.make(), tmp_path_factory.mktemp("simulated"))
    installation.progress.say = lambda line: None  # type: ignore[method-assign]
    made = simulate(installation, Parameters(seed=5, scale=0.027, tenants=25, days=100), END, leave_changes=False)
    assert (made.late, made.moved, made.deleted) == (80, 1, 20)
    yield installation
    installation.database.engine.dispose()
    databases.drop_all()


@pytest.fixture(scope="module")
def raw_sql(simulated: Installation) -> Iterator[Sql]:
    with psycopg.connect(address_of(simulated), autocommit=True) as connection:
        sql = Sql(connection)
        sql("set jit = off")
        yield sql


def living(sql: Sql) -> list[tuple[str, str]]:
    """All tenants that have files, with their zones: big and small, in several zones, one without any request."""
    found = sql(
        """select t.id, coalesce(t.timezone, 'Africa/Lagos'), count(a.id) from tenants t left join api_requests a on a.tenant_id = t.id
        where t.deleted_at is null group by 1, 2 order by 3 desc, 1"""
    )
    assert len(found) >= 20
    assert len({row[1] for row in found}) >= 3
    assert found[-1][2] == 0
    return [(str(row[0]), str(row[1])) for row in found]


def test_published_numbers_equal_sql_over_the_raw_rows(simulated: Installation, raw_sql: Sql) -> None:
    assert int(str(raw_sql.one("select count(*) from api_requests"))) > 30_000
    status = document(simulated, "v1/status.json")
    assert (status["data_through"], status["stale"]) == (stamp(THROUGH), [])
    for tenant, zone in living(raw_sql):
        raw, place = Raw(raw_sql, tenant, zone), address(simulated, tenant).path
        dashboard = document(simulated, place)
        assert (dashboard["tenant"]["id"], dashboard["tenant"]["timezone"]) == (tenant, zone)
        assert list(dashboard["periods"]) == ["24h", *DAYS]
        own = datetime.fromisoformat(dashboard["data_through"])
        assert own == THROUGH or not raw.requests(THROUGH - 2 * DAY, THROUGH).requests
        for name, period in dashboard["periods"].items():
            check_stamps(period, Window.of(name, raw, own))
            check_period(period, raw, name)
        check_pages(simulated, raw, place.rsplit("/", 1)[0], dashboard)


def test_no_dashboard_is_over_its_budget(simulated: Installation) -> None:
    sizes = sorted(len(held) for path, held in published(simulated).items() if path.endswith("dashboard.json"))
    assert len(sizes) >= 20
    assert sizes[-1] <= 14_000
    assert sizes[len(sizes) // 2] <= 6_000


def fill(address: str, zone: str) -> None:
    """A few thousand rows of a month, by a writer whose session is in `zone`."""
    with psycopg.connect(address, autocommit=True) as connection:
        sql = Sql(connection)
        connection.execute(f"set timezone = '{zone}'")
        sql.tenant("lagos")
        sql.tenant("york", timezone="America/New_York")
        for table, columns, values in (
            (
                "api_requests",
                "endpoint, status_code, duration_ms",
                "'/' || i %% 12, 200 + i %% 4 * 100, i %% 900 * 1.001",
            ),
            ("usage_records", "quota_type, amount", "'ai_tokens_m' || i %% 3, i"),
        ):
            sql(
                f"""insert into {table} (tenant_id, created_at, {columns})
                select case when i %% 3 = 0 then 'york' else 'lagos' end, timestamptz '2026-02-10 00:00Z' + i * interval '11 minutes 7 seconds', {values}
                from generate_series(1, 4000) i where %s""",
                True,
            )


def test_the_same_files_whatever_zone_server_and_process_are_in(
    databases: Databases, template: str, tmp_path: Path
) -> None:
    """Trap 8: the zone of host, database and scheduler."""
    found = {}
    for zone in ("UTC", "America/New_York", "Asia/Kolkata"):
        installation = installation_on(databases.make(template), tmp_path / zone.replace("/", "-"))
        url = address_of(installation)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"alter database \"{url.rsplit('/', 1)[1]}\" set timezone = '{zone}'")
        fill(url, zone)
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "run", "--as-of", END.isoformat()],
            env=environment_of(installation) | {"TZ": zone, "PGTZ": zone, "LC_ALL": "C"},
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found[zone] = published(installation)
    assert len(found["UTC"]) > 40
    assert found["America/New_York"] == found["UTC"]
    assert found["Asia/Kolkata"] == found["UTC"]
