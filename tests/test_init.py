"""`init`: on an empty database, on the SaaS's own tables under any names, repeated, killed, and beside busy writers."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

from pipeline.errors import PermanentError, SettingsError, TransientError
from pipeline.installation import Installation
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import load_settings
from pipeline.sources import adopt
from pipeline.sources import install as installing
from pipeline.sources.catalog import check_relation, find_tables, partitions
from pipeline.sources.install import install
from pipeline.sources.load import load_files
from pipeline.sources.mapping import OPTIONAL, REQUIRED
from tests.conftest import NOW, Databases, Sql, address_of, dashboard_of, installation_on

TABLES = """
create table tenants (id text primary key, name text, plan text, created_at timestamptz);
create table api_requests (
    id bigserial, tenant_id text, endpoint text, status_code int, duration_ms float, created_at timestamptz);
create table usage_records (id bigserial, tenant_id text, quota_type text, amount numeric, created_at timestamptz);
create table subscriptions (id bigserial, tenant_id text, plan text, status text, monthly_amount numeric);
"""
CATALOG = """
select 'class', oid::text, relname, relfilenode::text, relkind::text from pg_class where relnamespace >= 16384 or relnamespace = 2200
union all select 'proc', oid::text, proname, md5(prosrc), '' from pg_proc where oid >= 16384
union all select 'trigger', oid::text, tgname, tgrelid::text, tgenabled::text from pg_trigger
union all select 'column', attrelid::text, attname, atttypid::text, attnum::text from pg_attribute where attrelid >= 16384
union all select 'comment', objoid::text, objsubid::text, description, '' from pg_description where objoid >= 16384
union all select 'marks', count(*)::text, '', '', '' from pipeline.marks
union all select 'watched', oid::text, source, from_time::text, to_time::text from pipeline.watched
order by 1, 2, 3
"""
STORED = (
    "select tenant_id::text, bucket_start, sum(requests)::bigint from rollup.api_hourly group by 1, 2 order by 1, 2"
)
RAW = "select tenant_id::text, date_trunc('hour', created_at, 'UTC'), count(*) from api_requests group by 1, 2 order by 1, 2"


@contextmanager
def sql_on(installation: Installation) -> Iterator[Sql]:
    """SQL on an installation's database, which is left without connections."""
    with psycopg.connect(address_of(installation), autocommit=True) as connection:
        yield Sql(connection)
    installation.database.engine.dispose()


@pytest.fixture
def own(blank: Installation) -> Iterator[Sql]:
    """SQL on the database of `blank`, with tables of the SaaS's own in it."""
    with sql_on(blank) as sql:
        sql(TABLES)
        yield sql


def mapped(databases: Databases, home: Path, config: str) -> Installation:
    """An installation on an empty database whose settings file says `config`."""
    path = home / "tenantcast.toml"
    path.write_text(config, encoding="utf-8")
    return installation_on(databases.make(), home, TENANTCAST_CONFIG=str(path))


def test_a_trial_gets_the_tables_of_the_contract(blank: Installation) -> None:
    assert install(blank).created == list(REQUIRED)
    with sql_on(blank) as sql:
        columns = sql("select table_name, column_name from information_schema.columns where table_schema = 'public'")
        assert sorted(columns) == sorted(
            (table, column) for table in REQUIRED for column in (*REQUIRED[table], *OPTIONAL.get(table, ()))
        )
        assert sql.one("select count(*) from pg_constraint where contype = 'f'") == 0
        types = dict(
            sql(
                "select column_name, data_type || ' ' || is_identity from information_schema.columns where table_name = 'api_requests'"
            )
        )
    assert types == {
        "id": "bigint YES",
        "tenant_id": "text NO",
        "endpoint": "text NO",
        "status_code": "integer NO",
        "duration_ms": "double precision NO",
        "created_at": "timestamp with time zone NO",
    }


