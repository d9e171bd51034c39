"""Rows that cannot be used: counted by reason or handled; none stops a tick, or changes a neighbour's numbers or files."""

from __future__ import annotations

import gzip
import json
import random
import string
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.run import run
from pipeline.sources.install import install
from tests.conftest import NOW, Databases, Sql, dashboard_of, installation_on, published

AT = "2026-03-10T10:30:00Z"
LONG = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10_000))
WIDE = "".join(random.Random(2).choices([chr(code) for code in range(0x1F300, 0x1F5FF)], k=10_000))
CONTROL = "".join(chr(code) for code in range(1, 32)) + "\x7f\x80\u2028\ufeff\ufffe"

# What is wrong with a request (values by column), and under which reasons it is counted.
REQUESTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"tenant_id": None}, ["tenant_missing"]),
    ({"duration_ms": "NaN"}, ["duration_not_finite"]),
    ({"duration_ms": "Infinity"}, ["duration_not_finite"]),
    ({"duration_ms": "-Infinity"}, ["duration_negative"]),
    ({"duration_ms": -0.001}, ["duration_negative"]),
    ({"duration_ms": -1e300}, ["duration_negative"]),
    ({"duration_ms": 86_400_000.0 * 60}, []),  # two months are believed, a year and a day are not
    ({"duration_ms": 86_400_000.0 * 367}, ["duration_too_long"]),
    ({"duration_ms": 1.7e308}, ["duration_too_long"]),
    ({"duration_ms": 5e-324}, []),
    ({"duration_ms": None}, []),
    ({"status_code": None}, ["status_missing"]),
    *(({"status_code": code}, ["status_unknown"]) for code in (0, 99, 600, 999, -1, 2**31 - 1, -(2**31))),
    *(({"status_code": code}, []) for code in (100, 599)),
    ({"endpoint": None}, []),
    ({"endpoint": ""}, []),
    ({"endpoint": " "}, []),
    ({"endpoint": LONG}, ["endpoint_too_long"]),
    ({"endpoint": WIDE}, ["endpoint_too_long"]),
    ({"endpoint": WIDE[:300]}, []),
    ({"endpoint": CONTROL}, []),
    *(
        ({"endpoint": text}, [])
        for text in (
            "\\0 \\x00 %00", "/\N{GRINNING FACE}/\u0301e\u200d", "'; drop table api_requests; --", '"quoted"', "//../..//",
            "/%2e%2e/%2e%2e/etc/passwd", "<script>alert(1)</script>", "__proto__", ":name @name %s {}", "\U0010ffff",
        )
    ),
    ({"status_code": None, "duration_ms": "NaN", "endpoint": LONG}, ["duration_not_finite", "endpoint_too_long", "status_missing"]),
]  # fmt: skip
USAGE: list[tuple[dict[str, Any], list[str]]] = [
    ({"tenant_id": None}, ["tenant_missing"]),
    *(({"amount": text}, [reason]) for text, reason in (
        ("-1", "amount_negative"), ("-Infinity", "amount_negative"), ("-1e131071", "amount_negative"),
        ("NaN", "amount_not_finite"), ("Infinity", "amount_not_finite"),
        ("1e31", "amount_too_large"), ("1e131071", "amount_too_large"), ("9" * 131_000, "amount_too_large"),
    )),
    ({"amount": None}, ["amount_missing"]),
    *(({"amount": text}, []) for text in ("0", "1e30", "1e-16383", "0." + "3" * 16_000)),
    ({"quota_type": None}, ["quota_type_missing"]),
    ({"quota_type": "api_calls"}, ["quota_type_reserved"]),
    ({"quota_type": LONG}, ["quota_type_too_long"]),
    ({"quota_type": "ai_tokens_" + WIDE}, ["quota_type_too_long"]),
    *(({"quota_type": text}, []) for text in (
        "", "ai_tokens_", "ai_tokens_" + WIDE[:290], "ai_tokens_seq", CONTROL, "'\"\\", "AI_TOKENS_x", "__proto__",
    )),
    ({"quota_type": None, "amount": "NaN"}, ["amount_not_finite", "quota_type_missing"]),
]  # fmt: skip
FUTURE = ("2026-03-11T10:30:00Z", "2126-03-10T10:30:00Z", "2026-03-10T12:59:59Z")

