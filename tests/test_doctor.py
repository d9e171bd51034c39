"""`doctor`: nothing is found where nothing is wrong, and exactly what is broken where something is."""

from __future__ import annotations

import json
import re
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from pipeline.cli import main
from pipeline.demo.scenario import simulate
from pipeline.demo.world import Parameters
from pipeline.doctor import examination
from pipeline.doctor.examination import examine
from pipeline.doctor.facts import read_facts
from pipeline.doctor.finding import Finding
from pipeline.doctor.keeping import judge_detaching
from pipeline.doctor.ledger import judge_prepared, judge_vacuum
from pipeline.doctor.rejected import percent
from pipeline.doctor.server import judge_server
from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.publish.collecting import KEPT
from pipeline.publish.publisher import publish
from pipeline.publish.stores import FileStore, open_store
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import ROOT
from pipeline.sources.install import install
from tests.buckets import Bucket
from tests.conftest import NOW, Contents, Databases, Sql, address_of, environment_of, installation_on

HOUR = timedelta(hours=1)
OWN = """
create table tenants (id text primary key, name text, plan text, created_at timestamptz);
create table api_requests (
    id bigserial, tenant_id text, endpoint text, status_code int, duration_ms float, created_at timestamptz)
    partition by range (created_at);
create table api_requests_2026 partition of api_requests for values from ('2026-01-01') to ('2027-01-01');
create table usage_records (id bigserial, tenant_id text, quota_type text, amount numeric, created_at timestamptz);
create table subscriptions (id bigserial, tenant_id text, plan text, status text, monthly_amount numeric);
"""


def found(installation: Installation, at: datetime = NOW) -> list[Finding]:
    """All findings but the note that the tests' own role is a superuser."""
    return [finding for finding in examine(installation, at).findings if finding.name != "superuser"]


def only(installation: Installation, name: str, severity: str, at: datetime = NOW) -> Finding:
    """The one thing that is found, or the several of one name."""
    findings = found(installation, at)
    assert {(each.name, each.severity) for each in findings} == {(name, severity)}, findings
    assert all(each.what and each.why and each.fix for each in findings)
    return findings[0]


def fill(ready: Installation, sql: Sql) -> None:
    """An installation with two tenants, rows of each, rolled up and published."""
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
        sql.request("2026-03-02T10:00:00Z", tenant)
        sql.request("2026-03-10T11:10:00Z", tenant)
        sql.usage("2026-03-10T11:10:00Z", tenant)
    run(ready, NOW)
    # Runs are dated by the database's clock: these were made as of NOW.
    sql("update pipeline.runs set started_at = %s", NOW)
    sql("update pipeline.queue set queued_at = %s", NOW)


