"""No float anywhere on a money path: not in a column, a function, an export or a published file.

What is a float stands in a list here, with its reason; anything else makes a test fail.
"""

from __future__ import annotations

import ast
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.export.tables import TABLES, read_schema
from pipeline.installation import Installation
from pipeline.run import run
from pipeline.settings import ROOT
from tests.conftest import NOW, Sql, published
from tests.contracts import describes

# Columns and what functions take and give: percentiles are within 1 % anyway, and seconds are seconds.
FLOATS_IN_SQL = {
    "rollup.p95_by_endpoint_week.p50_ms",
    "rollup.p95_by_endpoint_week.p95_ms",
    "rollup.p95_by_endpoint_week.p99_ms",
    "rollup.p95_by_endpoint_week_all.p50_ms",
    "rollup.p95_by_endpoint_week_all.p95_ms",
    "rollup.p95_by_endpoint_week_all.p99_ms",
    "rollup.quantile",
    "rollup.sketch_value",
}
# Fields of files that may be a JSON number with a point: percents, ratios, latencies, and amounts of usage, which are
# whole wherever they fit.
FLOATS_IN_FILES = {
    "nrr_pct", "grr_pct", "quick_ratio", "margin_pct", "coverage_pct", "change_pct", "used_pct", "share_pct",
    "error_pct", "total_pct", "client_pct", "server_pct", "usage_growth_pct", "tokens_growth_pct", "relative_error",
    "avg_ms", "p50_ms", "p95_ms", "p99_ms", "avg_tokens_per_request",
    "metrics.error_rate.value", "metrics.error_rate.trend",
    "metrics.avg_response_time.value", "metrics.avg_response_time.trend",
    "ai_tokens", "ai_tokens.total", "metrics.ai_tokens.value", "metrics.ai_tokens.trend", "tokens", "used", "limit", "other_usage.amount",
}  # fmt: skip
# Fields that are money, or numbers that money is made of, wherever they stand: a decimal string, or null.
MONEY = {
    "mrr", "cost", "revenue", "margin", "arpa", "opening", "closing", "usage", "price", "fx", "unit_price", "unit_size",
    "native_amount", "fx_rate", "amount", "quantity", "new", "expansion", "contraction", "churn", "reactivation",
    "fx_impact", "by_model",
}  # fmt: skip
# Sections in which every total is money.
OF_MONEY = {"cost_breakdown", "mrr", "cost"}
# Folders and modules that money passes through.
MONEY_SQL = (
    "book", "cost_daily", "reprice", "subscriptions", "mrr", "mrr_daily", "mrr_movements", "platform", "platform_daily",
    "quotas", "exports",
)  # fmt: skip
MONEY_PYTHON = (
    "costs",
    "mrr",
    "platform",
    "export",
    "documents/money.py",
    "documents/cost*.py",
    "documents/platform*.py",
)
PERCENTS = {("costs.py", 99.99)}  # the most that a share of lines reads while one has no amount


# The database


def test_no_column_of_ours_is_a_float(sql: Sql) -> None:
    found = sql(
        """
        select n.nspname || '.' || c.relname || '.' || a.attname
        from pg_attribute as a
        inner join pg_class as c on a.attrelid = c.oid
        inner join pg_namespace as n on c.relnamespace = n.oid
        where n.nspname in ('rollup', 'pipeline') and a.attnum > 0 and not a.attisdropped
            and a.atttypid in ('real'::regtype, 'double precision'::regtype, 'real[]'::regtype,
                'double precision[]'::regtype, 'money'::regtype)
            and not c.relispartition
        """
    )
    assert {row[0] for row in found} == {name for name in FLOATS_IN_SQL if name.count(".") == 2}


