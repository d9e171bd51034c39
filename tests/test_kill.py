"""kill -9 at any moment of a run, then run again: the same rollups and the same files as if nothing had happened."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.installation import Installation
from pipeline.run import RunReport, run
from pipeline.settings import ROOT
from tests.conftest import NOW, Databases, Sql, address_of, environment_of, installation_on, published

TENANTS = 60
COMMAND = [sys.executable, "-m", "pipeline", "run", "--as-of", "2026-03-10T12:30:00Z"]
STAMPS = {"seq", "data_through", "start", "end", "published_at", "next_expected_at"}
LONGEST_BUSY = 10.0
KILLS = {"first run": 3, "run with late rows": 2}

# Days apart from each other, with many tenants in each hour: every day is a chunk of its own.
ROWS = [
    f"insert into tenants (id, name, plan) select 't' || n, 'T' || n, 'pro' from generate_series(1, {TENANTS}) n",
    f"""insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
    select 't' || (1 + n % {TENANTS}), '/' || n % 7, case when n % 11 = 0 then 500 else 200 end, n % 900,
        timestamptz '2026-03-01 21:00Z' + d * interval '1 day' + n * interval '7 seconds'
    from generate_series(0, 7) d, generate_series(1, 2000) n""",
    f"""insert into usage_records (tenant_id, quota_type, amount, created_at)
    select 't' || (1 + n % {TENANTS}), 'ai_tokens_m-' || n % 3, n + 0.1,
        timestamptz '2026-03-01 21:00Z' + d * interval '1 day' + n * interval '7 seconds'
    from generate_series(0, 7) d, generate_series(1, 1000) n""",
]
LATE = [
    """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
    select 't' || (1 + n % 40), '/late', 404, 12.5, timestamptz '2026-03-01 21:30Z' + n * interval '1 hour'
    from generate_series(1, 200) n""",
    "update api_requests set created_at = created_at + interval '1 hour' where tenant_id = 't7' and endpoint = '/1'",
    "update usage_records set tenant_id = 't9' where tenant_id = 't8'",
    "delete from api_requests where tenant_id in ('t3', 't59') and created_at < '2026-03-05Z'",
    "update tenants set timezone = 'America/New_York' where id = 't11'",
]
ROLLUPS = ("api_hourly", "api_daily", "usage_hourly", "usage_daily", "rejected_hourly")
DAY = (
    "(created_at at time zone coalesce((select timezone from tenants t where t.id = tenant_id), 'Africa/Lagos'))::date"
)
RECOMPUTED = {
    "select tenant_id, bucket_start, endpoint, requests, client_errors, server_errors, duration_ms_sum, duration_count from rollup.api_hourly": """select
        tenant_id, date_trunc('hour', created_at, 'UTC'), endpoint, count(*), count(*) filter (where status_code = 404),
        count(*) filter (where status_code = 500), sum(duration_ms)::numeric, count(duration_ms)
        from api_requests group by 1, 2, 3""",
    "select tenant_id, day, endpoint, requests, duration_ms_min, duration_ms_max from rollup.api_daily": f"""select
        tenant_id, {DAY}, endpoint, count(*), min(duration_ms)::numeric, max(duration_ms)::numeric from api_requests group by 1, 2, 3""",
    "select tenant_id, bucket_start, quota_type, amount, records from rollup.usage_hourly": """select
        tenant_id, date_trunc('hour', created_at, 'UTC'), quota_type, sum(amount), count(*) from usage_records group by 1, 2, 3""",
    "select tenant_id, day, quota_type, amount, records from rollup.usage_daily": f"""select
        tenant_id, {DAY}, quota_type, sum(amount), count(*) from usage_records group by 1, 2, 3""",
}


@dataclass(frozen=True)
class Outcome:
    """What a run that nobody disturbs leaves behind: files by path, without stamps, and a digest a rollup."""

    files: dict[str, Any]
    rollups: dict[str, object]


@dataclass(frozen=True)
class Undisturbed:
    """Both outcomes, and the seconds at which the work begins and at which it ends."""

    template: str
    begins: float
    seconds: dict[str, float]
    outcomes: dict[str, Outcome]


@pytest.fixture(scope="module")
def undisturbed(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    """The same rows, run in peace."""
    databases = Databases(server)
    filled = databases.make(template)
    write(filled, ROWS)
    name = filled.rsplit("/", 1)[1]
    installation = installation_on(databases.make(name), tmp_path_factory.mktemp("undisturbed"))
    seconds, outcomes = {}, {}
    for phase in KILLS:
        if phase != "first run":
            write(address_of(installation), LATE)
        seconds[phase] = timed(installation)
        outcomes[phase] = outcome(installation)
    begins = timed(installation)
    installation.database.engine.dispose()
    yield Undisturbed(template=name, begins=begins * 0.6, seconds=seconds, outcomes=outcomes)
    databases.drop_all()


def write(address: str, statements: list[str]) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def timed(installation: Installation) -> float:
    began = time.monotonic()
    subprocess.run(COMMAND, env=environment_of(installation), cwd=ROOT, check=True, capture_output=True)
    return time.monotonic() - began


def outcome(installation: Installation) -> Outcome:
    files = {path: without_stamps(json.loads(gzip.decompress(content))) for path, content in finished(installation)}
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        sql = Sql(connection)
        digest = "select md5(string_agg(r::text, '|' order by r::text)) from rollup.{} r"
        return Outcome(files, {table: sql.one(digest.format(table)) for table in ROLLUPS})


def finished(installation: Installation) -> list[tuple[str, bytes]]:
    """Published files; what a killed writer left half written has a name that nobody asks for."""
    return [(path, content) for path, content in published(installation).items() if "/.draft-" not in path]


def without_stamps(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_stamps(each) for key, each in value.items() if key not in STAMPS}
    return [without_stamps(each) for each in value] if isinstance(value, list) else value


def kill_at(installation: Installation, seconds: float) -> None:
    """Start a run, and kill it after so many seconds unless it has ended by then."""
    process = subprocess.Popen(
        COMMAND, env=environment_of(installation), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_to_the_end(installation: Installation) -> RunReport:
    """Run as the next tick does; what a killed run holds in the database must be let go of soon."""
    deadline = time.monotonic() + LONGEST_BUSY
    while (report := run(installation, NOW)).busy:
        assert time.monotonic() < deadline, f"a killed run blocks the next one: {report.busy}"
        time.sleep(0.1)
    return report


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_moments_and_run_again(
    undisturbed: Undisturbed, databases: Databases, tmp_path: Path, seed: int
) -> None:
    moments = random.Random(seed)
    installation = installation_on(databases.make(undisturbed.template), tmp_path)
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        sql = Sql(connection)
        for phase, kills in KILLS.items():
            if phase != "first run":
                write(address_of(installation), LATE)
            span = undisturbed.seconds[phase] - undisturbed.begins
            for kill in range(kills):
                kill_at(installation, undisturbed.begins + span * (kill + moments.random()) / kills)
                assert_nothing_listed_is_missing(installation)
            run_to_the_end(installation)
            assert outcome(installation) == undisturbed.outcomes[phase]
            assert_rollups_are_what_raw_rows_give(sql)
            assert_nothing_listed_is_missing(installation)
        again = run_to_the_end(installation)
        assert (again.rollup.marks, again.publish.files_written) == (0, 0)
        states = dict(sql("select state, count(*) from pipeline.runs group by state"))
        assert states.get("running", 0) > 0, "no kill came while anything was done"
        assert "failed" not in states
        assert sql("select (select count(*) from pipeline.marks), (select count(*) from pipeline.queue)") == [(0, 0)]
    installation.database.engine.dispose()


def assert_rollups_are_what_raw_rows_give(sql: Sql) -> None:
    for stored, recomputed in RECOMPUTED.items():
        assert sorted(sql(stored)) == sorted(sql(recomputed)), stored


def assert_nothing_listed_is_missing(installation: Installation) -> None:
    files = dict(finished(installation))
    for path, content in files.items():
        if path.endswith("/dashboard.json"):
            pages = json.loads(gzip.decompress(content))["pages"]
            for page in (page for kind in pages.values() for page in kind):
                packed = files[f"{path.rsplit('/', 1)[0]}/{page['path']}"]
                assert len(packed) == page["bytes"]
                assert hashlib.sha256(gzip.decompress(packed)).hexdigest()[:12] == page["path"].split(".")[1]