@pytest.mark.parametrize(
    ("table", "definition", "kind"),
    [
        ("tenants", "id uuid primary key, name text, plan text, created_at timestamptz, seats int", "uuid"),
        ("subscriptions", "id int, tenant_id bigint, plan text, status text, monthly_amount int", "bigint"),
    ],
)
def test_what_is_there_is_used_and_the_rest_created_with_its_type_of_id(
    blank: Installation, table: str, definition: str, kind: str
) -> None:
    with sql_on(blank) as sql:
        sql(f"create table {table} ({definition})")
        oid = sql.one(f"select '{table}'::regclass::oid")
        assert install(blank).created == [name for name in REQUIRED if name != table]
        assert sql.one(f"select '{table}'::regclass::oid") == oid
        types = """select distinct data_type from information_schema.columns where table_schema in ('public', 'rollup')
            and (column_name = 'tenant_id' or (table_name = 'tenants' and column_name = 'id'))"""
        assert sql(types) == [(kind,)]


HOSTILE = """
[source]
schema = 'Tenants & "Co"'
[source.tenants]
table = "user"
id = "select"
name = "Näme"
plan = 'the $$ "plan"'
created_at = "Created At"
timezone = "time zone"
deleted_at = "order"
[source.api_requests]
table = "API req%uests; drop"
tenant_id = "user$$x"
endpoint = "100% path$$x"
status_code = "from"
duration_ms = "a:b @id"
created_at = "Created At"
[source.usage_records]
table = "Group"
schema = "other's"
tenant_id = "Tenant"
quota_type = "new_rows"
amount = "$$"
created_at = "n"
[source.subscriptions]
table = "sub.scriptions"
"""


def test_names_of_any_kind_work_from_file_to_dashboard(databases: Databases, tmp_path: Path) -> None:
    installation = mapped(databases, tmp_path, HOSTILE)
    source = installation.settings.source
    with sql_on(installation) as sql:
        for name in ("tenants", "api_requests", "usage_records", "subscriptions"):
            table = source[name]
            wanted = (*REQUIRED[name], *(OPTIONAL[name] if name == "tenants" else ()))
            types = {"created_at": "timestamptz", "deleted_at": "timestamptz", "amount": "numeric"}
            types |= {"status_code": "int", "duration_ms": "numeric"}
            columns = [
                SQL("{} {}").format(Identifier(table.column(each)), SQL(types.get(each, "text"))) for each in wanted
            ]
            sql.connection.execute(SQL("create schema if not exists {}").format(Identifier(table.schema)))
            place = Identifier(table.schema, table.table)
            sql.connection.execute(SQL("create table {} ({})").format(place, SQL(", ").join(columns)))
        assert install(installation).created == []
        load(installation, "tenants", "id,name,plan,created_at,timezone\nt1,One,pro,2026-01-01,\n")
        load(
            installation,
            "api_requests",
            "id,tenant_id,endpoint,status_code,duration_ms,created_at\n"
            "1,t1,/a,200,12.5,2026-03-10T10:00:00Z\n2,t1,/b,500,7.5,2026-03-10T10:30:00Z\n",
        )
        load(
            installation,
            "usage_records",
            "id,tenant_id,quota_type,amount,created_at\n1,t1,ai_tokens_m,70,2026-03-10T11:00:00Z\n",
        )
        run(installation, NOW)
        day = dashboard_of(installation)["periods"]["24h"]
        assert day["api_usage"] == {"total": 2, "client_errors": 0, "server_errors": 1}
        assert [each["endpoint"] for each in day["top_endpoints"]] == ["/a", "/b"]
        assert day["ai_tokens"]["total"] == 70
        assert dashboard_of(installation)["tenant"]["name"] == "One"
        sql(
            'update "Tenants & ""Co"""."API req%uests; drop" set "Created At" = \'2026-03-10T11:00:00Z\' where id = \'2\''
        )
        sql('delete from "other\'s"."Group"')
        run(installation, NOW)
        day = dashboard_of(installation)["periods"]["24h"]
        assert day["metrics"][0]["trend"][-2:] == [1, 1]
        assert day["ai_tokens"]["total"] == 0
        sql('truncate "Tenants & ""Co"""."API req%uests; drop"')
        run(installation, NOW)
        assert dashboard_of(installation)["periods"]["24h"]["api_usage"]["total"] == 0


