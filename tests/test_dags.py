"""The hourly Dag: its shape, what it does on errors, and one real run through `airflow dags test`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.installation import Installation
from pipeline.publish.keys import export_folder, platform_address
from pipeline.run import run
from pipeline.settings import ROOT
from tests.conftest import Sql, dashboard_of, document, environment_of

ENV = ROOT / "scripts" / "airflow-env"
TESTS = Path(__file__).parent


def within(
    *command: object, environ: dict[str, str], check: bool = True, seconds: float = 240
) -> subprocess.CompletedProcess[str]:
    """Run a command in the environment of this checkout's Airflow."""
    words = [str(word) for word in (ENV, *command)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=seconds)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def bare(home: Path, **more: str) -> dict[str, str]:
    """This process's environment with Tenantcast's home elsewhere, and no database that could answer."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENANTCAST_")}
    return kept | {"TENANTCAST_HOME": str(home), "TENANTCAST_DATABASE_URL": "postgresql://u@127.0.0.1:1/x"} | more


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the Dag files say of themselves."""
    environ = bare(tmp_path_factory.mktemp("facts"), TENANTCAST_SECRET="0123456789abcdef")
    names = ("tenantcast_hourly", "tenantcast_reconcile", "tenantcast_export")
    said = within(sys.executable, TESTS / "dag_facts.py", *names, environ=environ).stdout.splitlines()
    found = [json.loads(line.removeprefix("FACTS ")) for line in said if line.startswith("FACTS ")]
    return {each["name"]: each for each in found}


