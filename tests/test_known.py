"""A mapping that names another source than `init` has set up: nothing is taken from it until somebody says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.doctor.examination import examine
from pipeline.errors import PermanentError
from pipeline.forgetting.forgetting import forget
from pipeline.installation import Installation
from pipeline.reconcile.reconciling import reconcile
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.sources.install import install
from tests.conftest import NOW, Sql, address_of, installation_on

HOURS = "select tenant_id, bucket_start, requests from rollup.api_hourly order by 1, 2"
MARKED = "select * from pipeline.marks"
Mapped = Callable[[str], Installation]


@pytest.fixture
def mapped(ready: Installation, sql: Sql, tmp_path: Path) -> Mapped:
    """The installation with a settings file of its own, where three hours are rolled up; schema staging has one other."""
    sql.tenant()
    for hour in (8, 9, 10):
        sql.request(f"2026-03-10T{hour:02}:30:00Z")
    run(ready, NOW)
    sql("create schema staging")
    sql("create table staging.api_requests (like public.api_requests including defaults)")
    sql("insert into staging.api_requests select * from public.api_requests where created_at < '2026-03-10 09:00Z'")

    def configured(config: str) -> Installation:
        path = tmp_path / "settings.toml"
        path.write_text(config, encoding="utf-8")
        return installation_on(address_of(ready), tmp_path, TENANTCAST_CONFIG=str(path))

    return configured


STAGING = '[source.api_requests]\nschema = "staging"\n'
NO_TABLE = '[source.prices]\nschema = "biling"\n'
NO_COLUMN = '[source.subscriptions]\nended_at = "canceled_on"\n'
OTHER_COLUMN = '[source.usage_records]\namount = "id"\n'


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (STAGING, r'^api_requests: the settings name "staging"\."api_requests", .* to read "public"\."api_requests"\.'),
        (OTHER_COLUMN, r'^usage_records: .* column id of "public"\."usage_records" as amount, .* read column amount\.'),
        (NO_TABLE, r'^prices: the settings name "biling"\."prices", .* to read "public"\."prices"\.'),
        (
            NO_COLUMN,
            r'^subscriptions: .* column canceled_on of "public"\."subscriptions" as ended_at, .* column ended_at\.',
        ),
    ],
)
def test_nothing_is_taken_from_a_source_that_init_has_not_noted(
    mapped: Mapped, ready: Installation, sql: Sql, config: str, said: str
) -> None:
    wrong, stored = mapped(config), sql(HOURS)
    assert len(stored) == 3
    for verb in (lambda: roll(wrong, NOW), lambda: run(wrong, NOW), lambda: reconcile(wrong), lambda: install(wrong)):
        with pytest.raises(PermanentError, match=said) as raised:
            verb()
        assert "python -m pipeline init --moved" in str(raised.value)
    assert sql(HOURS) == stored
    assert sql(MARKED) == []
    assert {each.severity for each in examine(wrong, NOW).findings if "init --moved" in each.fix} == {"error"}
    assert install(ready).marked_hours == 0
    assert reconcile(ready).agrees


def test_no_empty_tables_are_made_for_a_schema_with_a_typo(mapped: Mapped, sql: Sql) -> None:
    wrong = mapped('[source]\nschema = "stagin"\n')
    with pytest.raises(
        PermanentError, match=r"^\w+: the settings name .stagin.\..*, .* to read .public.\..*init --moved"
    ):
        install(wrong)
    assert sql.one("select to_regnamespace('stagin')") is None


def test_raw_rows_of_another_source_are_not_forgotten(mapped: Mapped, ready: Installation, sql: Sql) -> None:
    stored, wrong = sql(HOURS), mapped(STAGING)
    with pytest.raises(PermanentError, match="init --moved"):
        forget(wrong, "t1", raw=True)
    assert sql.one("select count(*) from staging.api_requests") == 1
    assert sql(HOURS) == stored
    assert reconcile(ready).agrees


def test_a_comparison_with_another_source_that_is_only_read_is_refused(mapped: Mapped) -> None:
    wrong = mapped(STAGING)
    only_read = Installation(replace(wrong.settings, marking="reconcile"))
    with pytest.raises(PermanentError, match="init --moved"):
        reconcile(only_read)


def test_a_source_that_has_moved_is_rolled_up_anew_and_back_again(
    mapped: Mapped, ready: Installation, sql: Sql
) -> None:
    stored, elsewhere = sql(HOURS), mapped(STAGING)
    report = install(elsewhere, moved=True)
    assert report.moved == ["api_requests"]
    run(elsewhere, NOW)
    assert sql(HOURS) == stored[:1]
    assert reconcile(elsewhere).agrees
    assert install(elsewhere).moved == []
    with pytest.raises(PermanentError, match="init --moved"):
        install(ready)
    assert install(ready, moved=True).moved == ["api_requests"]
    run(ready, NOW)
    assert sql(HOURS) == stored
    assert reconcile(ready).agrees


def test_a_source_that_is_only_read_and_has_moved_is_rolled_up_anew_too(
    mapped: Mapped, ready: Installation, sql: Sql
) -> None:
    stored, config = sql(HOURS), mapped(STAGING)
    install(Installation(replace(ready.settings, marking="reconcile")))
    only_read = Installation(replace(config.settings, marking="reconcile", reconcile_hours=1))
    assert install(only_read, moved=True).marked_hours == 3
    run(only_read, NOW)
    assert sql(HOURS) == stored[:1]


def test_what_an_older_version_has_set_up_counts_as_meant(ready: Installation, sql: Sql) -> None:
    sql("drop table pipeline.sources")
    sql("update pipeline.progress set schema_version = 11")
    with pytest.raises(PermanentError, match="Run: python -m pipeline init"):
        roll(ready, NOW)
    assert install(ready).moved == []
    roll(ready, NOW)
    assert sql.one("select count(*) from pipeline.sources where relation like '\"public\".%'") == sql.one(
        "select count(*) from pipeline.sources"
    )