@pytest.fixture(autouse=True)
def alone_on_the_server(server: str) -> Iterator[None]:
    """Roles and their settings are those of all databases: what one test makes wrong, another would find."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(5)")
        yield


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "healthy" in request.fixturenames else None


@pytest.fixture
def healthy(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def test_nothing_is_found_where_nothing_is_wrong(healthy: Installation) -> None:
    assert found(healthy) == []
    diagnosis = examine(healthy, NOW)
    assert [finding.name for finding in diagnosis.findings] == ["superuser"]
    assert len(diagnosis.checks) == len(set(diagnosis.checks)) == 43
    assert found(healthy, NOW + HOUR) == []


def test_a_fresh_demo_has_nothing_above_a_note(databases: Databases, tmp_path: Path) -> None:
    installation = installation_on(databases.make(), tmp_path)
    simulate(installation, Parameters(seed=1, scale=0.02, tenants=8, days=20), datetime.now(UTC), leave_changes=False)
    findings = examine(installation).findings
    assert [finding for finding in findings if finding.severity != "note"] == []
    assert {finding.name for finding in findings} >= {"superuser", "unknown_tenants", "rejected"}


def test_looking_changes_nothing(healthy: Installation, sql: Sql) -> None:
    state = "select xmin::text, ctid::text, * from pipeline.progress"
    before = sql(state)
    examine(healthy, NOW)
    assert sql(state) == before
    assert not (healthy.settings.home / "secret").exists()


# The place


def test_wrong_settings_are_a_finding(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANTCAST_TIMEZONE", "Lagos")
    assert main(["doctor", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["errors"], told["findings"][0]["name"]) == (1, "settings")
    assert "'Lagos' is not a time zone" in told["findings"][0]["what"]


def test_a_database_that_is_away_is_a_finding(tmp_path: Path) -> None:
    installation = installation_on("postgresql://nobody@127.0.0.1:1/none", tmp_path)
    assert "connection failed" in only(installation, "database", "error").what


def test_a_database_before_init_is_a_finding(blank: Installation) -> None:
    names = {(each.name, each.what) for each in found(blank)}
    assert ("source", 'tenants: there is no table "public"."tenants".') in names
    assert {name for name, _ in names} == {"source", "init"}
    assert not any("could not be made" in what for _, what in names)


def test_a_database_of_another_version_is_a_finding(healthy: Installation, sql: Sql) -> None:
    sql("update pipeline.progress set schema_version = 1")
    assert only(healthy, "init", "error").paste == "python -m pipeline init"
    sql("update pipeline.progress set schema_version = 99")
    assert only(healthy, "init", "error").paste == ""


def test_a_store_that_cannot_be_written_is_a_finding(healthy: Installation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    healthy.__dict__["store"] = FileStore(tmp_path / "file" / "public")
    assert "Not a directory" in only(healthy, "store", "error").what


def ignore_conditions(params: dict[str, Any], **_: object) -> None:
    """As stores do that know no conditional writes."""
    for header in ("If-Match", "If-None-Match"):
        params["headers"].pop(header, None)


def test_a_store_that_ignores_conditions_is_a_finding_and_nothing_stays_in_it(
    healthy: Installation, bucket: Bucket
) -> None:
    store: Any = open_store(f"s3://{bucket.name}/p")
    for path in healthy.store.list("v1"):
        store.put(path, healthy.store.get(path), cache_control="public")
    before = bucket.writes()
    healthy.__dict__["store"] = store
    assert found(healthy) == []
    assert bucket.writes() == before, "a store that obeys is not written to"
    store.client.meta.events.register("before-call.s3.PutObject", ignore_conditions)
    assert "ignores conditions" in only(healthy, "conditions", "error").what
    assert {f"p/{path}" for path in store.list("v1")} == before.keys()


def test_a_status_file_that_is_gone_broken_or_ahead_is_found(healthy: Installation, sql: Sql) -> None:
    path = healthy.settings.home / "public" / "v1" / "status.json"
    sql("update pipeline.progress set seq = 1")
    assert "no more than 1" in only(healthy, "status_file", "warning").what
    path.write_bytes(b"no gzip")
    only(healthy, "status_file", "error")
    path.unlink()
    only(healthy, "status_file", "error")


def test_a_secret_that_others_can_read_is_found(healthy: Installation, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("0" * 64)
    embedded = Installation(replace(healthy.settings, secret=None))
    path.chmod(0o640)
    assert only(embedded, "secret", "warning").paste == f"chmod 600 {path}"
    path.chmod(0o600)
    assert found(embedded) == []


# The server and the role


def server_like(**more: Any) -> Any:
    usual = {"now": NOW, "pid": 7, "role": "r", "database": "d", "is_replica": False, "timezone": "UTC"}
    return SimpleNamespace(**(usual | more))


def test_a_session_is_judged_by_what_it_is() -> None:
    def names(server: Any, pid: int = 7, here: datetime = NOW) -> list[str]:
        return [each.name for each in judge_server(server, pid_at_login=pid, here=here)]

    assert names(server_like()) == []
    assert names(server_like(is_replica=True)) == ["replica"]
    assert names(server_like(timezone="Africa/Lagos")) == ["session"]
    assert names(server_like(), pid=8) == ["pooler"]
    assert names(server_like(), here=NOW + timedelta(minutes=3)) == ["clock"]
    assert names(server_like(), here=NOW - timedelta(minutes=1)) == []


def test_a_pooler_in_between_is_seen(healthy: Installation, tmp_path: Path) -> None:
    address = psycopg.conninfo.conninfo_to_dict(address_of(healthy))
    with pooler_like(int(str(address["port"]))) as port:
        through = installation_on(
            f"postgresql://{address['user']}:{address['password']}@127.0.0.1:{port}/{address['dbname']}", tmp_path
        )
        assert "by transaction works" in only(through, "pooler", "note").why
        through.database.engine.dispose()


@contextmanager
def pooler_like(port: int) -> Iterator[int]:
    """A relay that, as poolers do, tells a client another process number than its backend has."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def relay(source: socket.socket, target: socket.socket, *, disguised: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if disguised and b"K\0\0\0\x0c" in data:
                    place = data.index(b"K\0\0\0\x0c") + 5
                    data, disguised = data[:place] + b"\0\0\0\1" + data[place + 4 :], False
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(("127.0.0.1", port))
                for ends, disguised in (((client, server), False), ((server, client), True)):
                    threads.append(threading.Thread(target=relay, args=ends, kwargs={"disguised": disguised}))
                    threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listening.getsockname()[1]
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(5)
        for thread in threads:
            thread.join(5)


