"""Golden cases: folders of input and expected rows, small enough to check with a pencil (see golden/README.md)."""

from __future__ import annotations

import csv
import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.costs.reprice import Repricing, preview, reprice
from pipeline.documents.numbers import instant
from pipeline.installation import Installation
from pipeline.publish.keys import address, platform_address
from pipeline.run import run
from tests.conftest import Sql, document, published
from tests.contracts import describes

ROLLUPS = (
    *("api_hourly", "api_daily", "usage_hourly", "usage_daily", "rejected_hourly"),
    *("cost_daily", "mrr_daily", "mrr_movements", "platform_daily"),
)
GOLDEN = Path(__file__).parent / "golden"
INPUTS = ("tenants", "prices", "fx_rates", "quotas", "subscriptions", "api_requests", "usage_records")
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
HASH = re.compile(r"\.[0-9a-f]{12}\.json$")
ABSENT = "(absent)"
PLATFORM = "the platform"


@dataclass(frozen=True)
class Step:
    """One run of a case: the folder that says what happens before it and what is expected after it."""

    folder: Path
    as_of: datetime
    reprice: dict[str, str] | None = None

    def before(self, sql: Sql) -> None:
        """Bring the raw rows in, or change those that are there."""
        for table in INPUTS:
            path = self.folder / f"{table}.csv"
            if path.exists():
                insert(sql, table, path)
        changes = self.folder / "changes.sql"
        if changes.exists():
            sql(changes.read_text(encoding="utf-8"))

    def expected(self, pattern: str) -> list[Path]:
        """Give the files of one kind that say what is expected."""
        return sorted(self.folder.glob(pattern))


def steps(case: Path) -> Iterator[Step]:
    """Give the runs of a case; a step without a time of its own is at the time of the one before."""
    at: datetime | None = None
    for folder in [case, *sorted(case.glob("step*"))]:
        given = folder / "case.toml"
        settings = tomllib.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
        at = settings.get("as_of", at)
        assert at is not None, f"{given} is missing"
        yield Step(folder, at, settings.get("reprice"))


# What knows the engine: how rows come in, and how stored ones are read.


def insert(sql: Sql, table: str, path: Path) -> None:
    """Insert the rows of a CSV file; an empty field is null."""
    columns, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    places = ", ".join(["%s"] * len(columns))
    for row in rows:
        sql(f"insert into {table} ({', '.join(columns)}) values ({places})", *(value or None for value in row))


def stored(sql: Sql, table: str, columns: Sequence[str]) -> list[tuple[object, ...]]:
    """Read all rows of a rollup; a column like `p90_ms` is a quantile of its sketch."""
    quantile = re.compile(r"p(\d\d)_ms")
    chosen = [quantile.sub(r"rollup.quantile(duration_sketch, 0.\1)", column) for column in columns]
    # Python has no infinite times.
    chosen = ["nullif(price_from, '-infinity')" if column == "price_from" else column for column in chosen]
    return sql(f"select {', '.join(chosen)} from rollup.{table}")


# Both sides as text


def field(column: str, value: object) -> str:
    """Write a stored value as the CSV files have it."""
    match value:
        case None:
            return ""
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case float():
            return f"{value:.3f}"
        case Decimal():
            return f"{value:.3f}" if column.startswith("duration_ms") else f"{value.normalize():f}"
    return str(value)


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(",".join(row) for row in [columns, *sorted(rows)]) + "\n"


def json_text(value: Any) -> str:
    """Write JSON with lists of plain values on one line."""
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", _on_one_line, json.dumps(value, indent=1, ensure_ascii=False)) + "\n"


def _on_one_line(found: re.Match[str]) -> str:
    return "[" + re.sub(r"\s*\n\s*", " ", found[1]) + "]"


def readable(value: Any) -> Any:
    """A document as cases have it: metrics by name, no hashes, no sizes."""
    if isinstance(value, dict):
        named = {name: readable(held) for name, held in value.items() if name != "bytes"}
        if "metrics" in named:
            named["metrics"] = {each.pop("name"): each for each in named["metrics"]}
        return named
    if isinstance(value, list):
        return [readable(each) for each in value]
    return HASH.sub(".#.json", value) if isinstance(value, str) else value


def picked(found: Any, like: Any) -> Any:
    """The members of `found` that `like` has."""
    if isinstance(found, dict) and isinstance(like, dict) and like:
        return {name: picked(found.get(name, ABSENT), held) for name, held in like.items()}
    return found