IDS = {
    "text": [
        "it's", '"quoted"', "a/b", "../", "..", "../../etc/passwd", "1", "10", "01", " 1", "1 ", "T1", "t1 ", "", " ",
        "\N{GRINNING FACE}", "\u00e9", "e\u0301", "\u202eevil", "%2e%2e", "a\nb\tc", CONTROL, "null", "NULL", "-1", "{}",
        "{a,b}", "\\", "\\N", "$tenantcast$", ":name", "@tenant_id", "%s", "x" * 500, LONG[:500], WIDE[:500],
    ],
    "uuid": [str(uuid.UUID(int=number)) for number in (0, 1, 10, 2**128 - 1)],
    "bigint": [0, -1, 1, 10, 2**63 - 1, -(2**63)],
}  # fmt: skip
NEIGHBOURS: dict[str, Any] = {"text": "t1", "uuid": str(uuid.UUID(int=77)), "bigint": 77}


def on_type(databases: Databases, home: Path, type_name: str) -> tuple[Installation, Sql]:
    """An installation whose tenants have ids of a type, with one good tenant that has rows in every hour."""
    made = databases.make()
    connection = psycopg.connect(made, autocommit=True)
    sql = Sql(connection)
    sql(
        f"create table tenants (id {type_name} primary key, name text, plan text, created_at timestamptz default now(), "
        "timezone text, deleted_at timestamptz)"
    )
    installation = installation_on(made, home)
    install(installation)
    good = NEIGHBOURS[type_name]
    add_tenant(sql, good)
    for hour in range(8, 13):
        sql.request(f"2026-03-10T{hour:02}:15:00Z", tenant=good, endpoint="/good", duration_ms=hour)
        sql.usage(f"2026-03-10T{hour:02}:15:00Z", tenant=good, amount=hour)
    sql.request("2026-03-09T09:00:00Z", tenant=good)
    return installation, sql


def add_tenant(sql: Sql, tenant: object, name: str = "Named") -> None:
    sql("insert into tenants (id, name, plan) values (%s, %s, null)", tenant, name)


def rejected(sql: Sql, source: str) -> dict[object, object]:
    return dict(sql("select reason, sum(rows)::int from rollup.rejected_hourly where source = %s group by 1", source))


def expected(cases: Sequence[tuple[dict[str, Any], list[str]]]) -> dict[object, object]:
    reasons = [reason for _, listed in cases for reason in listed]
    return {reason: reasons.count(reason) for reason in reasons}


def numbers(sql: Sql, tenant: object) -> list[str]:
    """All that is stored of a tenant."""
    tables = ("api_hourly", "api_daily", "usage_hourly", "usage_daily")
    return sorted(
        f"{table} {row}"
        for table in tables
        for (row,) in sql(f"select h::text from rollup.{table} h where tenant_id = %s", tenant)
    )


def files(installation: Installation, tenant: object) -> dict[str, Any]:
    """A tenant's files, apart from the seq."""
    folder = address(installation, str(tenant)).path.rsplit("/", 1)[0]
    found = {path: content for path, content in published(installation).items() if path.startswith(folder)}
    documents = {path: json.loads(gzip.decompress(content)) for path, content in found.items()}
    for document in documents.values():
        document.pop("seq", None)
    return documents


def spoil(sql: Sql, tenant: object) -> None:
    """Bring in every bad row for a tenant, and good rows beside them."""
    for bad, _ in REQUESTS:
        sql.request(AT, **{"tenant": tenant} | {("tenant" if key == "tenant_id" else key): bad[key] for key in bad})
    for bad, _ in USAGE:
        sql.usage(AT, **{"tenant": tenant} | {("tenant" if key == "tenant_id" else key): bad[key] for key in bad})
    for at in FUTURE:
        sql.request(at, tenant=tenant)
        sql.usage(at, tenant=tenant)