@pytest.mark.parametrize(("table", "key"), [("tenants", "id"), ("api_requests", "table"), ("usage_records", "schema")])
def test_a_name_that_would_end_the_body_of_a_function_is_refused(tmp_path: Path, table: str, key: str) -> None:
    path = tmp_path / "tenantcast.toml"
    path.write_text(f'[source.{table}]\n{key} = "a$tenantcast$b"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"\[source\.{table}\] {key}: no name may hold \$tenantcast\$\. Rename it"):
        load_settings({"TENANTCAST_CONFIG": str(path)})


def load(installation: Installation, table: str, content: str) -> None:
    path = installation.settings.home / f"{table}.csv"
    path.write_text(content, encoding="utf-8")
    load_files(installation, [str(path)], into=table, renamed=[], again=False, done=lambda _: None)


def test_with_a_mapped_name_nothing_of_the_source_is_created(databases: Databases, tmp_path: Path) -> None:
    installation = mapped(databases, tmp_path, '[source.api_requests]\nendpoint = "path"\n')
    with sql_on(installation) as sql:
        with pytest.raises(
            PermanentError, match=r'^tenants: there is no table "public"."tenants"\. .*TENANTCAST_CONFIG'
        ):
            install(installation)
        assert sql("select relname from pg_class where relnamespace = 2200") == []
        assert sql("select nspname from pg_namespace where nspname in ('pipeline', 'rollup')") == []
        sql(TABLES.replace("endpoint", "path"))
        report = install(installation)
        assert report.created == []
        assert sql("select to_regclass('quotas'), to_regclass('prices'), to_regclass('fx_rates')") == [(None,) * 3]
        sql("insert into api_requests (tenant_id, path, created_at) values ('t1', '/', '2026-03-10T10:00:00Z')")
        roll(installation, NOW)
        assert sql(STORED) == sql(RAW)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("drop table usage_records", r"^usage_records: there is no table .*Create it, or name yours"),
        ("alter table tenants drop plan", r'^tenants\.plan: table .* has no column "plan"\. Name yours'),
        ("alter table usage_records drop amount", r'^usage_records\.amount: table .* has no column "amount"\.'),
        (
            "alter table api_requests alter created_at type text",
            r"^api_requests\.created_at: .* is text; it must be one of timestamp with time zone",
        ),
        ("alter table usage_records alter amount type text", r"^usage_records\.amount: .* is text; it must be one of"),
        ("alter table tenants alter id type char(9)", r"^tenants\.id is character; it must be uuid, bigint or text"),
        (
            "alter table api_requests alter tenant_id type uuid using null",
            r"^api_requests\.tenant_id is uuid, tenants\.id is text: they must be of one type",
        ),
        (
            "alter table api_requests rename to raw; create view api_requests as select * from raw",
            r"^api_requests: .* is a view; changes can be marked on tables only\. Name the table beneath it",
        ),
        (
            "create table quotas (tenant_id text, quota_type text, period text)",
            r'^quotas\.limit_amount: table .* has no column "limit_amount"',
        ),
        (
            "alter table tenants add deleted_at boolean not null default false",
            r'^tenants\.deleted_at: column "deleted_at" of .* is boolean; it must be one of timestamp .*, date\. Alter it',
        ),
        ("alter table tenants alter created_at type text", r"^tenants\.created_at: .* is text; it must be one of"),
        (
            "alter table tenants add timezone int",
            r"^tenants\.timezone: .* is integer; it must be text, varchar, char or",
        ),
        (
            "alter table tenants alter plan type json using null",
            r"^tenants\.plan: .* is json; it must be text, varchar",
        ),
        ("alter table tenants alter name type bytea using null", r"^tenants\.name: .* is bytea; it must be text,"),
        (
            "alter table usage_records alter quota_type type boolean using null",
            r"^usage_records\.quota_type: .* is boolean; it must be text, .*a number or a uuid\.",
        ),
        (
            "create domain switch as boolean; alter table api_requests alter endpoint type switch using null",
            r"^api_requests\.endpoint: .* is switch; it must be text,",
        ),
    ],
)
def test_what_does_not_fit_is_one_clear_sentence_and_changes_nothing(
    databases: Databases, tmp_path: Path, change: str, message: str
) -> None:
    installation = mapped(databases, tmp_path, '[source.tenants]\ntable = "tenants"\n')
    with sql_on(installation) as sql:
        sql(TABLES)
        sql(change)
        with pytest.raises(PermanentError, match=message) as raised:
            install(installation)
        assert "\n" not in str(raised.value)
        assert sql("select nspname from pg_namespace where nspname in ('pipeline', 'rollup')") == []


