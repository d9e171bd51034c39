"""kill -9 at any moment while the SaaS goes on writing, then run again: as if nothing had happened.

SOAK_KILLS says how many kills there are; by default as many as `make test` has time for. Only those count that hit a
verb at work.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipeline.errors import BusyError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from tests.checks import Reader, assert_as_from_scratch, assert_settled, patiently, price_all_anew, run_to_the_end
from tests.conftest import NOW, Databases, Sql, address_of, installation_on
from tests.processes import kill
from tests.writing import written_by

TENANTS = 60
VERBS = {
    "run": ["run", "--as-of", NOW.isoformat()],
    "publish": ["publish", "--as-of", NOW.isoformat()],
    "backfill": ["backfill", "--from", "2026-03-01", "--to", "2026-03-10", "--reason", "to be killed"],
    "reprice": ["reprice", "--from", "2026-03-01", "--to", "2026-03-10", "--reason", "to be killed"],
}
# What is killed in one round, one after the other: a first run twice, so that the second meets what the first left.
ROUND = ("run", "run", "publish", "backfill", "reprice", "run")
ROUNDS = -(-int(os.environ.get("SOAK_KILLS", "20")) // len(ROUND))
TRIES = 12

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
    # Of three models two have a price, one in dollars; a rate comes every other day.
    """insert into prices (item, unit_size, amount, currency, effective_from, effective_to) values
    ('api_calls', 1000, 450, 'NGN', '2026-01-01Z', null), ('ai_tokens_m-0', 1000, 0.03, 'USD', '2026-01-01Z', '2026-03-05 11:00Z'),
    ('ai_tokens_m-0', 1000, 0.02, 'USD', '2026-03-05 11:00Z', null), ('ai_tokens_m-1', 1000, 30, 'NGN', '2026-01-01Z', null)""",
    """insert into fx_rates (base, quote, rate, rate_date, source)
    select 'USD', 'NGN', 1500 + d, date '2026-02-20' + d, 'cbn' from generate_series(0, 18, 2) d""",
    f"""insert into subscriptions (tenant_id, plan, status, monthly_amount, currency, started_at, ended_at)
    select 't' || n, 'pro', 'active', 100 + n, case when n % 5 = 0 then 'USD' else 'NGN' end,
        timestamptz '2026-02-01Z' + n * interval '10 hours', case when n % 7 = 0 then timestamptz '2026-03-04Z' end
    from generate_series(1, {TENANTS}) n""",
    f"""insert into quotas (tenant_id, quota_type, limit_amount, period)
    select 't' || n, 'api_calls', 100 + n, case when n % 2 = 0 then 'month' else 'day' end
    from generate_series(1, {TENANTS}) n""",
]
LATE = [
    """insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at)
    select 't' || (1 + n % 40), '/late', 404, 12.5, timestamptz '2026-03-01 21:30Z' + n * interval '1 hour'
    from generate_series(1, 200) n""",
    "update api_requests set created_at = created_at + interval '1 hour' where tenant_id = 't47' and endpoint = '/1'",
    "update usage_records set tenant_id = 't49' where tenant_id = 't48'",
    "delete from api_requests where tenant_id in ('t43', 't59') and created_at < '2026-03-05Z'",
    "update tenants set timezone = 'America/New_York' where id = 't11'",
]


@pytest.fixture(scope="module")
def filled(server: str, template: str) -> Iterator[str]:
    """The name of a database with rows that no tick has seen."""
    databases = Databases(server)
    address = databases.make(template)
    write(address, ROWS)
    yield address.rsplit("/", 1)[1]
    databases.drop_all()


@pytest.fixture(scope="module")
def seconds(server: str, filled: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[float]:
    """How long a first run works, from its first connection on, that nobody disturbs."""
    databases = Databases(server)
    installation = installation_on(databases.make(filled), tmp_path_factory.mktemp("undisturbed"))
    began = time.monotonic()
    run_to_the_end(installation, NOW)
    yield time.monotonic() - began
    installation.database.engine.dispose()
    databases.drop_all()


def write(address: str, statements: list[str]) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_random_moments_over_a_live_writer_and_run_again(  # noqa: PLR0917  fixtures
    filled: str, template: str, seconds: float, databases: Databases, tmp_path: Path, seed: int
) -> None:
    """Traps 3 and 5: replay after a kill, and what a killed run leaves to the next."""
    moments = random.Random(seed)
    installation = installation_on(databases.make(filled), tmp_path / "killed")
    reader = Reader(installation)
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        sql = Sql(connection)
        with written_by(address_of(installation), seed):
            hits = 0
            for verb in ROUND:
                hits += hit(installation, sql, VERBS[verb], moments=moments, longest=seconds)
                reader.look()
        assert hits == len(ROUND), "a verb ended before every kill"
        run_to_the_end(installation, NOW)
        reader.look()
        assert "failed" not in [state for (state,) in sql("select state from pipeline.runs")]
        price_all_anew(installation)
        assert_as_from_scratch(installation, databases, template, home=tmp_path / "fresh", at=NOW)
        assert_settled(installation, sql, NOW)
    installation.database.engine.dispose()


def hit(installation: Installation, sql: Sql, words: list[str], *, moments: random.Random, longest: float) -> bool:
    """Kill a verb at work: as often as it has ended before, try again, sooner."""
    wait = longest * moments.random() ** 2
    for _ in range(TRIES):
        if words[0] == "publish":
            write(address_of(installation), LATE)
            patiently_roll(installation)
        if kill(installation, sql, words, after=wait):
            return True
        wait *= moments.random()
    return False


def patiently_roll(installation: Installation) -> None:
    """Roll up, so that there is something to publish."""

    def once() -> str:
        try:
            roll(installation, NOW)
        except BusyError as error:
            return str(error)
        return ""

    patiently(once, bool)