@pytest.fixture
def role(server: str) -> Iterator[str]:
    """The name of a role that is not there yet; to be asked for before the database, so that it is dropped after it."""
    name = f"least_{uuid.uuid4().hex[:12]}"
    yield name
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"drop role if exists {name}".encode())


def installation_as(role: str, installation: Installation, home: Path) -> Installation:
    """An installation on the same database as another role."""
    place = psycopg.conninfo.conninfo_to_dict(address_of(installation))
    return installation_on(f"postgresql://{role}:least@127.0.0.1:{place['port']}/{place['dbname']}", home)


def test_the_rights_that_it_names_suffice(role: str, blank: Installation, tmp_path: Path) -> None:
    """A role with exactly the rights of the note can do init, run and doctor; the app's own role needs none of ours."""
    with psycopg.connect(address_of(blank), autocommit=True) as owner:
        owner.execute(OWN)
        owner.execute("create table quotas (tenant_id text, quota_type text, limit_amount numeric, period text)")
        owner.execute(
            "create table prices (item text, unit_size numeric, amount numeric, currency text, effective_from timestamptz)"
        )
        owner.execute("create table fx_rates (base text, quote text, rate numeric, rate_date date, source text)")
        note = next(each for each in examine(blank, NOW).findings if each.name == "superuser")
        owner.execute(note.paste.replace("tenantcast", role).encode())
        owner.execute(f"alter role {role} password 'least'".encode())
        installation = installation_as(role, blank, tmp_path)
        lacking = [each for each in found(installation) if each.name == "indexes"]
        assert len(lacking) == 4
        for each in lacking:
            owner.execute(each.paste.encode())
        assert {each.name for each in found(installation)} == {"init"}
        install(installation)
        owner.execute("insert into tenants values ('t1', 'T', 'pro', now())")
        owner.execute(
            "insert into api_requests (tenant_id, status_code, created_at) values ('t1', 200, '2026-03-10T10:00:00Z')"
        )
        report = run(installation, NOW)
        assert (report.rollup.marks, report.publish.failures) == (1, {})
        owner.execute("update pipeline.runs set started_at = %s", (NOW,))
        assert found(installation) == []
        installation.database.engine.dispose()


def test_rights_that_are_missing_come_with_their_grants(
    role: str, healthy: Installation, sql: Sql, tmp_path: Path
) -> None:
    sql(f"create role {role} login password 'least'")
    sql(f"grant all on schema pipeline, rollup to {role}")
    sql(f"grant all on all tables in schema pipeline, rollup to {role}")
    sql(f"grant select on tenants, api_requests, usage_records, subscriptions, prices, fx_rates, quotas to {role}")
    sql(f"grant trigger on api_requests to {role}")
    installation = installation_as(role, healthy, tmp_path)
    try:
        rights, sessions = found(installation)
        sql(sessions.paste)
        finding = only(installation, "rights", "error")
        assert finding == rights
        assert finding.what == f"public.usage_records: role {role} may not give it triggers"
        sql(finding.paste)
        assert found(installation) == []
    finally:
        installation.database.engine.dispose()


# The source


def test_a_column_that_is_gone_is_named_with_its_mapping(healthy: Installation, sql: Sql) -> None:
    sql("alter table api_requests rename status_code to code")
    sql("alter table usage_records rename amount to quantity")
    first, second = found(healthy)
    assert first.what == 'api_requests.status_code: table "public"."api_requests" has no column "status_code".'
    assert '[source.api_requests] status_code = "..."' in first.fix
    assert second.what.startswith("usage_records.amount:")


def test_row_level_security_is_found(role: str, healthy: Installation, sql: Sql, tmp_path: Path) -> None:
    sql(f"create role {role} login password 'least'")
    for schema in ("pipeline", "rollup", "public"):
        sql(f"grant all on schema {schema} to {role}")
        sql(f"grant all on all tables in schema {schema} to {role}")
    sql("alter table tenants enable row level security")
    installation = installation_as(role, healthy, tmp_path)
    try:
        assert [each.name for each in found(installation)] == ["row_security", "sessions"]
        sql(f"grant pg_read_all_stats to {role}")
        sql(only(installation, "row_security", "error").paste)
        assert found(installation) == []
    finally:
        installation.database.engine.dispose()