def test_columns_of_every_type_that_reads_as_text_will_do(blank: Installation, own: Sql) -> None:
    own("create type tier as enum ('pro'); create domain label as varchar(9)")
    own("alter table tenants alter plan type tier using 'pro', alter name type label, add timezone char(20)")
    own("alter table tenants add deleted_at date, alter created_at type date")
    own("alter table api_requests alter endpoint type int using 1")
    own("alter table usage_records alter quota_type type uuid using null")
    install(blank)
    own.tenant(timezone="Africa/Nairobi")
    own.request("2026-03-10T10:00:00Z", endpoint=7)
    own.usage("2026-03-10T10:00:00Z", quota_type="00000000-0000-0000-0000-00000000000a")
    run(blank, NOW)
    found = dashboard_of(blank)
    assert [found["tenant"][each] for each in ("name", "plan", "timezone")] == ["T1", "pro", "Africa/Nairobi"]
    day = found["periods"]["24h"]
    assert [each["endpoint"] for each in day["top_endpoints"]] == ["7"]
    assert [each["quota_type"] for each in day["other_usage"]] == ["00000000-0000-0000-0000-00000000000a"]


@pytest.mark.parametrize("table", ["tenants", "api_requests", "usage_records"])
def test_rows_hidden_by_row_level_security_are_not_taken_for_deleted(ready: Installation, sql: Sql, table: str) -> None:
    sql.tenant()
    run(ready, NOW)
    sql(f"alter table {table} enable row level security")
    assert run(ready, NOW).publish.failures == {}
    role = f"restricted_{uuid.uuid4().hex[:12]}"
    sql(f"create role {role} login password 'x'")
    try:
        address = make_url(address_of(ready)).set(username=role, password="x").render_as_string(hide_password=False)
        restricted = installation_on(address, ready.settings.home)
        with pytest.raises(
            PermanentError, match=rf'^{table}: row level security of "public"\."{table}" is on'
        ) as raised:
            install(restricted)
        assert "bypassrls" in str(raised.value)
        restricted.database.engine.dispose()
    finally:
        sql(f"drop role {role}")
    assert sql("select deleted from pipeline.tenant_state") == [(False,)]


def test_a_partition_that_hides_rows_is_refused(blank: Installation, own: Sql) -> None:
    own("drop table api_requests")
    own("""create table api_requests (id bigint, tenant_id text, endpoint text, status_code int, duration_ms float,
        created_at timestamptz) partition by range (created_at)""")
    own("create table rest partition of api_requests default")
    own("alter table rest enable row level security")
    role = f"restricted_{uuid.uuid4().hex[:12]}"
    own(f"create role {role}")
    mapping = blank.settings.source
    try:
        with blank.database.transaction() as connection:
            connection.exec_driver_sql(f"set local role {role}")
            table = find_tables(connection, mapping)["api_requests"]
            hiding = [each for each in partitions(connection, table) if each.hides_rows]
        assert [each.name for each in hiding] == ["public.rest"]
        with pytest.raises(PermanentError, match=r"^api_requests: row level security of public\.rest is on"):
            check_relation(table, hiding[0])
    finally:
        own(f"drop role {role}")


def test_another_type_of_tenant_id_than_before_is_refused(blank: Installation, own: Sql) -> None:
    install(blank)
    own("drop table tenants, api_requests, usage_records, subscriptions, quotas")
    own(TABLES.replace("tenant_id text", "tenant_id uuid").replace("id text", "id uuid"))
    with pytest.raises(PermanentError, match="Tenant ids are uuid, but what init has made here is for text"):
        install(blank)