@pytest.mark.parametrize("by_scan", [True, False], ids=["scanned", "looked up"])
@pytest.mark.parametrize("type_name", IDS)
def test_bad_rows_are_counted_and_harm_nobody(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_name: str, by_scan: bool
) -> None:
    monkeypatch.setattr("pipeline.rollups.backlog.SCAN_TENANTS", 0 if by_scan else 10**9)
    installation, sql = on_type(databases, tmp_path, type_name)
    good, bad = NEIGHBOURS[type_name], IDS[type_name][1]
    run(installation, NOW)
    before, up = numbers(sql, good), files(installation, good)
    add_tenant(sql, bad)
    spoil(sql, bad)
    report = run(installation, NOW)
    assert rejected(sql, "api_requests") == expected(REQUESTS)
    assert rejected(sql, "usage_records") == expected(USAGE)
    assert report.rollup.rejected == expected([*REQUESTS, *USAGE]), "the run ledger says the same"
    assert report.publish.failures == report.publish.unusable == {}
    assert numbers(sql, good) == before
    assert files(installation, good) == up
    day = dashboard_of(installation, str(bad))["periods"]["24h"]
    counted = [case for case, reasons in REQUESTS if "tenant_missing" not in reasons]
    assert day["api_usage"]["total"] == len(counted), "a request counts, whatever is wrong with its values"
    assert day["response_times"]["count"] == len(
        [case for case in counted if case.get("duration_ms", 1) is not None]
    ) - sum(reason.startswith("duration") for _, reasons in REQUESTS for reason in reasons)
    assert sql.one("select sum(records) from rollup.usage_hourly where tenant_id = %s", bad) == len(
        [case for case, reasons in USAGE if not reasons]
    )


def test_corrected_rows_are_taken_out_again(databases: Databases, tmp_path: Path) -> None:
    installation, sql = on_type(databases, tmp_path, "text")
    add_tenant(sql, "bad")
    spoil(sql, "bad")
    run(installation, NOW)
    sql("update api_requests set duration_ms = 1, status_code = 200, endpoint = '/', tenant_id = 'bad'")
    sql("update usage_records set amount = 1, quota_type = 'q', tenant_id = 'bad'")
    run(installation, NOW)
    assert rejected(sql, "api_requests") == rejected(sql, "usage_records") == {}


@pytest.mark.parametrize("type_name", IDS)
def test_every_id_is_a_tenant_of_its_own(databases: Databases, tmp_path: Path, type_name: str) -> None:
    installation, sql = on_type(databases, tmp_path, type_name)
    run(installation, NOW)
    good = NEIGHBOURS[type_name]
    before, up = numbers(sql, good), files(installation, good)
    ids = IDS[type_name]
    for place, tenant in enumerate(ids, 1):
        add_tenant(sql, tenant, f"N{place}")
        for number in range(place):
            sql.request(AT, tenant=tenant, endpoint=f"/{place}/{number}")
        sql.request(AT, tenant=tenant, endpoint=WIDE[:300])
        sql.usage(AT, tenant=tenant, amount=place, quota_type="ai_tokens_" + WIDE[:140])
    report = run(installation, NOW)
    assert report.publish.failures == report.publish.unusable == {}
    for place, tenant in enumerate(ids, 1):
        found = dashboard_of(installation, str(tenant))
        assert found["tenant"]["id"] == str(tenant)
        assert found["tenant"]["name"] == f"N{place}"
        assert found["periods"]["24h"]["api_usage"]["total"] == place + 1
        assert found["periods"]["24h"]["ai_tokens"]["total"] == place
    assert numbers(sql, good) == before
    assert files(installation, good) == up
    folders = {path.split("/")[2] for path in published(installation) if path.startswith("v1/t/")}
    assert len(folders) == len(ids) + 1
    assert set("".join(folders)) <= set(string.ascii_letters + string.digits + "-_")


