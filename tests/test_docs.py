"""The documentation is true: its SQL runs, its settings, verbs and files are those of the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.cli import VERBS
from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.publish.keys import export_folder
from pipeline.run import run
from pipeline.settings import NAMES, ROOT, load_settings
from tests.conftest import NOW, Sql, dashboard_of

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(language: str) -> list[tuple[str, str]]:
    """All code blocks of a language, with the document they stand in."""
    found = []
    for path in DOCS:
        text = path.read_text(encoding="utf-8")
        found += [(path.name, block) for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]
    return found


@pytest.mark.parametrize(("where", "block"), blocks("sql"))
def test_every_sql_example_runs_and_finds_something(ready: Installation, sql: Sql, where: str, block: str) -> None:
    sql.tenant()
    sql(
        "insert into api_requests (tenant_id, endpoint, duration_ms, created_at) values ('t1', '/', 5, date_trunc('hour', now()) - interval '30 minutes')"
    )
    sql(
        "insert into api_requests (tenant_id, endpoint, duration_ms, created_at) values ('t1', '/', -5, date_trunc('hour', now()) - interval '30 minutes')"
    )
    sql(
        "insert into usage_records (tenant_id, quota_type, amount, created_at) values ('t1', 'ai_tokens_m', 5, date_trunc('hour', now()) - interval '30 minutes')"
    )
    sql("insert into prices values ('api_calls', 1, 10, 'NGN', '2020-01-01')")
    # A quota whose period began on the day of these rows: the examples find something on the first of a month too.
    sql(
        "insert into quotas select 't1', 'ai_tokens_m', 6, 'month', extract(day from created_at at time zone 'Africa/Lagos') "
        "from usage_records"
    )
    run(ready, sql.one("select now()"))  # type: ignore[arg-type]
    sql("update pipeline.tenant_state set failure = 'for the example'")
    # Money of days gone by, if the tick has made none.
    sql("insert into rollup.mrr_movements values ('2026-01-01', 't1', 'new', 100) on conflict do nothing")
    sql("insert into rollup.mrr_daily values ('2026-01-01', 'pro', 1, 1, 100, 0) on conflict do nothing")
    for statement in filter(str.strip, re.sub(r"--[^\n]*", "", block).split(";")):
        assert sql(statement), f"{where}: {statement}"


def test_the_examples_of_pandas_and_duckdb_run(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sql.tenant()
    sql.request("2026-03-10 10:10Z", duration_ms=7.0)
    sql("insert into prices values ('api_calls', 3, 10, 'NGN', '2020-01-01')")
    sql.usage("2026-03-10 10:10Z")
    run(ready, NOW)
    export(ready)
    folder = ready.settings.home / "public" / export_folder(ready.secret)
    names: dict[str, object] = {}
    for where, block in blocks("python"):
        assert where == "analysts.md"
        exec(block.replace("var/public/v1/export/KEY", str(folder)), names)
    said = capsys.readouterr().out
    assert re.search(r"^t1 +3\.33$", said, re.MULTILINE)
    assert re.search(r"^t1 +1$", said, re.MULTILINE)
    assert re.search(r"│ / +│ +7\.0\d* │|│ / +│ +6\.9\d* │", said)


@pytest.mark.parametrize(("where", "block"), blocks("toml"))
def test_every_settings_example_is_valid(where: str, block: str, tmp_path: Path) -> None:
    assert set(tomllib.loads(block)) & {"source", "endpoints"}, where
    file = tmp_path / "tc.toml"
    file.write_text(block, encoding="utf-8")
    load_settings({"TENANTCAST_CONFIG": str(file)})


def test_the_readme_names_every_setting_and_operators_read_of_every_verb() -> None:
    readme = DOCS[0].read_text(encoding="utf-8")
    assert [name for name in NAMES if name != "engine_url" and f"TENANTCAST_{name.upper()}" not in readme] == []
    operator = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"`{verb}" not in operator] == []


def test_the_frontend_page_names_every_field_of_the_dashboard(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    run(ready, NOW)
    found = dashboard_of(ready)
    text = (ROOT / "docs" / "frontend.md").read_text(encoding="utf-8")
    named = [*found, *found["periods"]["7d"], *(metric["name"] for metric in found["periods"]["7d"]["metrics"])]
    known = {"schema", "currency", "start", "end"}
    assert [name for name in named if name not in known and f"`{name}" not in text] == []


def test_links_lead_somewhere() -> None:
    for path in DOCS:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
