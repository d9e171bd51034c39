"""Eight schedulers at once over four writers: no error that a user sees, no row lost or doubled, no file missing.

This is the only test whose length is a time: SOAK_SECONDS, by default what `make test` has for it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.installation import Installation
from tests.checks import Reader, assert_as_from_scratch, assert_settled, polling, run_to_the_end
from tests.conftest import NOW, Databases, Sql, address_of
from tests.working import Run, worked_on
from tests.writing import TENANTS, written_by

SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
AT = ("--as-of", NOW.isoformat())
BACKFILL = ("backfill", "--from", "2026-03-05", "--to", "2026-03-08", "--reason", "all at once")
SCHEDULES = (("run", *AT),) * 3 + (("rollup", *AT), ("publish", *AT), ("publish", *AT), BACKFILL, BACKFILL)
BUSY = ("Another tick is at work", "Another publisher is at work")
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
PROGRESS = ("Rolling up", "Publishing", "Marking", "Comparing")


def assert_nobody_saw_an_error(runs: list[Run]) -> None:
    """Whoever finds somebody else at work says so and ends well."""
    for run in runs:
        assert run.code == 0, run
        assert [line for line in run.wrong.splitlines() if not line.startswith((*BUSY, *PROGRESS))] == [], run


@pytest.mark.timeout(SECONDS + 270)
def test_eight_at_once_over_four_writers(
    ready: Installation, sql: Sql, databases: Databases, template: str, tmp_path: Path
) -> None:
    """Trap 5: overlapping runs end in what a computation from scratch gives, and nothing goes back meanwhile."""
    sql(f"insert into tenants (id, name, plan) select 't' || n, 'T' || n, 'pro' from generate_series(1, {TENANTS}) n")
    run_to_the_end(ready, NOW)
    reader = Reader(ready)
    with (
        polling(reader.look, pause=0.2),
        worked_on(ready, SCHEDULES) as runs,
        written_by(address_of(ready), 1, 2, 3, 4),
    ):
        time.sleep(SECONDS)
    run_to_the_end(ready, NOW)
    reader.look()
    assert_nobody_saw_an_error(runs)
    ended = Counter(run.words[0] for run in runs)
    idle = Counter(busy for busy in BUSY for run in runs if busy in run.out + run.wrong)
    print(f"runs: {dict(ended)}; that left their work to others: {dict(idle)}; looks at the files: {reader.looks}")
    print(f"transactions that the server ended for others, and that were done again: {sql.one(DEADLOCKS)}")
    assert set(ended) == {words[0] for words in SCHEDULES}
    assert set(idle) == set(BUSY)
    assert_as_from_scratch(ready, databases, template, home=tmp_path / "fresh", at=NOW)
    assert_settled(ready, sql, NOW)
