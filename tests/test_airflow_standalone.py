"""`make airflow` for real: it starts, runs the hourly Dag by its scheduler, and leaves no process behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.database import embedded
from pipeline.installation import Installation
from pipeline.settings import ROOT
from tests.conftest import environment_of
from tests.test_dags import ENV

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
DAG = "tenantcast_hourly"


def free_port() -> int:
    """Give a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def airflow(environ: dict[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start `scripts/airflow`; whatever the test does, stop it."""
    with output.open("wb") as out:
        started = subprocess.Popen([ENV, ROOT / "scripts" / "airflow"], env=environ, stdout=out, stderr=out)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
            started.wait(120)


def wait_for(text: str, output: Path, started: subprocess.Popen[bytes], seconds: float = 200) -> None:
    """Wait until the output holds a text."""
    deadline = time.monotonic() + seconds
    while text not in output.read_text(encoding="utf-8"):
        assert started.poll() is None, output.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, output.read_text(encoding="utf-8")
        time.sleep(0.2)


def processes_of(home: Path) -> list[str]:
    """Give the living processes whose environment names this Airflow's home."""
    wanted, found = f"AIRFLOW_HOME={home}/airflow".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def await_none_of(home: Path, seconds: float = 60) -> None:
    """Wait until the last process has ended: the database does so once Airflow has left it."""
    deadline = time.monotonic() + seconds
    while left := processes_of(home):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


@contextmanager
def another_writer(home: Path) -> Iterator[None]:
    """Write to Airflow's own database, and do not end the transaction: its parts write beside each other at any time."""
    address = embedded.start(home / "airflow-postgres").replace("+psycopg", "")
    try:
        with psycopg.connect(address) as own:
            own.execute("insert into log (dttm, event) values (now(), 'test')")
            yield
    finally:
        embedded.stop(home / "airflow-postgres")


class Api:
    """Airflow's REST API as the user of the UI."""

    def __init__(self, port: int, home: Path) -> None:
        self.base, self.home = f"http://127.0.0.1:{port}", home
        secrets = home / "airflow" / "simple_auth_manager_passwords.json.generated"
        password = json.loads(secrets.read_text(encoding="utf-8"))["admin"]
        self.headers = {"Content-Type": "application/json"}
        answer = self.call("/auth/token", {"username": "admin", "password": password})
        self.headers["Authorization"] = f"Bearer {answer['access_token']}"

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """GET, or POST where there is a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                said: dict[str, Any] = json.load(answer)
                return said
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}\n{self.log()}") from None

    def log(self) -> str:
        """Give the end of what Airflow's parts have said."""
        text = (self.home / "airflow" / "standalone.log").read_text(encoding="utf-8", errors="replace")
        return text[-20_000:]

    def scheduled(self, seconds: float = 60) -> str:
        """Wait for a run that the scheduler has begun by itself; give its id."""
        deadline = time.monotonic() + seconds
        while True:
            runs = self.call(f"/api/v2/dags/{DAG}/dagRuns")["dag_runs"]
            for run in runs:
                if run["run_type"] == "scheduled":
                    return str(run["dag_run_id"])
            assert time.monotonic() < deadline, (runs, self.log())
            time.sleep(1)

    def succeeded(self, run_id: str, seconds: float = 180) -> None:
        """Wait for the end of a run, which must be a good one."""
        deadline = time.monotonic() + seconds
        while True:
            run = self.call(f"/api/v2/dags/{DAG}/dagRuns/{run_id}")
            if run["state"] in ("success", "failed"):
                assert run["state"] == "success", (run, self.log())
                return
            assert time.monotonic() < deadline, (run, self.log())
            time.sleep(1)


def test_the_scheduler_runs_the_dag_and_ctrl_c_ends_all(ready: Installation, tmp_path: Path) -> None:
    port, output = free_port(), tmp_path / "output"
    environ = environment_of(ready) | {"AIRFLOW_PORT": str(port)}
    with airflow(environ, output) as started:
        wait_for("Ctrl-C stops it", output, started)
        assert f"http://127.0.0.1:{port}/dags/{DAG}" in output.read_text(encoding="utf-8")
        api = Api(port, ready.settings.home)
        with another_writer(ready.settings.home):
            run = api.call(f"/api/v2/dags/{DAG}/dagRuns", {"logical_date": None})
        api.succeeded(run["dag_run_id"])
        api.succeeded(api.scheduled())  # nobody had to click for it
        events = api.call("/api/v2/assets/events?order_by=-timestamp")["asset_events"]
        assert {event["name"] for event in events} == {"tenantcast_rollups", "tenantcast_files"}
        assert all("data_through" in event["extra"] for event in events)
        assert len(processes_of(ready.settings.home)) > 4
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0
    await_none_of(ready.settings.home)
    assert (ready.settings.home / "public" / "v1" / "status.json.gz").exists()


@pytest.mark.parametrize("seconds", [1.0, 8.0])
def test_a_kill_while_it_starts_leaves_nothing(ready: Installation, tmp_path: Path, seconds: float) -> None:
    output = tmp_path / "output"
    environ = environment_of(ready) | {"AIRFLOW_PORT": str(free_port())}
    with airflow(environ, output) as started:
        wait_for("Starting Airflow", output, started)
        time.sleep(seconds)
        started.send_signal(signal.SIGTERM)
        assert started.wait(60) == 0
    await_none_of(ready.settings.home)