@pytest.fixture
def facts(dags: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The hourly one."""
    return dags["tenantcast_hourly"]


@pytest.fixture
def daily(dags: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The daily one."""
    return dags["tenantcast_reconcile"]


@pytest.fixture
def exporting(dags: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The one that exports."""
    return dags["tenantcast_export"]


def test_reading_the_dag_reaches_nothing_and_loads_no_driver(facts: dict[str, Any]) -> None:
    assert facts["reached"] == []
    assert [name for name in facts["loaded"] if name.startswith("pipeline")] == ["pipeline", "pipeline.errors"]
    assert not {"psycopg", "boto3", "orjson"} & set(facts["loaded"])


def test_the_timetable_is_named_and_its_key_is_the_hour_that_closed(facts: dict[str, Any]) -> None:
    assert facts["timetable"] == "CronPartitionTimetable"
    first, after = facts["runs"]
    at = datetime.fromisoformat(first["run_after"])
    assert timedelta() <= datetime.now(UTC) - at < timedelta(hours=1, minutes=1)
    assert first["key"] == (at - timedelta(hours=1)).strftime("%Y-%m-%dT%H:00:00")
    assert datetime.fromisoformat(after["run_after"]) == at + timedelta(hours=1)


def test_the_structure(facts: dict[str, Any]) -> None:
    tasks = facts["tasks"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        "tick": ["shards"],
        "shards": ["publish"],
        "publish": ["outcome", "status"],
        "status": ["outcome"],
        "outcome": [],
    }
    assert {name: task["trigger_rule"] for name, task in tasks.items()} == {
        "tick": "all_success",
        "shards": "none_failed",
        "publish": "all_success",
        "status": "all_done",
        "outcome": "none_failed",
    }
    assert [name for name, task in tasks.items() if task["mapped"]] == ["publish"]
    assert {name: task["outlets"] for name, task in tasks.items() if task["outlets"]} == {
        "tick": ["tenantcast_rollups"],
        "status": ["tenantcast_files"],
    }
    assert (facts["catchup"], facts["max_active_runs"], facts["params"]) == (False, 1, {"shards": 4})


def test_only_what_may_pass_is_tried_again(facts: dict[str, Any]) -> None:
    assert facts["decisions"] == {
        "TransientError": "retry",
        "PermanentError": "fail",
        "SettingsError": "fail",
        "ValueError": "fail",
    }
    working = [facts["tasks"][name] for name in ("tick", "publish", "status")]
    assert [(task["retries"], task["backoff"]) for task in working] == [(3, 2)] * 3


def test_the_daily_dag(daily: dict[str, Any], facts: dict[str, Any]) -> None:
    assert daily["reached"] == []
    assert [name for name in daily["loaded"] if name.startswith("pipeline")] == ["pipeline", "pipeline.errors"]
    assert list(daily["tasks"]) == ["reconcile"]
    assert (daily["catchup"], daily["max_active_runs"]) == (False, 1)
    assert daily["params"] == {"hours": 72, "repair": False}
    assert daily["decisions"] == facts["decisions"]
    first, after = (datetime.fromisoformat(each["run_after"]) for each in daily["runs"])
    assert timedelta() <= datetime.now(UTC) - first < timedelta(days=1, minutes=1)
    assert after - first == timedelta(days=1)


def test_the_export_dag_waits_until_somebody_turns_it_on(exporting: dict[str, Any], facts: dict[str, Any]) -> None:
    assert exporting["reached"] == []
    assert [name for name in exporting["loaded"] if name.startswith("pipeline")] == ["pipeline", "pipeline.errors"]
    assert list(exporting["tasks"]) == ["export"]
    assert (exporting["catchup"], exporting["max_active_runs"], exporting["paused"]) == (False, 1, True)
    assert (facts["paused"], exporting["params"], exporting["decisions"]) == (None, {}, facts["decisions"])


def test_work_that_others_do_is_skipped_and_says_why(facts: dict[str, Any]) -> None:
    assert facts["busy"] == "AirflowSkipException: Another tick is at work."


def test_the_example_holds_the_very_keys_that_are_set(tmp_path: Path) -> None:
    expected, section = set(), ""
    for line in (ROOT / "airflow.cfg.example").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            expected.add(f"AIRFLOW__{section}__{line.partition('=')[0].strip()}".upper())
    environ = bare(tmp_path, AIRFLOW_PORT="8099", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:////elsewhere")
    lines = within("env", environ=environ).stdout.splitlines()
    found = dict(line.split("=", 1) for line in lines if line.startswith("AIRFLOW"))
    # These two come with the database that scripts/airflow starts.
    brought = {f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN{form}" for form in ("", "_ASYNC")}
    assert brought < expected
    assert {name for name in found if "__" in name} == expected - brought
    assert found["AIRFLOW_HOME"] == f"{tmp_path}/airflow"
    assert found["AIRFLOW__CORE__DAGS_FOLDER"] == f"{ROOT}/dags"
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["AIRFLOW__API__PORT"] == "8099"
    assert found["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8099"
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8099/execution/"


def test_a_taken_port_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environ = bare(tmp_path, AIRFLOW_PORT=str(port))
        done = within(ROOT / "scripts" / "airflow", environ=environ, check=False)
    assert done.returncode == 2
    assert f"port {port}: Address already in use." in done.stderr
    assert "make airflow AIRFLOW_PORT=" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_run_publishes_a_dashboard(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for _ in range(7):
        sql.request(str(datetime.now(UTC) - timedelta(hours=3)))
    done = within(ROOT / "scripts" / "dag-once", environ=environment_of(ready))
    ended = [line.split() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [words[0] for words in ended if "success" in words] == [
        "tick", "shards", "publish", "publish", "publish", "publish", "status", "outcome",
    ]  # fmt: skip
    assert len(done.stdout.splitlines()) == 10  # Airflow's own log is elsewhere
    files = {path.relative_to(ready.settings.home) for path in ready.settings.home.glob("airflow*/**/airflow.db")}
    assert files == {Path("airflow/once/airflow.db")}  # a run that is killed here must not be found by `make airflow`
    dashboard = dashboard_of(ready)
    assert dashboard["periods"]["24h"]["api_usage"]["total"] == 7
    assert f"data_through {dashboard['data_through']}" in done.stdout
    assert document(ready, "v1/status.json")["stale"] == []
    assert document(ready, platform_address(ready).path)["data_through"] == dashboard["data_through"]


def test_a_daily_run_fails_on_a_difference_names_it_and_repairs_it_if_told_to(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request(str(datetime.now(UTC) - timedelta(hours=3)))
    run(ready)
    command = (ROOT / "scripts" / "dag-once", "tenantcast_reconcile")
    environ = environment_of(ready)
    sql("update rollup.api_hourly set requests = 9")
    done = within(*command, environ=environ, check=False)
    assert done.returncode == 1
    assert "NOT all agrees" in done.stdout
    assert "stored 9, recomputed 1" in done.stdout
    assert sql.one("select requests from rollup.api_hourly") == 9
    done = within(*command, "--conf", json.dumps({"repair": True}), environ=environ)
    assert "success" in done.stdout
    assert sql.one("select requests from rollup.api_hourly") == 1
    found = sql("select report -> 'agrees' from pipeline.runs where verb = 'reconcile' order by run_id")
    assert found == [(False,), (True,)]


def test_a_run_of_the_export_writes_the_manifest(ready: Installation, sql: Sql) -> None:
    sql.request(str(datetime.now(UTC) - timedelta(hours=3)))
    run(ready)
    done = within(ROOT / "scripts" / "dag-once", "tenantcast_export", environ=environment_of(ready))
    assert "success" in done.stdout
    found = document(ready, f"{export_folder(ready.secret)}/manifest.json")
    assert found["tables"]["api_daily"]["rows"] == 1


def test_a_run_that_fails_says_why_once_and_exits_with_1(blank: Installation) -> None:
    done = within(ROOT / "scripts" / "dag-once", environ=environment_of(blank), check=False)
    assert done.returncode == 1
    [tick] = [line for line in done.stdout.splitlines() if "  tick " in line]
    assert "FAILED" in tick
    assert "python -m pipeline init" in tick
    assert "publish" not in done.stdout
    assert "dag-once.log" in done.stderr
