"""Settings: a wrong one is refused at the start, in one line that names it and says what would be right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from pipeline.errors import SettingsError
from pipeline.installation import Installation, _make_secret
from pipeline.settings import ROOT, load_settings
from pipeline.sources.install import install
from tests.conftest import Databases, Sql, address_of, environment_of, installation_on
from tests.test_cli import failure, pipeline, surroundings

pytestmark = pytest.mark.embedded

SECRET = "0123456789abcdef0123456789abcdef"
NOWHERE = "postgresql://somebody:hunter2hunter2@127.0.0.1:1/nowhere"

WRONG = {
    "other scheme": ({"DATABASE_URL": "mysql://u:hunter2hunter2@h/d"}, r"TENANTCAST_DATABASE_URL: expected postgresql://"),
    "no address": ({"DATABASE_URL": "hunter2hunter2"}, r"TENANTCAST_DATABASE_URL: expected postgresql://user:password@host:port/database\.$"),
    "only a scheme": ({"DATABASE_URL": "postgresql://"}, r"TENANTCAST_DATABASE_URL: expected postgresql://"),
    "port in words": ({"DATABASE_URL": "postgresql://u:hunter2hunter2@h:five/d"}, r"TENANTCAST_DATABASE_URL: the port is not a number from 0 to 65535"),
    "port too high": ({"DATABASE_URL": "postgresql://u:hunter2hunter2@h:70000/d"}, r"TENANTCAST_DATABASE_URL: the port is not a number from 0 to 65535"),
    "slash in password": ({"DATABASE_URL": "postgresql://u:hunter2/hunter2@h/d"}, r"TENANTCAST_DATABASE_URL: .* in a password as %2F"),
    "half an IPv6 address": ({"DATABASE_URL": "postgresql://u:hunter2hunter2@[::1/d"}, r"TENANTCAST_DATABASE_URL: .*Expected postgresql://"),
    "unknown option": ({"DATABASE_URL": NOWHERE + "?speed=high"}, r'TENANTCAST_DATABASE_URL: .*"speed"'),
    "no secret": ({"DATABASE_URL": NOWHERE, "SECRET": ""}, r"TENANTCAST_SECRET: needed with a database of your own.*openssl rand -hex 32"),
    "short secret": ({"SECRET": "hunter2"}, r"TENANTCAST_SECRET: too short to be safe\. Set at least 16 characters"),
    "unknown zone": ({"TIMEZONE": "Lagos"}, r"TENANTCAST_TIMEZONE: 'Lagos' is not a time zone\. Expected an IANA name such as Africa/Lagos"),
    "zone that is a folder": ({"TIMEZONE": "Africa"}, r"TENANTCAST_TIMEZONE: 'Africa' is not a time zone"),
    "zone out of its folder": ({"TIMEZONE": "../../etc/passwd"}, r"TENANTCAST_TIMEZONE: .* is not a time zone"),
    "zone of half hours": ({"TIMEZONE": "Asia/Kolkata"}, r"TENANTCAST_TIMEZONE: the offset of Asia/Kolkata from UTC is not whole hours.*Africa/Lagos"),
    "zone of half hours in summer": ({"TIMEZONE": "Australia/Lord_Howe"}, r"TENANTCAST_TIMEZONE: the offset of Australia/Lord_Howe"),
    "zone of half hours once": ({"TIMEZONE": "America/Caracas"}, r"TENANTCAST_TIMEZONE: the offset of America/Caracas .* since 2000"),
    "currency by name": ({"CURRENCY": "naira"}, r"TENANTCAST_CURRENCY: 'naira' is not an ISO 4217 code such as NGN"),
    "other marking": ({"MARKING": "polling"}, r"TENANTCAST_MARKING: 'polling' is neither triggers nor reconcile"),
    "no hours": ({"RECONCILE_HOURS": "0"}, r"TENANTCAST_RECONCILE_HOURS: '0' is not a number of hours from 1 to 10000"),
    "too many hours": ({"RECONCILE_HOURS": "10001"}, r"TENANTCAST_RECONCILE_HOURS: '10001' is not"),
    "a window past the horizon": (
        {"MARKING": "reconcile", "RECONCILE_HOURS": "240", "RAW_HORIZON_DAYS": "10"},
        r"TENANTCAST_RECONCILE_HOURS: 240 hours are not shorter than the 10 days of TENANTCAST_RAW_HORIZON_DAYS.*less than 240",
    ),
    "no days": ({"RAW_HORIZON_DAYS": "0"}, r"TENANTCAST_RAW_HORIZON_DAYS: '0' is not a number of days from 1 to 99999"),
    "days in words": ({"RAW_HORIZON_DAYS": "90d"}, r"TENANTCAST_RAW_HORIZON_DAYS: '90d' is not"),
    "store without a scheme": ({"STORE_URL": "var/public"}, r"TENANTCAST_STORE_URL: 'var/public' is neither file:///path nor s3://bucket/prefix"),
    "store on a host": ({"STORE_URL": "file://var/public"}, r"TENANTCAST_STORE_URL: .* is neither"),
    "store is the root": ({"STORE_URL": "file:///"}, r"TENANTCAST_STORE_URL: .* is neither"),
    "store without a bucket": ({"STORE_URL": "s3:///prefix"}, r"TENANTCAST_STORE_URL: .* is neither"),
    "store of garbage": ({"STORE_URL": "file://["}, r"TENANTCAST_STORE_URL: .* is neither"),
    "store cut at #": ({"STORE_URL": "file:///tmp/a#b"}, r"TENANTCAST_STORE_URL: .*Write %3F or %23"),
    "keys in the store": ({"STORE_URL": "s3://AKIA:hunter2hunter2@bucket"}, r"TENANTCAST_STORE_URL: credentials do not belong .*AWS_ACCESS_KEY_ID"),
    "an engine": ({"ENGINE_URL": "clickhouse://u:hunter2hunter2@h"}, r"TENANTCAST_ENGINE_URL: no other engine than PostgreSQL is supported yet\. Leave it unset"),
    "misspelled": ({"TIMZONE": "UTC"}, r"TENANTCAST_TIMZONE: no such setting\. Known: .*TENANTCAST_TIMEZONE"),
    "home is a file": ({"HOME": "/proc/version"}, r"TENANTCAST_HOME: /proc/version is a file\. Name a folder"),
    "home of nobody known": ({"HOME": "~nobody-known/x"}, r"TENANTCAST_HOME: .* a user that is not known"),
    "secret is no text": ({"SECRET": "\udcff0123456789abcdef-hunter2"}, r"TENANTCAST_SECRET: it is not valid UTF-8\."),
    "file is missing": ({"CONFIG": "/nowhere/x.toml"}, r"TENANTCAST_CONFIG: cannot read /nowhere/x\.toml: No such file or directory"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str) -> None:
    given, message = WRONG[name]
    done = pipeline("url", "t1", home=tmp_path, **given)
    failure(done, 2, message)
    assert "hunter2" not in done.stderr


WRONG_FILES = {
    "not TOML": ("timezone = Lagos", r"TENANTCAST_CONFIG: \S+/tc\.toml is not valid TOML: .*line 1"),
    "not text": ("\udcff", r"TENANTCAST_CONFIG: \S+/tc\.toml is not valid TOML"),
    "unknown key": ('time_zone = "UTC"', r"time_zone in \S+/tc\.toml: no such setting\. Known: .*timezone"),
    "wrong value": ('timezone = "Lagos"', r"timezone in \S+/tc\.toml: 'Lagos' is not a time zone"),
    "wrong kind": ('store_url = ["file:///tmp/x"]', r"store_url in \S+/tc\.toml: expected a text in quotes"),
    "truth for a number": ("raw_horizon_days = true", r"raw_horizon_days in \S+/tc\.toml: expected"),
    "source is a text": ('source = "mine"', r"source in \S+/tc\.toml: expected a table: \[source\]"),
    "unknown table": ("[source.tenant]", r"\S+/tc\.toml: \[source\.tenant\]: no such table\. Known: tenants"),
    "table is a text": ('[source]\ntenants = "customers"', r"\S+/tc\.toml: \[source\.tenants\]: expected a table"),
    "unknown column": ('[source.tenants]\nuuid = "id"', r"\S+/tc\.toml: \[source\.tenants\] uuid: no such column\. Known: id, name"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_wrong_file_is_named_with_the_place_in_it(tmp_path: Path, name: str) -> None:
    content, message = WRONG_FILES[name]
    file = tmp_path / "tc.toml"
    file.write_bytes(content.encode(errors="surrogateescape"))
    failure(pipeline("url", "t1", home=tmp_path, CONFIG=str(file)), 2, message)


def test_a_file_gives_values_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "tc.toml"
    file.write_text(
        'timezone = "UTC"\ncurrency = "GHS"\nraw_horizon_days = 30\nhome = "/nowhere"\n[source.tenants]\ntable = "customers"\n'
    )
    settings = load_settings(
        {"TENANTCAST_CONFIG": str(file), "TENANTCAST_CURRENCY": "KES", "TENANTCAST_TIMEZONE": "", "PATH": "x"}
    )
    assert (settings.timezone, settings.currency, settings.raw_horizon_days) == ("UTC", "KES", 30)
    assert settings.source["tenants"].table == "customers"
    assert settings.store_url == "file:///nowhere/public"
    with pytest.raises(SettingsError, match="TENANTCAST_CURRENCY"):
        load_settings({"TENANTCAST_CONFIG": str(file), "TENANTCAST_CURRENCY": "kes"})


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({})
    assert (settings.timezone, settings.currency, settings.database_url, settings.secret) == (
        "Africa/Lagos",
        "NGN",
        None,
        None,
    )
    assert settings.home == ROOT / "var"
    assert settings.raw_horizon_days is None


@pytest.mark.parametrize("zone", ["UTC", "Africa/Lagos", "Europe/London", "America/New_York", "Pacific/Auckland"])
def test_zones_on_whole_hours_are_taken(zone: str) -> None:
    assert load_settings({"TENANTCAST_TIMEZONE": zone}).timezone == zone


def test_secrets_are_not_shown_by_what_is_printed_of_settings() -> None:
    shown = repr(load_settings({"TENANTCAST_DATABASE_URL": NOWHERE, "TENANTCAST_SECRET": SECRET}))
    assert "hunter2" not in shown
    assert SECRET not in shown


def test_one_secret_is_made_for_all_who_come_at_once(tmp_path: Path) -> None:
    script = "from pipeline.installation import *; from pipeline.settings import *; print(Installation(load_settings()).secret)"
    asked = [pipeline_python(script, tmp_path) for _ in range(4)]
    told = {process.communicate()[0].strip() for process in asked}
    assert len(told) == 1
    assert len(min(told)) > 64
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "secret"]
    _make_secret(tmp_path / "secret")  # who comes a moment late keeps what is there
    assert repr((tmp_path / "secret").read_bytes()) in told


def pipeline_python(script: str, home: Path) -> subprocess.Popen[str]:
    environ = surroundings(home, None, {})
    del environ["TENANTCAST_SECRET"]
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
    )


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    done = pipeline("run", home=tmp_path, DATABASE_URL=NOWHERE)
    failure(
        done, 1, r'TENANTCAST_DATABASE_URL: .*"127\.0\.0\.1", port 1 failed: Connection refused.* Check the address'
    )
    assert "hunter2" not in done.stderr


def test_a_wrong_password_and_a_missing_database(server: str, tmp_path: Path) -> None:
    wrong = server.replace(server.split("@", maxsplit=1)[0].rsplit(":", maxsplit=1)[-1], "hunter2hunter2")
    done = pipeline("run", home=tmp_path, DATABASE_URL=wrong)
    failure(done, 1, r'TENANTCAST_DATABASE_URL: .*password authentication failed for user "tenantcast"')
    assert "hunter2" not in done.stderr
    missing = server.rsplit("/", 1)[0] + "/nowhere"
    done = pipeline("run", home=tmp_path, DATABASE_URL=missing)
    failure(done, 1, r'TENANTCAST_DATABASE_URL: .*database "nowhere" does not exist')
    assert server.split("@", maxsplit=1)[0].rsplit(":", maxsplit=1)[-1] not in done.stderr


@pytest.mark.parametrize(
    "words", [("run",), ("rollup",), ("publish",), ("url", "t1"), ("load", "x.csv", "--into", "tenants")]
)
def test_before_init_every_verb_says_what_to_do(blank: Installation, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "x.csv").write_text("id,name,plan\nt1,T,pro\n")
    done = pipeline(
        *[str(tmp_path / word) if word == "x.csv" else word for word in words], environ=environment_of(blank)
    )
    failure(done, 2 if words[0] == "load" else 1, r"[Rr]un.*init")


MAPPED = """
[source]
schema = "app"
[source.tenants]
table = "customers"
name = "title"
"""
OWN_TABLES = """
create schema app;
create table app.customers (id text, title text, plan text, created_at timestamptz);
create table app.api_requests (id bigint, tenant_id text, endpoint text, status_code int, duration_ms float8, created_at timestamptz);
create table app.usage_records (id bigint, tenant_id text, quota_type text, amount numeric, created_at timestamptz);
create table app.subscriptions (id bigint, tenant_id text, plan text, status text, monthly_amount numeric);
"""


def own_installation(
    databases: Databases, tmp_path: Path, mapping: str = MAPPED
) -> tuple[Installation, dict[str, str], Sql]:
    """A SaaS with tables of its own, and settings that map them."""
    tmp_path.mkdir(exist_ok=True)
    file = tmp_path / "tc.toml"
    file.write_text(mapping)
    made = installation_on(databases.make(), tmp_path, TENANTCAST_CONFIG=str(file))
    sql = Sql(psycopg.connect(address_of(made), autocommit=True))
    for statement in OWN_TABLES.strip().split(";\n"):
        sql(statement)
    return made, environment_of(made) | {"TENANTCAST_CONFIG": str(file)}, sql


def test_mapped_tables_are_found_and_nothing_is_created_beside_them(databases: Databases, tmp_path: Path) -> None:
    _, environ, sql = own_installation(databases, tmp_path)
    done = pipeline("init", "--json", environ=environ)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["created"] == []
    sql("insert into app.customers values ('t1', 'Ọjà', 'pro', now())")
    done = pipeline("run", environ=environ)
    assert done.returncode == 0, done.stderr
    assert pipeline("url", "t1", environ=environ).returncode == 0
    assert sql.one("select count(*) from pg_tables where schemaname = 'app'") == 4


BROKEN = {
    "table": (
        "alter table app.usage_records rename to consumption",
        r'usage_records: there is no table "app"\."usage_records"\. .*\[source\.usage_records\] table = .*TENANTCAST_CONFIG',
    ),
    "column": (
        "alter table app.api_requests rename duration_ms to took",
        r'api_requests\.duration_ms: table "app"\."api_requests" has no column "duration_ms"\. .*\[source\.api_requests\] duration_ms = "\.\.\."',
    ),
    "mapped column": (
        "alter table app.customers rename title to label",
        r'tenants\.name: table "app"\."customers" has no column "title"',
    ),
    "type": (
        "alter table app.api_requests alter duration_ms type text",
        r'api_requests\.duration_ms: column "duration_ms" of "app"\."api_requests" is text; it must be one of',
    ),
    "time": (
        "alter table app.usage_records alter created_at type date",
        r'usage_records\.created_at: column "created_at" .* is date; it must be one of timestamp with time zone',
    ),
    "tenant": (
        "alter table app.usage_records alter tenant_id type bigint using 1",
        r"usage_records\.tenant_id is bigint, tenants\.id is text: they must be of one type",
    ),
}  # fmt: skip


def test_what_is_missing_is_said_by_init(databases: Databases, tmp_path: Path) -> None:
    """Before anything is made."""
    for name in ("column", "type", "tenant"):
        change, message = BROKEN[name]
        environ, sql = own_installation(databases, tmp_path / name)[1:]
        sql(change)
        failure(pipeline("init", environ=environ), 1, message)
        assert sql.one("select to_regnamespace('pipeline') is null")
        sql.connection.close()


def test_what_the_saas_has_changed_since_is_said_by_run_and_rollup(databases: Databases, tmp_path: Path) -> None:
    for name, verb in (("table", "run"), ("mapped column", "run"), ("time", "rollup")):
        change, message = BROKEN[name]
        made, environ, sql = own_installation(databases, tmp_path / name)
        install(made)
        sql(change)
        failure(pipeline(verb, environ=environ), 1, message)
        sql.connection.close()