def test_beside_a_very_long_id_names_have_less_room(databases: Databases, tmp_path: Path) -> None:
    """An index entry holds 2,704 bytes: a row that did not fit would stop the tick of everybody."""
    installation, sql = on_type(databases, tmp_path, "text")
    add_tenant(sql, WIDE[:500])
    sql.request(AT, tenant=WIDE[:500], endpoint=WIDE[:300])
    sql.usage(AT, tenant=WIDE[:500], quota_type=WIDE[:300])
    sql.usage(AT, tenant=WIDE[:500], quota_type=WIDE[:150], amount=5)
    run(installation, NOW)
    assert sql("select length(endpoint), requests from rollup.api_hourly where tenant_id = %s", WIDE[:500]) == [
        (150, 1)
    ]
    assert sql("select amount::int from rollup.usage_hourly where tenant_id = %s", WIDE[:500]) == [(5,)]
    assert rejected(sql, "api_requests") == {"endpoint_too_long": 1}
    assert rejected(sql, "usage_records") == {"quota_type_too_long": 1}


@pytest.mark.parametrize("type_name", IDS)
def test_rows_of_an_unknown_tenant_wait_for_it(databases: Databases, tmp_path: Path, type_name: str) -> None:
    installation, sql = on_type(databases, tmp_path, type_name)
    stranger = IDS[type_name][1]
    sql.request(AT, tenant=stranger)
    run(installation, NOW)
    assert rejected(sql, "api_requests") == {}
    assert sql.one("select sum(requests) from rollup.api_hourly where tenant_id = %s", stranger) == 1
    with pytest.raises(PermanentError, match="is not known"):
        address(installation, str(stranger))
    add_tenant(sql, stranger)
    run(installation, NOW)
    assert dashboard_of(installation, str(stranger))["periods"]["24h"]["api_usage"]["total"] == 1


WIDER = {
    "numeric": ("NaN", "Infinity", "1e1000", "99.5", "599.5", "-0.5"),
    "double precision": ("NaN", "Infinity", "-Infinity", "1e308", "99.4"),
    "bigint": (str(2**63 - 1), str(-(2**63)), "0"),
}


@pytest.mark.parametrize("type_name", WIDER)
def test_a_status_that_is_no_integer_is_unknown(databases: Databases, tmp_path: Path, type_name: str) -> None:
    installation, sql = on_type(databases, tmp_path, "text")
    sql(f"alter table api_requests alter column status_code type {type_name}")
    install(installation)
    for status in WIDER[type_name]:
        sql.request(AT, status_code=status)
    sql.request(AT, status_code=404)
    run(installation, NOW)
    assert rejected(sql, "api_requests") == {"status_unknown": len(WIDER[type_name])}
    assert sql("select sum(client_errors), sum(server_errors) from rollup.api_hourly") == [(1, 0)]


@pytest.mark.parametrize("type_name", ["numeric", "real", "double precision", "bigint", "integer", "smallint"])
def test_amounts_and_durations_of_every_type(databases: Databases, tmp_path: Path, type_name: str) -> None:
    installation, sql = on_type(databases, tmp_path, "text")
    sql(f"alter table api_requests alter column duration_ms type {type_name}")
    sql(f"alter table usage_records alter column amount type {type_name}")
    install(installation)
    run(installation, NOW)
    values = ["-1", "7"]
    values += ["NaN", "Infinity", "-Infinity"] if type_name in ("numeric", "real", "double precision") else []
    values += ["1e37", "-1e37"] if type_name in ("numeric", "real", "double precision") else []
    values += ["1e131071", "-1e131071"] if type_name == "numeric" else []
    for value in values:
        sql.request(AT, duration_ms=value)
        sql.usage(AT, amount=value)
    run(installation, NOW)
    counted = sum(int(str(rows)) for rows in rejected(sql, "api_requests").values())
    assert counted == sum(int(str(rows)) for rows in rejected(sql, "usage_records").values()) == len(values) - 1
    assert sql.one("select amount::int from rollup.usage_hourly where bucket_start = '2026-03-10T10:00:00Z'") == 10 + 7