def test_no_reading_and_no_function_takes_or_gives_a_float(sql: Sql) -> None:
    """Also what the SaaS keeps as a float, such as a duration, is read as something exact."""
    found = sql(
        """
        select distinct n.nspname || '.' || p.proname
        from pg_proc as p
        inner join pg_namespace as n on p.pronamespace = n.oid
        cross join lateral unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) as t (type)
        where n.nspname in ('rollup', 'pipeline')
            and t.type in ('real'::regtype, 'double precision'::regtype, 'real[]'::regtype,
                'double precision[]'::regtype, 'money'::regtype)
        """
    )
    assert {row[0] for row in found} == {name for name in FLOATS_IN_SQL if name.count(".") == 1}


def test_the_trials_tables_have_no_float_for_money(sql: Sql) -> None:
    """As information_schema tells it, to whoever looks."""
    found = sql(
        "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns "
        "where table_schema in ('public', 'rollup', 'pipeline') and data_type in ('real', 'double precision', 'money')"
    )
    views = {name for name in FLOATS_IN_SQL if name.count(".") == 2}
    assert {row[0] for row in found} == views | {"public.api_requests.duration_ms"}


# The code


def test_sql_of_money_does_not_name_a_float() -> None:
    """Nor a function that gives one whatever it takes, or a literal with an exponent."""
    word = re.compile(r"\b(float\d?|real|double|money|random|to_number)\b|::\s*numeric\(\d+\)", re.IGNORECASE)
    files = [path for folder in MONEY_SQL for path in (ROOT / "sql" / folder).glob("*.sql")]
    files += [path for path in (ROOT / "sql" / "views").glob("*.sql") if not path.name.startswith("p95")]
    files += (ROOT / "sql" / "documents").glob("*cost*.sql")
    assert len(files) > 60
    named = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
        if word.search(re.sub(r"--.*|'[^']*'", "", line))
    ]
    assert named == []


def test_python_of_money_makes_no_float() -> None:
    paths = [path for place in MONEY_PYTHON for path in _modules(place)]
    assert len(paths) > 20
    made = {(path.name, each) for path in paths for each in _floats(ast.parse(path.read_text(encoding="utf-8")))}
    assert made - PERCENTS == set()


def _modules(place: str) -> list[Path]:
    root = ROOT / "pipeline"
    return list(root.glob(place if place.endswith(".py") else f"{place}/*.py"))


def _floats(tree: ast.Module) -> Iterator[object]:
    """The float literals and the calls that make one; seconds of a report are told by their names."""
    timed = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "seconds"
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node not in timed:
            yield node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield ast.unparse(node)


# The export


def test_numbers_of_the_export_are_decimals(ready: Installation) -> None:
    with ready.database.transaction() as connection:
        schemas = {table: read_schema(connection, table) for table in TABLES}
    assert not [
        f"{table}.{field.name}"
        for table, schema in schemas.items()
        for field in schema
        if pa.types.is_floating(field.type)
        or (pa.types.is_list(field.type) and pa.types.is_floating(field.type.value_type))
    ]
    money = ("quantity", "unit_size", "unit_price", "native_amount", "fx_rate", "amount", "mrr", "cost", "ai_tokens")
    kinds = {str(field.type) for schema in schemas.values() for field in schema if field.name in money}
    assert kinds == {"decimal128(38, 18)"}


# The files


class Point(float):
    """A number that a file writes with a point or an exponent."""


