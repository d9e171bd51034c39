"""Endpoint templates give ids in paths one name; a tenant with an endpoint a request stops nothing and is told honestly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import load_settings
from pipeline.sources.install import install
from tests.conftest import NOW, Sql, address_of, dashboard_of, installation_on

TEMPLATES = (
    "/v1/users/me",
    "/v1/users/{id}",
    "/v1/users/{id}/posts/{post}",
    "/v1/files/{path...}",
    "/v1/orgs/{org}/tree/{path...}",
    "/v1/chat",
    "/a_b%/{x}",
    "GET /v1/it's/{id}",
)


def toml(templates: object) -> str:
    return f"[endpoints]\ntemplates = {templates}\n"


def with_templates(installation: Installation, text: str) -> Installation:
    """The same installation with a settings file."""
    path = installation.settings.home / "tc.toml"
    path.write_text(text, encoding="utf-8")
    return installation_on(address_of(installation), installation.settings.home, TENANTCAST_CONFIG=str(path))


@pytest.fixture
def templated(ready: Installation, sql: Sql) -> Iterator[Installation]:
    """An installation after `init` with the templates above."""
    installation = with_templates(ready, toml(list(TEMPLATES)))
    install(installation)
    yield installation
    installation.database.engine.dispose()


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("/v1/users/me", "/v1/users/me"),
        ("/v1/users/8213", "/v1/users/{id}"),
        ("/v1/users/8213?limit=5&x=/y/z", "/v1/users/{id}"),
        ("/v1/users/%2e%2e", "/v1/users/{id}"),
        ("/v1/users/\N{GRINNING FACE}", "/v1/users/{id}"),
        ("/v1/users/", None),
        ("/v1/users", None),
        ("/v1/users/8213/", None),
        ("/v1/users/8213/posts", None),
        ("/v1/users/8213/posts/1", "/v1/users/{id}/posts/{post}"),
        ("/v1/users/8213/posts/1/", None),
        ("/v1/users//posts/1", None),
        ("/V1/users/8213", None),
        ("x/v1/users/8213", None),
        ("/v1/files/a", "/v1/files/{path...}"),
        ("/v1/files/a/b/c.txt?v=2", "/v1/files/{path...}"),
        ("/v1/files/", "/v1/files/{path...}"),
        ("/v1/files", None),
        ("/v1/orgs/o1/tree/main/src", "/v1/orgs/{org}/tree/{path...}"),
        ("/v1/orgs/o1/o2/tree/main", None),
        ("/v1/orgs//tree/main", None),
        ("/v1/chat?stream=1", "/v1/chat"),
        ("/v1/other?stream=1", None),  # only a template drops a query string
        ("/a_b%/1", "/a_b%/{x}"),
        ("/aXbYY/1", None),  # _ and % stand for themselves
        ("GET /v1/it's/5", "GET /v1/it's/{id}"),
        ("/v1/users/{id}", "/v1/users/{id}"),
        ("", None),
    ],
)
def test_the_first_template_that_matches_names_the_endpoint(
    templated: Installation, sql: Sql, endpoint: str, name: str | None
) -> None:
    assert sql.one("select pipeline.endpoint_of(%s)", endpoint) == (endpoint if name is None else name)


def test_requests_are_counted_under_the_name_also_where_the_raw_endpoint_is_long(
    templated: Installation, sql: Sql
) -> None:
    sql.tenant()
    for number in range(20):
        sql.request("2026-03-10T11:00:00Z", endpoint=f"/v1/users/{number}?token={'x' * 400}")
    sql.request("2026-03-10T11:00:00Z", endpoint="/v1/other/" + "x" * 400)
    sql.request("2026-03-10T11:00:00Z", endpoint=None)
    run(templated, NOW)
    assert sql("select left(endpoint, 14), requests from rollup.api_hourly order by 2 desc, 1") == [
        ("/v1/users/{id}", 20),
        ("", 1),
        ("/v1/other/xxxx", 1),
    ]
    assert sql("select reason, rows from rollup.rejected_hourly") == [("endpoint_too_long", 1)]
    assert dashboard_of(templated)["periods"]["24h"]["top_endpoints"][0]["endpoint"] == "/v1/users/{id}"


def test_init_says_when_templates_change_and_history_keeps_its_names(templated: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-09T11:00:00Z", endpoint="/v1/users/1")
    roll(templated, NOW)
    assert not install(templated).templates_changed
    turned = list(TEMPLATES[::-1])
    assert install(with_templates(templated, toml(turned))).templates_changed, "their order counts"
    report = install(with_templates(templated, ""))
    assert (report.templates, report.templates_changed) == (0, True)
    assert sql.one("select to_regprocedure('pipeline.endpoint_of(text)')") is None
    sql.request("2026-03-10T11:00:00Z", endpoint="/v1/users/1")
    roll(templated, NOW)
    assert sql("select endpoint from rollup.api_hourly order by bucket_start") == [
        ("/v1/users/{id}",),
        ("/v1/users/1",),
    ]


@pytest.mark.parametrize("templates", ["[]", '["/v1/users/{id}", "/v1/files/{path...}"]'])
def test_the_planner_sees_through_the_reading(ready: Installation, sql: Sql, templates: str) -> None:
    """Inlined, its conditions reach the raw table's indexes; called as a function it would read everything."""
    install(with_templates(ready, toml(templates)))
    sql("set enable_seqscan = off")
    for function in ("api_events", "usage_events"):
        plan = "\n".join(
            str(line)
            for (line,) in sql(
                f"explain select * from pipeline.{function}('2026-03-01', '2026-03-02') as e where e.tenant_id = 't1'"
            )
        )
        assert "Function Scan" not in plan
        assert "Index Cond: ((tenant_id = 't1'::text) AND (created_at >= '2026-03-01" in plan


