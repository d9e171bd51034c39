"""`why` and `runs`: what a tenant's files are true as of, what waits, what failed; and what each run did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.cli import main
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.layout import age, amount_of_bytes, counted, labelled, span
from pipeline.publish.keys import address, without_keys
from pipeline.publish.publisher import publish
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.sources.install import install
from pipeline.why.account import Account
from pipeline.why.reading import read_account
from pipeline.why.telling import reasons, tell
from tests.conftest import NOW, Contents, Sql, address_of, environment_of, installation_on

HOUR = timedelta(hours=1)
IN_HEX = r"\b[0-9a-f]{32}\b"


def account(installation: Installation, tenant: str = "t1", **as_if: Any) -> Account:
    """An account by the clock of NOW: the real one is months on."""
    found = read_account(installation, tenant)
    return Account(**{**{name: getattr(found, name) for name in found.__dataclass_fields__}, "now": NOW, **as_if})


def told(installation: Installation, tenant: str = "t1", **as_if: Any) -> str:
    """All lines as one text, with the spaces of the layout taken out."""
    text = " ".join(" ".join(tell(account(installation, tenant, **as_if))).split())
    assert not re.search(IN_HEX, text), "a key"
    return text


def because(installation: Installation, tenant: str = "t1") -> str:
    return reasons(account(installation, tenant))[0]


def fill(ready: Installation, sql: Sql) -> None:
    """Tenant t1 with rows of two hours, published; t2 without any."""
    sql.tenant()
    sql.tenant("t2")
    sql.request("2026-03-01T10:00:00Z", endpoint="/v1/chat")
    sql.request("2026-03-10T11:10:00Z", duration_ms=-1)
    sql.usage("2026-03-10T11:10:00Z")
    run(ready, NOW)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "published" in request.fixturenames else None


@pytest.fixture
def published(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def test_files_that_are_up_to_date(published: Installation) -> None:
    assert reasons(account(published)) == ["Its files are true as of 2026-03-10T12:00:00Z."]
    text = told(published)
    for part in (
        "Tenant t1 (T1)",
        "known yes: has a row in tenants plan pro zone Africa/Lagos",
        "published 2026-03-10T12:00:00Z (30 min ago)",
        "dashboard 1 file,",
        "hourly 2 files,",
        "marks none: all its rows that have committed are rolled up",
        "next change 2026-03-10T13:00:00Z (in 30 min): an hour enters and one leaves its last 24",
        "api_requests rolled up from 2026-03-01T10:00:00Z to 2026-03-10T11:00:00Z",
        "last 24 hours 1 request, 1 endpoint",
        "status.json seq 2, data_through 2026-03-10T12:00:00Z",
    ):
        assert part in text
    assert re.search(r"last publish run \d+, .* done", text)


def test_a_silent_tenant_s_files_are_younger_than_they_say(published: Installation) -> None:
    run(published, NOW + HOUR)
    assert because(published, "t2") == (
        "Its files are true as of 2026-03-10T13:00:00Z, although dashboard.json says 2026-03-10T12:00:00Z: "
        "no number in it has changed since."
    )
    text = told(published, "t2")
    assert "nothing of it changed from then to 2026-03-10T13:00:00Z" in text
    assert "its own data_through: 2026-03-10T12:00:00Z" in text
    assert "next change none without new rows" in text


def test_marks_that_wait_are_counted_by_what_they_wait_for(published: Installation, sql: Sql) -> None:
    sql.request("2026-03-05T10:00:00Z")
    sql.request("2126-01-01T10:00:00Z")
    sql.request("2026-03-05T10:00:00Z", "t2")
    sql(
        "insert into pipeline.marks (source, whole, bucket_start) values ('usage_records', true, '2026-03-01T00:00:00Z')"
    )
    marks = {each.source: each for each in read_account(published, "t1").marks}
    api, usage = marks["api_requests"], marks["usage_records"]
    assert (api.marks, api.whole_hours, api.not_over) == (2, 0, 1)
    assert api.oldest is not None
    assert api.oldest.isoformat() == "2026-03-05T10:00:00+00:00"
    assert (usage.marks, usage.whole_hours) == (1, 1)
    text = told(published)
    assert (
        "api_requests 1 mark for the next tick, 1 mark waits for the hour to end, up to 2126-01-01T10:00:00Z; "
        "oldest hour 2026-03-05T10:00:00Z"
    ) in text
    assert "usage_records 1 mark for the next tick (1 of whole hours)" in text


def test_what_waits_for_the_next_publish(published: Installation, sql: Sql) -> None:
    sql.request("2026-03-05T10:00:00Z")
    roll(published, NOW)
    assert because(published) == (
        "Newer numbers wait for the next publish; what is up is true as of 2026-03-10T12:00:00Z."
    )
    assert "queue 2 entries for 1 day, the oldest from" in told(published)
    publish(published, NOW)
    assert "queue nothing" in told(published)


def test_an_open_transaction_that_holds_rows_back_is_named(published: Installation) -> None:
    with psycopg.connect(address_of(published), application_name="importer") as slow:
        slow.execute("insert into api_requests (tenant_id, created_at) values ('t1', '2026-03-10T10:00:00Z')")
        pid = slow.info.backend_pid
        text = told(published)
        assert f"held back by pid {pid}, importer, idle in transaction since" in text
        slow.rollback()
        slow.execute("select count(*) from api_requests")
        assert "held back" not in told(published), "a reader holds nothing back"


def test_a_failure_comes_with_what_to_do_and_without_the_key(published: Installation, sql: Sql) -> None:
    key = address(published, "t1").key
    sql("update pipeline.tenant_state set failure = %s where tenant_id = 't1'", f"cannot write v1/t/{key}/x: full")
    sql("update pipeline.runs set error = %s", f"cannot write v1/t/{key}/x: full")
    assert because(published) == (
        "Its last publish failed, and its last good files stay, true as of 2026-03-10T12:00:00Z. "
        "Each run tries again: python -m pipeline run"
    )
    assert "last failure cannot write v1/t/…/x: full" in told(published)
    assert key not in json.dumps(read_account(published, "t1").to_json())


def test_a_zone_that_cannot_be_used(published: Installation, sql: Sql) -> None:
    sql("update tenants set timezone = 'Asia/Kathmandu' where id = 't1'")
    run(published, NOW)
    assert "Correct its row in tenants.timezone" in because(published)
    text = told(published)
    assert "zone Asia/Kathmandu: the offset of time zone Asia/Kathmandu is not whole hours" in text
    assert "status.json names it as stale" in text


def test_a_deleted_tenant(published: Installation, sql: Sql) -> None:
    sql("update tenants set deleted_at = now() where id = 't1'")
    assert "the next run takes away the 7 files that are left" in because(published)
    run(published, NOW)
    assert because(published) == "It is deleted, so nothing is published of it; its files are gone."
    sql("delete from tenants where id = 't1'")
    assert "its row in tenants is gone, which counts as deleted" in told(published)


def test_a_tenant_that_no_tick_has_seen(published: Installation, sql: Sql) -> None:
    sql.tenant("t3")
    assert because(published, "t3").startswith("There are no files yet: no tick has seen its row.")
    assert "known yes: has a row in tenants; no tick has seen it yet" in told(published, "t3")


def test_rows_of_a_tenant_that_is_in_no_table(published: Installation, sql: Sql) -> None:
    sql.request("2026-03-09T10:00:00Z", "ghost")
    assert because(published, "ghost").startswith("There are no files, for it is not in tenants")
    run(published, NOW)
    text = told(published, "ghost")
    assert "known no: it has no row in tenants" in text
    assert "api_requests rolled up from 2026-03-09T10:00:00Z" in text


@pytest.mark.parametrize(("asked", "close"), [("T1", "t1 (T1)"), ("t 1", "t1 (T1)"), ("x'; --", ""), ("a\0b", "")])
def test_a_tenant_that_nobody_knows(published: Installation, asked: str, close: str) -> None:
    with pytest.raises(PermanentError, match="nobody knows it") as raised:
        read_account(published, asked)
    assert close in str(raised.value)
    assert ("Close to it" in str(raised.value)) is bool(close)


@pytest.mark.parametrize(
    ("kind", "known", "strange"),
    [
        ("bigint", "5000000000", ("x", "12345678901234567890", "7", "5_000_000_000", " 5000000000")),
        ("uuid", "0b0e1c9a-5f5e-4a55-9c0c-6a2d4c1f0001", ("t1", "0b0e1c9a-5f5e-4a55-9c0c-6a2d4c1f0002")),
    ],
)
def test_ids_keep_their_type(blank: Installation, kind: str, known: str, strange: tuple[str, ...]) -> None:
    with psycopg.connect(address_of(blank), autocommit=True) as own:
        own.execute(
            f"create table tenants (id {kind} primary key, name text, plan text, created_at timestamptz)".encode()
        )
        install(blank)
        own.execute(f"insert into tenants values ('{known}', 'N', 'pro', now())".encode())
        own.execute(
            f"insert into api_requests (tenant_id, created_at) values ('{known}', '2026-03-10T10:00:00Z')".encode()
        )
    run(blank, NOW)
    assert account(blank, known).requests_last_day == 1
    for each in strange:
        with pytest.raises(PermanentError, match=f"Ids are {kind}"):
            read_account(blank, each)


def test_a_file_that_is_gone_from_the_store_is_said(published: Installation) -> None:
    path = address(published, "t1").path
    published.store.delete(path)
    assert because(published).startswith("Its dashboard.json should be up, but it is not in the store.")
    published.store.put(path, b"torn", cache_control="")
    assert "it cannot be read" in because(published)


def test_a_platform_that_is_behind_is_said(published: Installation) -> None:
    late = reasons(account(published, now=NOW + 2 * HOUR))
    assert late[1].startswith("The platform itself is behind: the last whole hour ended at 2026-03-10T14:00:00Z.")


def test_before_the_first_run(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    text = told(ready)
    assert "rolled up never announced never status.json it is not in the store" in text


def test_the_verbs(
    published: Installation, sql: Sql, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(published).items():
        monkeypatch.setenv(name, value)
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["why", "t1"]) == 0
        assert main(["runs"]) == 0
        assert columns - 30 < max(map(len, capsys.readouterr().out.splitlines())) <= columns
    assert main(["why", "nobody"]) == 1
    assert capsys.readouterr().err.startswith("error: Tenant 'nobody': nobody knows it.")
    assert main(["why", "t1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["because"][0] == "Its files are true as of 2026-03-10T12:00:00Z."
    assert found["published_through"] == "2026-03-10T12:00:00Z"
    assert found["stored"][0] == {
        "source": "api_requests",
        "first_hour": "2026-03-01T10:00:00Z",
        "last_hour": "2026-03-10T11:00:00Z",
    }


def test_runs_say_what_each_run_did(
    published: Installation, sql: Sql, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(published).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "120")
    sql("insert into pipeline.runs (verb, state, as_of, error) values ('publish', 'failed', now(), 'no such bucket')")
    assert main(["runs", "--limit", "4"]) == 0
    failed, status, files, rollup = runs_in(capsys.readouterr().out)
    assert failed.endswith("FAILED: no such bucket")
    assert "status" in status
    assert re.search(r"publish +[\d.]+ s +through 2026-03-10T12:00:00Z; 2 tenants looked at; 8 files written \(", files)
    assert "3 marks; 3 buckets redone; 3 days; 2 tenants changed" in rollup
    assert "rejected duration_negative 1" in rollup
    assert main(["runs", "--json", "--limit", "4"]) == 0
    listed = json.loads(capsys.readouterr().out)["runs"]
    assert [each["verb"] for each in listed] == ["publish", "status", "publish", "rollup"]
    assert (listed[2]["files_written"], listed[2]["tenants_failed"], listed[1]["tenants_failed"]) == (8, 0, None)
    assert (listed[3]["marks"], listed[3]["rejected"]) == (3, {"duration_negative": 1})
    assert main(["runs", "--limit", "0"]) == 2


def runs_in(printed: str) -> Iterator[str]:
    """The entries, each in one line."""
    return iter(" ".join(each.split()) for each in re.split(r"\n(?=\d{4}-)", printed.strip()))


def test_run_summary_has_the_ledger_in_columns_with_comments(published: Installation, sql: Sql) -> None:
    rows = sql(
        "select verb, marks, rejected_rows, files_written, took > interval '0' from pipeline.run_summary order by run_id"
    )
    assert rows[:2] == [("rollup", 3, 1, None, True), ("publish", None, None, 8, True)]
    bare = """select a.attname from pg_attribute a where attrelid = 'pipeline.run_summary'::regclass and attnum > 0
        and col_description(attrelid, attnum) is null"""
    assert sql(bare) == []


def test_keys_are_blotted_out_of_messages(published: Installation, tmp_path: Path) -> None:
    key = address(published, "t1").key
    for place in (f"v1/t/{key}/dashboard.json", f"s3://bucket/x/v1/t/{key}/hourly/2026.json", f"v1/platform/{key}/x"):
        assert key not in without_keys(f"cannot write {place}: full")
    assert without_keys("nothing to hide in " + "a" * 64) == "nothing to hide in " + "a" * 64
    other = installation_on(address_of(published), tmp_path / "other")
    (tmp_path / "other" / "public" / "v1" / "t" / key / "dashboard.json").mkdir(parents=True)
    assert "…" in because(other)
    assert key not in because(other)
    other.database.engine.dispose()


def test_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert labelled("why", "word " * 20, column=10)[1].startswith(" " * 10 + "word")
    assert labelled("a label that is long", "text", column=10) == ["  a label that is long text"]
    assert [span(seconds) for seconds in (0.04, 90, 7199, 7200, 172_799, 172_800, 10**9)] == [
        "0.0 s", "90 s", "119 min", "2 h", "47 h", "2 days", "11,574 days",
    ]  # fmt: skip
    assert (age(NOW, NOW + HOUR), age(NOW + HOUR, NOW)) == ("60 min ago", "in 60 min")
    assert (counted(1, "entry", "entries"), counted(2000, "entry", "entries")) == ("1 entry", "2,000 entries")
    assert [amount_of_bytes(count) for count in (0, 999, 1500, 2 * 10**6, 10**10)] == [
        "0 B", "999 B", "1.5 kB", "2.0 MB", "10.0 GB",
    ]  # fmt: skip