@pytest.fixture
def files(ready: Installation, sql: Sql) -> dict[str, Any]:
    """What a small run publishes: two currencies, a missing price, quotas, MRR that moved, a silent tenant."""
    for tenant in ("t1", "t2", "t3"):
        sql.tenant(tenant)
    sql(
        "insert into prices values ('api_calls', 3, 10, 'NGN', '2020-01-01'), ('ai_tokens_m-1', 7, 0.1, 'USD', '2020-01-01')"
    )
    sql("insert into prices values ('emails', 3, 1, 'NGN', '2026-03-09 12:00Z')")
    sql(
        "insert into fx_rates values ('USD', 'NGN', 1500.123456, '2026-02-01', 'oxr'), ('USD', 'NGN', 1600.1, '2026-03-05', 'oxr')"
    )
    sql("insert into quotas values ('t1', 'ai_tokens_m-1', 3000, 'month', 3), ('t1', 'emails', 0.7, 'day', null)")
    sql(
        "insert into subscriptions (tenant_id, plan, status, monthly_amount, currency, started_at, ended_at) values "
        "('t1', 'pro', 'active', 599.95, 'USD', '2026-02-20', null), ('t2', 'free', 'active', 0.1, 'NGN', '2026-01-01', null), "
        "('t2', 'pro', 'cancelled', 7000.005, 'NGN', '2026-01-01', '2026-03-06')"
    )
    for day in range(1, 10):
        sql.request(f"2026-03-0{day} 10:10Z", duration_ms=7.3 * day)
        sql.request(f"2026-02-{10 + day} 10:10Z", tenant="t2", status_code=500)
        sql.usage(f"2026-03-0{day} 11:10Z", amount=1000 + day)
        sql.usage(f"2026-02-{10 + day} 11:10Z", amount=77)
        sql.usage(f"2026-03-0{day} 11:10Z", tenant="t2", quota_type="emails", amount="0.1")
    sql.usage("2026-03-10 11:10Z", quota_type="ai_tokens_m-9", amount="0.2")
    run(ready, NOW)
    return {
        path: json.loads(gzip.decompress(content), parse_float=Point)
        for path, content in published(ready).items()
        if path.endswith(".json") and not describes(path)
    }


def test_there_is_money_in_every_kind_of_file(files: dict[str, Any]) -> None:
    """So that the tests below cannot hold by looking at nothing."""
    seen = {name for document in files.values() for path, value in leaves(document) if value for name in path}
    assert MONEY - {"reactivation", "contraction", "closing"} <= seen
    kinds = {re.sub(r"[^/]*\.[0-9a-f]{8,}\.json$|/[^/]{20,}", "", path) for path in files}
    assert {kind.rstrip("/").rsplit("/", 1)[-1] for kind in kinds} >= {"costs", "daily", "hourly", "mrr", "tenants"}


def test_money_in_files_is_text(files: dict[str, Any]) -> None:
    numbers = [
        f"{path}: {'.'.join(place)} = {value!r}"
        for path, document in files.items()
        for place, value in leaves(document)
        if is_money(place) and isinstance(value, int | float) and not isinstance(value, bool)
    ]
    assert numbers == []


def test_money_in_files_is_a_plain_decimal(files: dict[str, Any]) -> None:
    found = [
        (place, value)
        for document in files.values()
        for place, value in leaves(document)
        if is_money(place) and isinstance(value, str)
    ]
    assert len(found) > 100
    assert [each for each in found if not re.fullmatch(r"-?\d+(\.\d+)?", each[1])] == []


def test_only_percents_and_latencies_have_a_point(files: dict[str, Any]) -> None:
    floats = {
        ".".join(place) for document in files.values() for place, value in leaves(document) if isinstance(value, Point)
    }
    assert len(floats) > 10
    assert [place for place in floats if not f".{place}".endswith(tuple(f".{name}" for name in FLOATS_IN_FILES))] == []


def is_money(place: tuple[str, ...]) -> bool:
    """Whether what stands at a place is money: by its own name, or as the total of a section of money."""
    *within, name = place
    if name in {"currency", "definition", "plan", "item", "reason", "start"} or name.endswith(("_pct", "_ratio")):
        return False
    if "other_usage" in within:  # amounts of usage, in units of their own
        return False
    if within[-1:] == ["cost_breakdown"] and name == "trend":
        return True
    return name in MONEY or (name == "total" and bool(OF_MONEY & set(within))) or "by_model" in within[-1:]


def leaves(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no list and no object, with the names that lead to it; a metric's name is one of them."""
    if isinstance(value, dict):
        place = (*place, value["name"]) if place[-1:] == ("metrics",) else place
        for name, each in value.items():
            yield from leaves(each, (*place, name))
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, place)
    else:
        yield place, value