WRONG = {
    "no table": ("endpoints = 5", r"\[endpoints\]: expected a table"),
    "other key": ('[endpoints]\ntemplate = ["/a"]', r"\[endpoints\] template: no such setting\. Known: templates"),
    "no list": (toml('"/v1/{id}"'), r"expected a list of texts"),
    "no text": (toml("[1]"), r"expected a list of texts"),
    "empty": (toml('[""]'), r"empty or holds control characters"),
    "control": (toml('["/a\\u0001"]'), r"empty or holds control characters"),
    "part of a segment": (toml('["/v1/user-{id}"]'), r"'user-\{id\}': a variable is a whole segment"),
    "rest in the middle": (toml('["/v1/{path...}/x"]'), r"the whole rest at the end"),
    "no name": (toml('["/v1/{}"]'), r"a variable is a whole segment"),
    "query": (toml('["/v1?x={id}"]'), r"Leave out the \?"),
    "long": (toml([f"/{'x' * 300}"]), r"longer than 300 characters"),
    "twice": (toml(["/a/{x}", "/a/{x}"]), r"'/a/\{x\}': it is given twice"),
    "everything": (toml(["{path...}"]), r"every endpoint would match"),
    "too many": (toml([f"/{number}" for number in range(201)]), r"201 of them.*at most 200"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_templates_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tc.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_settings({"TENANTCAST_CONFIG": str(path)})


def test_two_hundred_templates_can_be_applied(ready: Installation, sql: Sql) -> None:
    install(with_templates(ready, toml([f"/v{number}/{{a}}/x/{{b...}}" for number in range(200)])))
    assert sql.one("select pipeline.endpoint_of('/v199/1/x/2/3')") == "/v199/{a}/x/{b...}"


# Without templates: an endpoint a request


def explode(sql: Sql, *, endpoints: int, at: str) -> None:
    """Requests of tenant `t1`, each to an endpoint of its own; every tenth has failed."""
    sql(
        f"insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at) "
        f"select 't1', '/v1/users/' || number, case when number % 10 = 0 then 500 else 200 end, number, '{at}' "
        f"from generate_series(1, {endpoints}) as number"
    )


def test_an_endpoint_a_request_stops_nothing_and_is_told_honestly(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.tenant("t2")
    explode(sql, endpoints=50_000, at="2026-03-10T11:00:00Z")
    explode(sql, endpoints=50_000, at="2026-03-09T11:00:00Z")
    for _ in range(3):
        sql.request("2026-03-10T11:00:00Z", endpoint="/v1/chat", duration_ms=7)
    sql.request("2026-03-10T11:00:00Z", tenant="t2")
    report = run(ready, NOW)
    assert report.publish.failures == {}
    assert sql.one("select count(*) from rollup.api_hourly where tenant_id = 't1'") == 100_001
    found = dashboard_of(ready)["periods"]
    assert [each["endpoint"] for each in found["24h"]["top_endpoints"]] == [
        "/v1/chat",
        "/v1/users/1",
        *(f"/v1/users/{number}" for number in sorted(map(str, (10**power for power in range(1, 5))))),
        *(f"/v1/users/{number}" for number in ("10001", "10002", "10003", "10004")),
    ]
    assert found["24h"]["other_endpoints"] == {
        "endpoints": 49_991, "requests": 49_991, "share_pct": 99.98, "error_pct": 9.99,
    }  # fmt: skip
    assert found["7d"]["other_endpoints"]["requests"] == 49_990
    assert found["24h"]["api_usage"]["total"] == 50_003
    assert found["24h"]["response_times"]["p50_ms"] == pytest.approx(25_000, rel=0.011)
    assert dashboard_of(ready, "t2")["periods"]["24h"]["api_usage"]["total"] == 1


def test_a_model_a_record_is_told_honestly(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    with psycopg.connect(address_of(ready)) as connection:
        connection.execute(
            "insert into usage_records (tenant_id, quota_type, amount, created_at) "
            "select 't1', prefix || number, number, '2026-03-10T11:00:00Z' "
            "from generate_series(1, 2000) as number, (values ('ai_tokens_m'), ('kind_')) as p (prefix)"
        )
    run(ready, NOW)
    day = dashboard_of(ready)["periods"]["24h"]
    assert list(day["ai_tokens"]["by_model"]) == [f"m{number}" for number in range(2000, 1990, -1)]
    assert day["ai_tokens"]["other_models"] == {
        "models": 1990, "tokens": 1990 * 1991 // 2, "requests": 1990,
    }  # fmt: skip
    assert day["ai_tokens"]["total"] == 2000 * 2001 // 2
    assert day["other_kinds"] == {"kinds": 1990, "records": 1990}