def test_a_mapping_that_would_stop_the_writers_of_the_one_before_is_refused(
    databases: Databases, tmp_path: Path
) -> None:
    config = tmp_path / "tenantcast.toml"
    config.write_text('[source]\nschema = "app"\n[source.api_requests]\ntable = "log"\ntenant_id = "account"\n')
    blank = installation_on(databases.make(), tmp_path)
    mapped = installation_on(address_of(blank), tmp_path, TENANTCAST_CONFIG=str(config))
    insert = "insert into app.log (account, endpoint, status_code, created_at) values ('t1', '/', 200, now())"
    with sql_on(mapped) as own:
        own("create schema app; set search_path = app")
        own(TABLES + "alter table api_requests rename to log; alter table log rename tenant_id to account")
        install(mapped)
        before = own(CATALOG)
        with pytest.raises(PermanentError, match=r"^tenants: the settings name .*init --moved"):
            install(blank)
        assert own(CATALOG) == before
        with pytest.raises(PermanentError, match=r"app\.log was api_requests until now .*Check TENANTCAST_CONFIG"):
            install(blank, moved=True)
        assert own(CATALOG) == before
        own(insert)
        assert own.one("select count(*) from pipeline.marks where tenant_id = 't1'") == 1
    blank.database.engine.dispose()


def test_repeated_it_changes_nothing(blank: Installation, own: Sql) -> None:
    own.request("2026-03-10T10:00:00Z")
    first = install(blank)
    assert (len(first.indexes), first.marked_hours) == (4, 1)
    before = own(CATALOG)
    again = install(blank)
    assert (again.created, again.indexes, again.triggers, again.marked_hours) == ([], [], [], 0)
    assert own(CATALOG) == before
    roll(blank, NOW)
    rolled = own(CATALOG)
    assert install(blank).marked_hours == 0
    assert own(CATALOG) == rolled


def test_rows_from_before_are_marked_once_and_rolled_up(blank: Installation, own: Sql) -> None:
    own.tenant(created_at="2026-01-01")
    for time_of in ("2026-03-09T10:00:00Z", "2026-03-09T10:59:59Z", "2026-03-10T12:00:00Z", "infinity"):
        own.request(time_of)
    own("insert into api_requests (tenant_id) values ('t1')")
    own.usage("2024-02-29T10:00:00Z")
    assert install(blank).marked_hours == 4
    assert own("select source, whole, added from pipeline.marks order by source, bucket_start") == [
        ("api_requests", True, 2),
        ("api_requests", True, 2),
        ("api_requests", True, 1),
        ("usage_records", True, 1),
    ]
    assert roll(blank, NOW).marks == 3
    assert own.one("select sum(requests) from rollup.api_hourly") == 2
    assert own("select amount::int from rollup.usage_daily") == [(1000,)]
    assert roll(blank, NOW).marks == 0


