"""Trap 12: a store that fails, delays and reorders; whoever follows what is published meets nothing missing.

SOAK_PUBLISHES says how many publishes there are on each kind of store; by default as many as `make test` has time for.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from pipeline.errors import TransientError
from pipeline.installation import Installation
from pipeline.run import run
from tests.checks import STATUS, Reader, assert_as_from_scratch, assert_nothing_unknown, polling
from tests.conftest import NOW, Databases, Sql, document, on
from tests.faults import Unreliable, storing_in

PUBLISHES = int(os.environ.get("SOAK_PUBLISHES", "12"))
TENANTS = ("t1", "t2", "t3", "t4")
FAULTS = (2, 2, 6, 90)  # before, after, slow, none


@pytest.mark.timeout(120 + 4 * PUBLISHES)
def test_whoever_follows_a_dashboard_meets_nothing_missing_and_nothing_wrong(  # noqa: PLR0917  fixtures
    ready: Installation, sql: Sql, place: str, databases: Databases, template: str, tmp_path: Path
) -> None:
    """Trap 12: writes and removals fail before and after they are done, and overtake each other, while a reader follows."""
    installation, reader, chosen = on(ready, place), Reader(on(ready, place)), random.Random(PUBLISHES)
    for tenant in TENANTS:
        sql.tenant(tenant)
    run(installation, NOW)
    aging, failures, collected = Aging(sql, reader), 0, 0
    unreliable = Unreliable(installation.store, PUBLISHES, FAULTS)
    with polling(reader.look), storing_in(installation, unreliable):
        for _ in range(PUBLISHES):
            write_and_correct(sql, chosen)
            aging.step()
            try:
                report = run(installation, NOW)
            except TransientError:
                failures += 1
            else:
                failures += len(report.publish.failures) + bool(report.status.platform_failure)
                collected += report.status.collected
    assert failures > 0
    assert collected > 0
    assert unreliable.faults >= {("put", "before"), ("put", "after"), ("put", "slow")}
    assert reader.looks > PUBLISHES / 4
    assert run(installation, NOW).publish.failures == {}
    assert document(installation, STATUS)["stale"] == []
    assert_nothing_unknown(installation, sql)
    assert_as_from_scratch(installation, databases, template, home=tmp_path / "fresh", at=NOW)


def write_and_correct(sql: Sql, chosen: random.Random) -> None:
    """Have rows come late for some tenants, and now and then go again, so that pages of before come back."""
    for tenant in chosen.sample(TENANTS, 2):
        sql.request(f"2026-03-0{chosen.randrange(7, 10)}T{chosen.randrange(10, 13)}:00:00Z", tenant)
    if chosen.random() < 0.3:
        sql("delete from api_requests where tenant_id = %s", chosen.choice(TENANTS))


class Aging:
    """Has superseded files be so for long enough to go, once the reader has no document in hand that may list them."""

    def __init__(self, sql: Sql, reader: Reader) -> None:
        self.sql, self.reader = sql, reader
        self.waiting: list[tuple[int, object]] = []

    def step(self) -> None:
        """Note what is superseded by now, and let go what was when the reader last began to look, and before."""
        self.waiting.append((self.reader.looks, self.sql.one("select clock_timestamp()")))
        while self.waiting and self.waiting[0][0] + 2 <= self.reader.looks:
            _, until = self.waiting.pop(0)
            for ledger in ("files", "platform_files"):
                self.sql(
                    f"update pipeline.{ledger} set superseded_at = superseded_at - interval '1 month' "
                    "where superseded_at between %s::timestamptz - interval '7 days' and %s",
                    until,
                    until,
                )
