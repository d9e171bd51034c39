"""`publish --sizes`: what the ledgers say of the sizes of all that is published, against the byte budgets."""

from __future__ import annotations

import argparse
import json
import random
from statistics import median_low
from typing import Any

import pytest

from pipeline.documents.budget import DASHBOARD_BYTES
from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.run import run
from pipeline.verbs import publish
from tests.conftest import NOW, Sql, published
from tests.contracts import describes

LETTERS = "".join(chr(code) for code in range(0x4E00, 0x9FA5))


def asked(installation: Installation, *words: str) -> int:
    """Run `publish --sizes`; give its exit code."""
    parser = argparse.ArgumentParser()
    publish.add_arguments(parser)
    return publish.run(parser.parse_args(["--sizes", *words]), installation)


def report(installation: Installation, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    """Give what `--json` prints."""
    capsys.readouterr()
    assert asked(installation, "--json") == code
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


@pytest.fixture
def three(ready: Installation, sql: Sql) -> Installation:
    """A silent tenant, an ordinary one, and one whose endpoints have names that leave no room for ten of them."""
    dice = random.Random(1)
    for tenant in ("silent", "t1", "wordy"):
        sql.tenant(tenant)
    sql.request("2026-03-08T10:00:00Z", "t1")
    for day, times in (("2026-03-10", 1), ("2026-03-08", 1), ("2026-02-20", 2)):  # in 24h, in 7d, in 30d and 90d
        for name in ["".join(dice.choices(LETTERS, k=300)) for _ in range(10)] * times:
            sql.request(f"{day}T10:00:00Z", "wordy", endpoint=name)
    run(ready, NOW)
    return ready


def test_it_says_of_every_file_that_is_up_and_of_nothing_else(
    three: Installation, sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    sql.request("2026-03-08T11:00:00Z", "t1")
    run(three, NOW)
    said = report(three, capsys)
    ledger = sql("select path from pipeline.files where superseded_at is null")
    ledger += sql("select path from pipeline.platform_files where superseded_at is null")
    up = {path: len(content) for path, content in published(three).items() if (path,) in ledger}
    assert len(up) == len(ledger) == sum(each["files"] for each in said["kinds"])
    assert sum(up.values()) == sum(each["bytes"] for each in said["kinds"])
    dashboards = sorted(size for path, size in up.items() if path.endswith("dashboard.json"))
    first = said["kinds"][0]
    assert (first["owner"], first["kind"], first["files"]) == ("tenants", "dashboard", 3)
    assert (first["median"], first["largest"]) == (median_low(dashboards), dashboards[-1])
    left = sum(not describes(path) for path in published(three)) - len(up) - 1
    assert left == sum(each["superseded"] for each in said["kinds"]) > 0, "all others but status.json and the schemas"


def test_it_names_who_is_nearest_the_budget_and_whose_lists_are_shorter(
    three: Installation, sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    said = report(three, capsys)
    assert [each["tenant"] for each in said["nearest"]] == ["wordy", "t1", "silent"]
    assert said["nearest"][0]["bytes"] == len(published(three)[address(three, "wordy").path]) <= DASHBOARD_BYTES
    [shorter] = said["shortened"]
    assert (shorter["tenant"], said["shortened_in_all"]) == ("wordy", 1)
    assert shorter["shortened"].startswith("endpoints 5")
    sql("delete from api_requests where tenant_id = 'wordy'")
    run(three, NOW)
    assert report(three, capsys)["shortened"] == []


def test_it_is_told_to_people_and_no_key_is_in_it(three: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(three) == 0
    said = capsys.readouterr().out
    assert "Lists shorter than usual, to keep to it: 1 tenant:\n  wordy" in said
    assert "summary of the platform" in said
    assert not [path for path in published(three) if any(part in said for part in path.split("/") if len(part) > 30)]


def test_what_is_over_a_budget_fails_the_verb(
    three: Installation, sql: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    sql("update pipeline.files set bytes = 30001 where kind = 'hourly' and tenant_id = 't1'")
    sql("update pipeline.files set bytes = 6001 where kind = 'dashboard' and tenant_id = 't1'")
    sql("update pipeline.files set bytes = 14001 where kind = 'dashboard' and tenant_id = 'wordy'")
    said = " ".join(report(three, capsys, 1)["problems"])
    assert "dashboard of tenants: the largest has 14,001 bytes, and at most 14,000" in said
    assert "hourly of tenants: the largest has 30,001 bytes, and at most 30,000" in said
    assert "the median one has 6,001 bytes, over its budget of 6,000" in said
    assert asked(three) == 1
    assert capsys.readouterr().out.count("OVER BUDGET: ") == 3


def test_nothing_published_is_said_and_no_other_time_can_be_asked_for(
    ready: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(ready) == 0
    assert capsys.readouterr().out == "Nothing is published. Run: python -m pipeline run\n"
    with pytest.raises(SettingsError, match="does not go with --as-of"):
        asked(ready, "--as-of", "2026-03-10T12:30:00Z")