class Differences:
    """Collects what differs, so that a failing case shows all of it; updates the files when asked to."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def compare(self, path: Path, actual: str, expected: str) -> None:
        if actual == expected:
            return
        if UPDATE:
            path.write_text(actual, encoding="utf-8")
            return
        name = path.relative_to(GOLDEN)
        lines = (text.splitlines() for text in (expected, actual))
        self.found.append(
            "\n".join(difflib.unified_diff(*lines, f"{name} (expected)", "what came out", lineterm="", n=1))
        )


# The runner


def compare_rollups(sql: Sql, step: Step, differences: Differences) -> None:
    for table in ROLLUPS:
        path = step.folder / f"expected_{table}.csv"
        if not path.exists():
            continue
        columns, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        actual = [[field(*pair) for pair in zip(columns, row, strict=True)] for row in stored(sql, table, columns)]
        differences.compare(path, csv_text(columns, actual), csv_text(columns, rows))


def compare_repricing(installation: Installation, step: Step, differences: Differences) -> None:
    """Price anew as the case says; the dry run must say the same before."""
    assert step.reprice
    days = {name: date.fromisoformat(step.reprice[name]) for name in ("first_day", "end_day")}
    asked = Repricing(**days, reason=step.reprice["reason"])
    shown, done = preview(installation, asked), reprice(installation, asked)
    assert shown.differences == done.differences
    path = step.folder / "expected_reprice.csv"
    columns, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    actual = [[field(column, getattr(each, column)) for column in columns] for each in done.differences]
    differences.compare(path, csv_text(columns, actual), csv_text(columns, rows))


def compare_documents(installation: Installation, step: Step, differences: Differences) -> None:
    for path in step.expected("expected/*/**/*.json"):
        tenant, *rest = path.relative_to(step.folder / "expected").with_suffix("").parts
        expected = json.loads(path.read_text(encoding="utf-8"))
        actual = readable(_current(installation, tenant, "/".join(rest)))
        differences.compare(path, json_text(picked(actual, expected)), json_text(expected))


def _current(installation: Installation, tenant: str, name: str) -> Any:
    """The document `dashboard`, or the page that the dashboard lists under `hourly/2026-03-09` and the like."""
    place = address(installation, tenant).path
    dashboard = document(installation, place)
    if name == "dashboard":
        return dashboard
    listed = [page["path"] for pages in dashboard["pages"].values() for page in pages]
    path = next((path for path in listed if HASH.sub("", path) == name), None)
    return document(installation, f"{place.rsplit('/', 1)[0]}/{path}") if path else ABSENT


def compare_written(installation: Installation, step: Step, before: dict[str, bytes], differences: Differences) -> None:
    for path in step.expected("expected_written.csv"):
        columns, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        tenants = {row[0] for row in rows} - {PLATFORM}
        places = {tenant: address(installation, tenant).path for tenant in tenants}
        places[PLATFORM] = platform_address(installation).path
        names = {place.rsplit("/", 1)[0]: owner for owner, place in places.items()}
        written = {file for file, content in published(installation).items() if before.get(file) != content}
        actual = [_place(file, names) for file in sorted(written - {"v1/status.json"}) if not describes(file)]
        differences.compare(path, csv_text(columns, actual), csv_text(columns, rows))


def _place(file: str, names: dict[str, str]) -> list[str]:
    folder = "/".join(file.split("/")[:3])
    name = HASH.sub("", file.removeprefix(f"{folder}/")).removesuffix(".json")
    return [names.get(folder, "another tenant"), name]


@pytest.mark.parametrize("case", sorted(each.parent.name for each in GOLDEN.glob("*/case.toml")))
def test_case(ready: Installation, sql: Sql, case: str) -> None:
    for step in steps(GOLDEN / case):
        differences, before = Differences(), published(ready)
        step.before(sql)
        run(ready, step.as_of)
        if step.reprice:
            compare_repricing(ready, step, differences)
        compare_rollups(sql, step, differences)
        compare_documents(ready, step, differences)
        compare_written(ready, step, before, differences)
        assert not differences.found, "\n\n".join(["", *differences.found])


def test_every_case_is_explained_and_expects_something() -> None:
    for case in GOLDEN.glob("*/"):
        assert (case / "case.md").exists(), case.name
        for step in steps(case):
            assert step.expected("expected*"), step.folder