@pytest.mark.parametrize("repaired_by", ["init", "run"])
def test_killed_between_triggers_and_marks(
    blank: Installation, own: Sql, monkeypatch: pytest.MonkeyPatch, repaired_by: str
) -> None:
    own.request("2026-03-09T10:00:00Z")

    def killed(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(adopt, "_mark", killed)
        with pytest.raises(KeyboardInterrupt):
            install(blank)
    assert own.one("select count(*) from pg_trigger where tgname like 'tenantcast%'") == 4
    own.request("2026-03-09T11:00:00Z")
    assert own.one("select count(*) from pipeline.marks") == 1
    if repaired_by == "init":
        install(blank)
    roll(blank, NOW)
    assert own(STORED) == own(RAW)
    assert own.one("select count(*) from pg_trigger where tgname like 'tenantcast%'") == 8
    assert roll(blank, NOW).marks == 0


def test_killed_while_it_makes_an_index(blank: Installation, own: Sql) -> None:
    oid = own.one("select 'api_requests'::regclass::oid")
    name = f"tenantcast_{oid}_tenant_time"
    with psycopg.connect(address_of(blank)) as busy:
        busy.execute("insert into api_requests (tenant_id) values ('t1')")
        own("set statement_timeout = '300ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            own(f"create index concurrently {name} on api_requests (tenant_id, created_at)")
    own("set statement_timeout = 0")
    invalid = "select relname::text from pg_index join pg_class on oid = indexrelid where not indisvalid"
    assert own(invalid) == [(name,)]
    assert name in install(blank).indexes
    assert own(invalid) == []
    own(f"comment on index {name} is null")
    assert install(blank).indexes == []
    assert "late buckets" in str(own.one(f"select obj_description('{name}'::regclass)"))


RECOGNISED = [
    ("create index on api_requests (tenant_id, created_at)", {"time"}),
    ("create index on api_requests (tenant_id, created_at desc, status_code)", {"time"}),
    ("create index on api_requests (tenant_id) include (created_at)", {"tenant_time", "time"}),
    ("create index on api_requests (created_at, tenant_id)", {"tenant_time"}),
    ("create index on api_requests using brin (created_at)", {"tenant_time"}),
    ("create index on api_requests using brin (created_at timestamptz_bloom_ops)", {"tenant_time", "time"}),
    ("create index on api_requests using hash (created_at)", {"tenant_time", "time"}),
    ("create index on api_requests (tenant_id, created_at) where status_code >= 500", {"tenant_time", "time"}),
    ('create index on api_requests (tenant_id collate "POSIX", created_at)', {"tenant_time", "time"}),
    ("create index on api_requests (lower(tenant_id), created_at)", {"tenant_time", "time"}),
]


def test_indexes_of_the_saas_are_recognised_under_any_name(blank: Installation, own: Sql) -> None:
    install(blank)
    oid = own.one("select 'api_requests'::regclass::oid")
    for definition, made in RECOGNISED:
        for (name,) in own(
            "select indexrelid::regclass::text from pg_index where indrelid = 'api_requests'::regclass and not indisprimary"
        ):
            own(f"drop index {name}")
        own(definition)
        assert set(install(blank).indexes) == {f"tenantcast_{oid}_{suffix}" for suffix in made}, definition


def test_every_index_says_why_it_is_there(blank: Installation, own: Sql) -> None:
    for name in install(blank).indexes:
        assert str(own.one(f"select obj_description('{name}'::regclass)")).startswith("Tenantcast: "), name


class Writer(threading.Thread):
    """Inserts a row at a time until told to stop; remembers the longest wait, in seconds."""

    def __init__(self, address: str, number: int) -> None:
        super().__init__(daemon=True)
        self.address, self.number = address, number
        self.stopped = threading.Event()
        self.rows, self.longest = 0, 0.0
        self.failure: Exception | None = None

    def run(self) -> None:
        statement = "insert into api_requests (tenant_id, endpoint, created_at) values (%s, '/', %s::timestamptz + %s * interval '7 minutes')"
        try:
            with psycopg.connect(self.address, autocommit=True) as connection:
                while not self.stopped.is_set():
                    began = time.monotonic()
                    connection.execute(statement, (f"t{self.number}", "2026-03-01T00:00:00Z", self.rows % 1900))
                    self.longest = max(self.longest, time.monotonic() - began)
                    self.rows += 1
                    time.sleep(0.001)
        except psycopg.Error as error:
            self.failure = error

    def stop(self) -> None:
        self.stopped.set()
        self.join()
        assert self.failure is None


@contextmanager
def writing(address: str, writers: int = 2) -> Iterator[list[Writer]]:
    started = [Writer(address, number) for number in range(writers)]
    for writer in started:
        writer.start()
    time.sleep(0.2)
    try:
        yield started
    finally:
        for writer in started:
            writer.stop()


def test_writers_go_on_beside_it_and_no_row_is_lost_or_doubled(
    blank: Installation, own: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    own.request("2026-03-01T00:00:00Z", "row")
    outcome: list[Any] = []
    with writing(address_of(blank)) as writers, psycopg.connect(address_of(blank)) as long:
        install_indexes_first(own)
        long.execute("update api_requests set status_code = 204 where tenant_id = 'row'")
        pid = long.info.backend_pid
        working = threading.Thread(target=lambda: outcome.append(install(blank)))
        working.start()
        time.sleep(3.5)
        assert working.is_alive()
        during = [writer.rows for writer in writers]
        long.commit()
        working.join(30)
        assert not working.is_alive()
        time.sleep(0.2)
    assert len(outcome) == 1
    assert max(writer.longest for writer in writers) < 2.0
    assert min(during) > 20
    said = capsys.readouterr().err
    assert f"the marking triggers wait for pid {pid} (" in said
    assert "idle in transaction" in said
    roll(blank, NOW)
    assert own.one("select count(*) from api_requests") == sum(writer.rows for writer in writers) + 1
    assert own(STORED) == own(RAW)


def install_indexes_first(sql: Sql) -> None:
    """So that `init` comes to the triggers at once, where it could do harm."""
    for table in ("api_requests", "usage_records"):
        sql(f"create index on {table} (tenant_id, created_at)")
        sql(f"create index on {table} (created_at)")


def test_an_index_waits_for_a_long_transaction_and_nobody_waits_for_the_index(
    blank: Installation, own: Sql, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome: list[Any] = []
    with writing(address_of(blank), 1) as writers, psycopg.connect(address_of(blank)) as long:
        long.execute("insert into api_requests (tenant_id, created_at) values ('long', '2026-03-02T00:00:00Z')")
        pid = long.info.backend_pid
        working = threading.Thread(target=lambda: outcome.append(install(blank)))
        working.start()
        time.sleep(1.5)
        assert working.is_alive()
        long.commit()
        working.join(30)
    assert len(outcome[0].indexes) == 4
    assert writers[0].longest < 1.0
    assert f"new indexes wait for pid {pid} (" in capsys.readouterr().err
    roll(blank, NOW)
    assert own(STORED) == own(RAW)


def test_it_says_who_held_it_up_when_it_gives_up(
    blank: Installation, own: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_indexes_first(own)
    monkeypatch.setattr(adopt, "LOCK_TRIES", 2)
    monkeypatch.setattr(adopt, "LOCK_TIMEOUT", "50ms")
    with psycopg.connect(address_of(blank), application_name="nightly report") as long:
        long.execute("insert into api_requests (tenant_id, created_at) values ('long', '2026-03-02T00:00:00Z')")
        pid = long.info.backend_pid
        with pytest.raises(TransientError, match=rf"out: pid {pid} \(nightly report, idle in transaction, since 20"):
            install(blank)
    install(blank)
    roll(blank, NOW)
    assert own(STORED) == own(RAW)


def test_two_at_once_take_turns(blank: Installation, own: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    own.request("2026-03-02T00:00:00Z")
    reports: list[Any] = []
    both = [threading.Thread(target=lambda: reports.append(install(blank))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert sorted(len(report.indexes) for report in reports) == [0, 4]
    assert sorted(report.marked_hours for report in reports) == [0, 1]
    monkeypatch.setattr(installing, "INIT_SECONDS", 0.1)
    with installing._alone(blank.database), pytest.raises(TransientError, match="Another init is at work"):
        install(blank)


def test_the_saas_can_go_on_changing_its_own_tables(blank: Installation, own: Sql) -> None:
    install(blank)
    own.tenant(created_at="2026-01-01")
    own.request("2026-03-10T10:00:00Z")
    own("alter table tenants alter name type varchar(90), alter plan type varchar(20)")
    own("alter table api_requests alter endpoint type varchar(90), alter duration_ms type numeric, add more jsonb")
    own.request("2026-03-10T10:30:00Z")
    run(blank, NOW)
    assert dashboard_of(blank)["periods"]["24h"]["api_usage"]["total"] == 2
    own("drop table tenants cascade")
    assert own.one("select to_regclass('pipeline.source_tenants') is not null")
    own("create table tenants (id text, name text, plan text, created_at timestamptz)")
    own.tenant(created_at="2026-01-01")
    run(blank, NOW)