def test_an_index_that_is_gone_or_left_invalid_is_found(healthy: Installation, sql: Sql) -> None:
    [(name,)] = sql(
        "select indexrelid::regclass::text from pg_index where indexrelid::regclass::text like '%tenant_time' and indrelid = 'usage_records'::regclass"
    )
    sql(f"drop index {name}")
    assert (
        only(healthy, "indexes", "warning").what
        == 'public.usage_records: no usable index on ("tenant_id", "created_at")'
    )
    install(healthy)
    assert found(healthy) == []
    with pytest.raises(psycopg.errors.UniqueViolation):
        sql("create unique index concurrently broken on api_requests (tenant_id)")
    assert only(healthy, "invalid_index", "warning").paste.startswith("drop index concurrently public.broken;")


def test_a_view_in_place_of_a_table_is_found_once(healthy: Installation, sql: Sql) -> None:
    sql("alter table api_requests rename to requests")
    sql("create view api_requests as select * from requests")
    assert "is a view; changes can be marked on tables only" in only(healthy, "source", "error").what


# Marking


def test_a_trigger_that_is_off_or_gone_is_found_on_the_table(healthy: Installation, sql: Sql) -> None:
    sql("alter table api_requests disable trigger tenantcast_update")
    sql("drop trigger tenantcast_delete on api_requests")
    finding = only(healthy, "triggers", "error")
    assert finding.what == (
        "public.api_requests: marking triggers tenantcast_update disabled and tenantcast_delete missing"
    )
    sql("update api_requests set endpoint = '/unseen' where tenant_id = 't2'")
    roll(healthy, NOW)
    publish(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert found(healthy) == [], "the run puts them back"
    assert sql.one("select min(endpoint) from rollup.api_hourly where tenant_id = 't2'") == "/unseen"


@pytest.mark.parametrize("how", ["disable trigger all", "enable replica trigger tenantcast_insert"])
def test_a_trigger_that_is_off_on_one_partition_is_found(blank: Installation, how: str) -> None:
    with psycopg.connect(address_of(blank), autocommit=True) as own:
        own.execute(OWN)
        install(blank)
        run(blank, NOW)
        own.execute("update pipeline.runs set started_at = %s", (NOW,))
        assert found(blank) == []
        own.execute(f"alter table api_requests_2026 {how}".encode())
        assert only(blank, "triggers", "error").what.startswith("public.api_requests_2026: marking triggers")


def test_a_table_that_is_a_subscription_s_target_is_found(healthy: Installation, sql: Sql) -> None:
    sql(
        "create subscription feed connection 'host=127.0.0.1 port=1' publication p with (connect = false, slot_name = none)"
    )
    try:
        # As a subscription that has been connected has it.
        sql("set allow_system_table_mods = on")
        sql(
            "insert into pg_subscription_rel (srsubid, srrelid, srsubstate) "
            "select oid, 'usage_records'::regclass, 'r' from pg_subscription where subname = 'feed'"
        )
        assert only(healthy, "subscription", "warning").what == "public.usage_records is filled by subscription feed"
    finally:
        sql("drop subscription feed")


def test_a_publication_that_would_stop_the_tick_is_found(healthy: Installation, sql: Sql) -> None:
    sql("create publication p for all tables")
    finding = only(healthy, "publication", "error")
    assert "pipeline.marks" in finding.what
    for statement in finding.paste.split(";\n"):
        sql(statement)
    assert found(healthy) == []


def test_a_role_whose_sessions_fire_no_triggers_is_found(role: str, healthy: Installation, sql: Sql) -> None:
    sql(f"create role {role}")
    sql(f"alter role {role} set session_replication_role = replica")
    finding = only(healthy, "triggers_off", "error")
    assert finding.what == f"session_replication_role is replica for role {role} in all databases"
    sql(finding.paste.split(";")[0])
    assert found(healthy) == []


def test_a_source_that_is_only_read_has_no_triggers_and_says_what_is_seen(blank: Installation, tmp_path: Path) -> None:
    read_only = installation_on(address_of(blank), tmp_path, TENANTCAST_MARKING="reconcile")
    with psycopg.connect(address_of(blank), autocommit=True) as own:
        own.execute(OWN)
        install(read_only)
        run(read_only, NOW)
        own.execute("update pipeline.runs set started_at = %s", (NOW,))
        notes = [each for each in found(read_only) if each.name != "indexes"]
        assert [(each.name, each.severity) for each in notes] == [("marking", "note")]
        assert "compar" in notes[0].what
        for each in found(read_only):
            if each.name == "indexes":
                for statement in each.paste.splitlines():
                    own.execute(statement.encode())
        assert [each.name for each in found(read_only)] == ["marking"]
    read_only.database.engine.dispose()


# Ticks, the ledger and the queue


def test_ticks_that_do_not_come_are_found(healthy: Installation, sql: Sql) -> None:
    sql.request("2026-03-10T12:10:00Z")
    sql("update pipeline.marks set marked_at = '2026-03-10T12:10:00Z'")
    finding = only(healthy, "tick", "error", NOW + 2 * HOUR)
    assert "complete through 2026-03-10T12:00:00Z (2 h ago)" in finding.what
    assert "2026-03-10T14:00:00Z is missing" in finding.what


def test_before_the_first_tick_that_is_said(ready: Installation) -> None:
    assert only(ready, "tick", "warning").paste == "python -m pipeline run"


def test_a_run_that_failed_is_found_until_one_went_through(healthy: Installation, sql: Sql) -> None:
    begin = "insert into pipeline.runs (verb, state, started_at, as_of, error) values ('publish', %s, %s, %s, %s)"
    path = "v1/t/0123456789abcdef0123456789abcdef/dashboard.json"
    sql(begin, "failed", NOW, NOW, f"The store cannot be used: {path}: 403.")
    finding = only(healthy, "failed", "error")
    assert "v1/t/…/dashboard.json: 403" in finding.what
    sql(begin, "done", NOW, NOW, None)
    assert (
        only(healthy, "failed", "note").what == "publish: 1 run failed in the last 24 hours; the last one went through"
    )


def test_a_killed_run_is_found(healthy: Installation, sql: Sql) -> None:
    sql("insert into pipeline.runs (verb, started_at, as_of) values ('rollup', '2026-03-10T12:10:00Z', %s)", NOW)
    assert only(healthy, "killed", "warning").paste == "python -m pipeline run"
    sql("insert into pipeline.runs (verb, state, started_at, as_of) values ('rollup', 'done', %s, %s)", NOW, NOW)
    only(healthy, "killed", "note")


def test_a_backfill_that_failed_is_to_be_run_again_itself(healthy: Installation, sql: Sql) -> None:
    sql(
        "insert into pipeline.runs (verb, state, started_at, as_of, error) values ('backfill', 'failed', %s, %s, 'x')",
        NOW,
        NOW,
    )
    finding = only(healthy, "failed", "warning")
    assert (finding.paste, "Run the same again" in finding.fix) == ("", True)


def test_marks_that_no_tick_takes_are_found(healthy: Installation, sql: Sql) -> None:
    sql(
        "insert into pipeline.marks (source, tenant_id, bucket_start, marked_at) values ('api_requests', 't1', '2026-03-01T10:00:00Z', '2026-03-10T10:15:00Z')"
    )
    assert (
        "the oldest since 2026-03-10T10:15:00Z (2 h ago), of the hour 2026-03-01T10:00:00Z"
        in only(healthy, "marks", "error").what
    )
    sql("update pipeline.marks set marked_at = '2026-03-10T11:00:00Z'")
    assert found(healthy) == []


def test_marks_without_an_hour_that_no_tick_takes_are_found(healthy: Installation, sql: Sql) -> None:
    sql(
        "insert into pipeline.marks (source, bucket_start, marked_at) values ('api_requests', '-infinity', '2026-03-10T10:15:00Z')"
    )
    assert "of the hour that is none" in only(healthy, "marks", "error").what


def test_rows_of_the_far_future_are_found(healthy: Installation, sql: Sql) -> None:
    sql.request("2026-03-11T09:00:00Z")
    assert found(healthy) == []
    sql.request("2126-03-11T09:00:00Z")
    sql.request("9998-12-31T23:59:59Z", "t2")
    assert "from 2126-03-11T09:00:00Z to 9998-12-31T23:00:00Z" in only(healthy, "future", "warning").what


def test_a_queue_that_nobody_empties_is_found(healthy: Installation, sql: Sql) -> None:
    sql.request("2026-03-01T10:00:00Z")
    roll(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    sql("update pipeline.queue set queued_at = %s", NOW - 3 * HOUR)
    assert only(healthy, "queue", "error").what.startswith("1 tenant waits to be published")


@pytest.mark.parametrize("ledger", ["files", "platform_files", "exports"])
def test_superseded_files_that_a_run_has_left_are_found(healthy: Installation, sql: Sql, ledger: str) -> None:
    export(healthy)
    sql.request("2026-03-09T11:20:00Z")
    run(healthy, NOW)
    export(healthy)
    sql("update pipeline.runs set started_at = %s", NOW)

    def superseded(at: datetime | str) -> list[str]:
        sql(f"update pipeline.{ledger} set superseded_at = %s where superseded_at is not null", at)
        return [finding.what for finding in found(healthy) if finding.name == "collecting"]

    minute = timedelta(minutes=1)
    assert superseded("-infinity") == superseded(NOW - KEPT + minute) == [], "the next run takes them"
    [said] = superseded(NOW - KEPT - minute)
    verb = "export" if ledger == "exports" else "status"
    assert f"superseded file{'s' * ('1 super' not in said)} of pipeline.{ledger} in the store" in said
    sql("delete from pipeline.runs where verb = %s", verb)
    assert superseded(NOW - KEPT - minute) == [], "nobody has tried"


def test_superseded_files_that_have_to_wait_are_no_finding(healthy: Installation, sql: Sql) -> None:
    """As of a tenant that is up under its old address only, because its zone cannot be used."""
    sql.request("2026-03-10T11:20:00Z")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    sql("update pipeline.files set superseded_at = %s where superseded_at is not null", NOW - KEPT - HOUR)
    assert only(healthy, "collecting", "warning").paste == "python -m pipeline run"
    sql("update pipeline.files set content_hash = '' where kind = 'dashboard' and tenant_id = 't1'")
    assert found(healthy) == []


def test_an_old_transaction_is_found(healthy: Installation) -> None:
    later = datetime.now(UTC) + 2 * HOUR
    with psycopg.connect(address_of(healthy), application_name="importer") as slow:
        slow.execute("insert into api_requests (tenant_id, created_at) values ('t1', '2026-03-10T10:00:00Z')")
        findings = [each for each in found(healthy, later) if each.name == "transaction"]
        assert len(findings) == 1
        assert "(importer, idle in transaction)" in findings[0].what
        assert findings[0].why.startswith("It has written to a raw table")
        assert [each for each in found(healthy, later - 1.5 * HOUR) if each.name == "transaction"] == []
        slow.rollback()


def test_vacuum_that_is_off_or_kept_away_is_found(healthy: Installation, sql: Sql) -> None:
    sql("alter table pipeline.marks set (autovacuum_enabled = false)")
    sql(only(healthy, "autovacuum", "warning").paste)
    assert found(healthy) == []

    def names(**more: Any) -> list[str]:
        usual = {"relation": "pipeline.marks", "live": 10, "dead": 900_000, "bytes": 10**8, "last_autovacuum": None}
        row: Any = SimpleNamespace(**(usual | {"is_on": True, "counts": True, "is_off_here": False} | more))
        return [each.name for each in judge_vacuum([row], facts_of(healthy))]

    assert names() == []
    assert names(dead=1_100_000) == ["bloat"]
    assert names(dead=1_100_000, live=100_000) == []
    assert names(is_on=False) == names(counts=False) == ["autovacuum"]


def facts_of(installation: Installation) -> Any:
    with installation.database.transaction() as connection:
        return read_facts(installation, connection, NOW)


def test_a_prepared_transaction_and_a_stopped_detach_are_told_with_what_ends_them(healthy: Installation) -> None:
    row: Any = SimpleNamespace(gid="it's", owner="app", since=NOW - 2 * HOUR)
    [finding] = judge_prepared([row], facts_of(healthy))
    assert finding.paste.splitlines()[1] == "rollback prepared 'it''s';"
    part: Any = SimpleNamespace(relation="rollup.api_hourly", part="rollup.api_hourly_2025_01")
    [finding] = judge_detaching([part], facts_of(healthy))
    assert finding.paste == "alter table rollup.api_hourly detach partition rollup.api_hourly_2025_01 finalize;"


# Tenants and rows


def test_rows_of_unknown_tenants_are_a_note_and_many_a_warning(healthy: Installation, sql: Sql) -> None:
    for day in range(1, 11):
        for _ in range(20):
            sql.request(f"2026-03-{day:02}T10:00:00Z")
    sql.request("2026-03-01T10:00:00Z", "nobody-knows")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    note = only(healthy, "unknown_tenants", "note")
    assert note.what.startswith('1 tenant with rows is not in "public"."tenants": nobody-knows; since 2026-03-01')
    for number in range(10):
        sql.request("2026-03-09T10:00:00Z", f"stranger-{number}")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert only(healthy, "unknown_tenants", "warning").what.startswith("11 tenants with rows are not in")
    sql(
        "insert into tenants (id, name, plan) select distinct tenant_id, 'S', 'pro' from api_requests on conflict do nothing"
    )
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert found(healthy) == []


def test_an_unknown_tenant_that_has_usage_only_is_found(healthy: Installation, sql: Sql) -> None:
    sql.usage("2026-03-09T10:00:00Z", "user")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert only(healthy, "unknown_tenants", "warning").what == (
        '1 tenant with rows is not in "public"."tenants": user; since 2026-03-09, in the last 7 days 0 requests, 0.00% '
        "of all, and 1 usage record, 33%"
    )


def test_a_tenant_whose_publish_failed_is_found_without_its_key(healthy: Installation, sql: Sql) -> None:
    sql(
        "update pipeline.tenant_state set failure = 'cannot write v1/t/0123456789abcdef0123456789abcdef/x' where tenant_id = 't2'"
    )
    assert (
        "t2 (true as of 2026-03-10T12:00:00Z (30 min ago)): cannot write v1/t/…/x"
        in only(healthy, "stale", "error").what
    )


def test_a_zone_that_cannot_be_used_is_found_once(healthy: Installation, sql: Sql) -> None:
    sql("update tenants set timezone = 'Asia/Kathmandu' where id = 't2'")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert only(healthy, "zone", "warning").what == (
        "1 tenant (t2): the offset of time zone Asia/Kathmandu is not whole hours"
    )


def test_rejected_rows_are_told_by_reason_and_share(healthy: Installation, sql: Sql) -> None:
    sql.request("2026-03-10T10:00:00Z", None)
    sql.request("2026-03-08T10:00:00Z", status_code=999)
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    findings = found(healthy)
    assert [(each.name, each.severity) for each in findings] == [("rejected", "warning")] * 2
    assert {each.what for each in findings} == {
        "api_requests, status_unknown: 0 rows in the last 24 hours (0.00% of all), 1 in 7 days (33%)",
        "api_requests, tenant_missing: 1 row in the last 24 hours (50%), 1 in 7 days (33%)".replace(
            "50%)", "50% of all)"
        ),
    }
    for _ in range(300):
        sql.request("2026-03-10T09:00:00Z")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert {each.severity for each in found(healthy)} == {"note"}
    assert (percent(0.00001), percent(0.0123), percent(0)) == ("less than 0.01%", "1.23%", "0.00%")


def test_rows_that_came_for_frozen_hours_are_told_however_old_the_hours(healthy: Installation, sql: Sql) -> None:
    frozen = installation_on(address_of(healthy), healthy.settings.home, TENANTCAST_RAW_HORIZON_DAYS="20")
    sql.request("2025-12-01T10:00:00Z", "t1")
    sql.request("2025-12-02T10:00:00Z", "t2")
    run(frozen, NOW)
    sql("update pipeline.runs set started_at = %s", NOW - 2 * 24 * HOUR)
    sql("update pipeline.runs set started_at = %s where verb <> 'rollup'", NOW)
    finding = only(frozen, "rejected", "warning", NOW)
    assert finding.what == (
        "api_requests, beyond_horizon: 2 rows in all; of both tables, ticks counted 0 in the last 24 hours, 2 in 7 days"
    )
    sql("update pipeline.runs set started_at = %s where verb = 'rollup'", NOW - 9 * 24 * HOUR)
    told = [each for each in found(frozen) if each.name == "rejected"]
    assert [(each.severity, each.what.split(";")[0]) for each in told] == [
        ("note", "api_requests, beyond_horizon: 2 rows in all")
    ], "none has come lately"
    frozen.database.engine.dispose()


def test_rejected_rows_of_old_hours_are_told_while_ticks_count_them(healthy: Installation, sql: Sql) -> None:
    sql.request("2026-02-01T10:00:00Z", status_code=999)
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert only(healthy, "rejected", "note").what == (
        "api_requests, status_unknown: 0 rows in the last 24 hours (0.00% of all), 0 in 7 days (0.00%); "
        "1 in older hours, while ticks of the last 7 days counted 1"
    )
    sql(
        "update pipeline.runs set started_at = %s where verb = 'rollup' and report -> 'rejected' <> '{}'",
        NOW - 240 * HOUR,
    )
    assert found(healthy) == []


def test_rows_of_no_hour_are_told(healthy: Installation, sql: Sql) -> None:
    sql.request("infinity")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    assert only(healthy, "rejected", "warning").what == "api_requests, created_at_unusable: 1 row of no hour"


# What is kept


def test_purging_without_a_horizon_is_found_before_it_takes_the_rollups(healthy: Installation, sql: Sql) -> None:
    sql("delete from api_requests where created_at < '2026-03-03'")
    finding = only(healthy, "purging", "error")
    assert "of 2 of 2 tenants" in finding.what
    assert "RAW_HORIZON_DAYS is not set" in finding.what
    with_horizon = installation_on(address_of(healthy), healthy.settings.home, TENANTCAST_RAW_HORIZON_DAYS="3")
    assert found(with_horizon) == [], "the fix"
    too_long = installation_on(address_of(healthy), healthy.settings.home, TENANTCAST_RAW_HORIZON_DAYS="30")
    assert "RAW_HORIZON_DAYS is 30" in only(too_long, "purging", "error").what
    for each in (with_horizon, too_long):
        each.database.engine.dispose()


def test_one_tenant_s_deleted_rows_are_a_correction(healthy: Installation, sql: Sql) -> None:
    sql.tenant("t3")
    sql.request("2026-03-02T10:00:00Z", "t3")
    run(healthy, NOW)
    sql("update pipeline.runs set started_at = %s", NOW)
    sql("delete from api_requests where tenant_id = 't2'")
    assert found(healthy) == []


def test_partitions_that_end_soon_are_found(healthy: Installation, sql: Sql) -> None:
    sql("drop table rollup.api_hourly_2026_04")
    at = NOW + timedelta(days=21)
    sql("update pipeline.progress set data_through = %s", at)
    assert only(healthy, "partitions", "warning", at).what == "rollup.api_hourly has partitions only up to 2026-04-01"


def test_a_partition_that_was_taken_off_by_hand_is_found_and_one_that_is_dropped_is_not(
    healthy: Installation, sql: Sql
) -> None:
    sql("alter table rollup.api_daily detach partition rollup.api_daily_past")
    finding = only(healthy, "detached", "warning")
    assert finding.what.startswith("rollup.api_daily_past is named like a partition of rollup.api_daily,")
    sql("insert into pipeline.dropping values ('api_daily_past')")
    assert found(healthy) == []
    sql("delete from pipeline.dropping")
    sql("alter table rollup.api_daily_past set schema public")
    assert found(healthy) == [], "the fix"


# As a whole


def test_a_check_that_cannot_be_made_is_a_finding(healthy: Installation, sql: Sql) -> None:
    sql("drop table pipeline.purged_hours")
    finding = only(healthy, "purging", "warning")
    assert finding.what.startswith("the check purging could not be made")
    assert finding.paste == "python -m pipeline init"


def test_a_check_that_takes_too_long_is_given_up(
    healthy: Installation, monkeypatch: pytest.MonkeyPatch, sql: Sql
) -> None:
    monkeypatch.setattr(examination, "TIMEOUT", "100ms")
    with psycopg.connect(address_of(healthy)) as other:
        other.execute("lock table rollup.rejected_hourly in access exclusive mode")
        assert "statement timeout" in only(healthy, "rejected", "warning").what


def test_the_operator_s_page_names_every_finding() -> None:
    code = "".join(path.read_text() for path in sorted((ROOT / "pipeline" / "doctor").glob("*.py")))
    names = set(re.findall(r'name="(\w+)"', code)) | {"row_security", "source"}
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in page} == set()
    assert len(names) > 30


def test_the_verb_prints_finding_by_finding_and_fits_the_terminal(
    healthy: Installation, sql: Sql, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(healthy).items():
        monkeypatch.setenv(name, value)
    sql("alter table api_requests disable trigger tenantcast_update")
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert main(["doctor"]) == 1, "the tick is late by the real clock as well"
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1].startswith("43 checks: 2 errors")
        assert "ERROR     triggers: public.api_requests: marking triggers tenantcast_update" in "\n".join(lines)
        prose = [line for line in lines if not line.startswith(" " * 12)]
        assert max(len(line) for line in prose) <= columns
        assert any(len(line) > columns - 20 for line in prose)
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["errors"] == 2
    assert set(told["findings"][0]) == {"name", "severity", "what", "why", "fix", "paste"}
