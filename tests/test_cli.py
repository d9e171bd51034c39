"""The command line as its users meet it: one line for what is wrong, one object for `--json`, a clean end on signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.cli import VERBS, main
from pipeline.installation import Installation
from pipeline.settings import ROOT
from tests.conftest import Sql, address_of, dashboard_of, document, environment_of

pytestmark = pytest.mark.embedded

AS_OF = ("--as-of", "2026-03-10T12:30:00Z")


def pipeline(
    *words: str, home: Path | None = None, environ: dict[str, str] | None = None, **given: str
) -> subprocess.CompletedProcess[str]:
    """Run `python -m pipeline` with these settings and no others."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *words],
        env=surroundings(home, environ, given), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def surroundings(home: Path | None, environ: dict[str, str] | None, given: dict[str, str]) -> dict[str, str]:
    """The environment of a child: ours without our settings, and with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TENANTCAST_", "AWS_"))}
    settings = {} if home is None else {"TENANTCAST_HOME": str(home), "TENANTCAST_SECRET": "0123456789abcdef" * 2}
    return (environ or kept) | settings | {f"TENANTCAST_{name}": value for name, value in given.items()}


def failure(done: subprocess.CompletedProcess[str], code: int, message: str) -> None:
    """Check that it failed in one line, and only there."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert re.search(message, lines[0]), lines[0]


def test_help_lists_every_verb(tmp_path: Path) -> None:
    listed = pipeline("--help", home=tmp_path, TIMEZONE="not read yet")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert re.findall(r"^    (\w+)(?: |$)", listed.stdout, re.MULTILINE) == list(VERBS)
    modules = {path.stem for path in (ROOT / "pipeline" / "verbs").glob("*.py")} - {"__init__", "reporting"}
    assert modules == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main([verb, "--help"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(f"usage: python -m pipeline {verb} ")
    assert "  -h, --help " in told.out


def test_without_a_verb_the_help_is_shown(tmp_path: Path) -> None:
    done = pipeline(home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "publish what" not in done.stderr.split("VERB")[0]
    assert "roll up and publish all that is due" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rn",), r"invalid choice: 'rn'.*'run'.*See: python -m pipeline --help"),
        (("run", "--asof", "now"), r"unrecognized arguments: --asof now"),
        (("run", "--as-of"), r"--as-of: expected one argument. See: python -m pipeline run --help"),
        (("run", "--as-of", "yesterday"), r"--as-of: 'yesterday' is not a time\. Write it like 2026-"),
        (("run", "--as-of", "0001-01-01T00:00+14:00"), r"--as-of: .* is not between"),
        (
            ("url",),
            r"one of the arguments TENANT --platform --export --end-rotation is required. See: python -m pipeline url --help",
        ),
    ],
)
def test_wrong_words(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    failure(pipeline(*words, home=tmp_path), 2, message)


def test_json_is_one_object_and_progress_goes_elsewhere(blank: Installation, tmp_path: Path) -> None:
    environ = environment_of(blank)
    told = told_as_json("init", environ=environ)
    done = {
        "created",
        "moved",
        "indexes",
        "triggers",
        "triggers_removed",
        "marked_hours",
        "templates",
        "templates_changed",
    }
    assert set(told) == done
    with psycopg.connect(address_of(blank), autocommit=True) as connection:
        connection.execute("insert into tenants (id, name, plan) values ('t1', 'T', 'pro')")
    assert set(told_as_json("rollup", *AS_OF, environ=environ)) >= {"data_through", "marks", "buckets"}
    assert set(told_as_json("publish", *AS_OF, environ=environ)) == {"publish", "status", "busy"}
    told = told_as_json("run", *AS_OF, environ=environ)
    assert set(told) == {"rollup", "publish", "status", "busy"}
    assert told["status"]["data_through"] == "2026-03-10T12:00:00Z"
    assert told_as_json("url", "t1", environ=environ)["url"].endswith("/dashboard.json")
    with psycopg.connect(address_of(blank)) as other:
        other.execute("lock table pipeline.tick_lock in exclusive mode")
        assert "Another tick" in told_as_json("run", *AS_OF, environ=environ)["busy"][0]


def told_as_json(*words: str, environ: dict[str, str]) -> dict[str, Any]:
    done = pipeline(*words, "--json", environ=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_an_unknown_tenant_is_said(ready: Installation) -> None:
    failure(pipeline("url", "nobody\nknown", environ=environment_of(ready)), 1, r"Tenant 'nobody\\nknown' is not known")


def test_a_store_that_cannot_be_written(ready: Installation, sql: Sql, tmp_path: Path) -> None:
    sql.tenant()
    (tmp_path / "file").write_text("")
    environ = environment_of(ready)
    for url, why in (
        ((tmp_path / "file").as_uri(), "File exists"),
        ((tmp_path / "file" / "below").as_uri(), "Not a directory"),
        ("file:///proc/tenantcast", "No such file or directory"),  # a folder that not even root can make
    ):
        done = pipeline("run", *AS_OF, environ=environ | {"TENANTCAST_STORE_URL": url})
        assert (done.returncode, done.stdout) == (1, "")
        [line] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert re.search(rf"{re.escape(url[7:])}: {why}\. Check TENANTCAST_STORE_URL", line), line
    assert pipeline("run", *AS_OF, environ=environ).returncode == 0


def test_a_bucket_that_cannot_be_used(ready: Installation, sql: Sql) -> None:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 takes a second to load

    sql.tenant()
    assert pipeline("rollup", *AS_OF, environ=environment_of(ready)).returncode == 0
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "AKIAHUNTER2", "AWS_SECRET_ACCESS_KEY": "hunter2hunter2"}
    cases = [
        ({}, r"s3://no-such-bucket/x.*: no credentials\. Set AWS_ACCESS_KEY_ID"),
        (keys, r"s3://no-such-bucket/x.*: (404|NoSuchBucket)\. Check .*TENANTCAST_STORE_URL"),
        (keys | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, r"s3://no-such-bucket/x.*127\.0\.0\.1:1.* Check AWS_ENDPOINT_URL"),
    ]  # fmt: skip
    base = environment_of(ready) | {
        "TENANTCAST_STORE_URL": "s3://no-such-bucket/x",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        base.pop(name, None)
    begun = [begin("publish", *AS_OF, environ=base | more) for more, _ in cases]  # most of it is waiting
    try:
        for process, (_, message) in zip(begun, cases, strict=True):
            out, said = process.communicate(timeout=60)
            failure(subprocess.CompletedProcess([], process.returncode, out, said), 1, message)
            assert "hunter2" not in said
    finally:
        moto.stop()


def begin(*words: str, environ: dict[str, str], **more: Any) -> subprocess.Popen[str]:
    """Start `python -m pipeline` without waiting for it, buffering its output as it does for a user."""
    environ = {name: value for name, value in environ.items() if name != "PYTHONUNBUFFERED"}
    given: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    return subprocess.Popen([sys.executable, "-m", "pipeline", *words], env=environ, cwd=ROOT, text=True, **given)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_in_one_line_and_can_be_run_again(
    ready: Installation, sql: Sql, number: signal.Signals
) -> None:
    """A reader of the raw table is made to wait, so that the run is surely in the middle of its work."""
    sql.tenant()
    sql.request("2026-03-10T10:30:00Z")
    environ = environment_of(ready)
    with psycopg.connect(address_of(ready)) as writer:
        writer.execute("lock table api_requests in access exclusive mode")
        started = begin("run", *AS_OF, environ=environ)
        while not sql("select pid from pg_locks where not granted and relation = 'api_requests'::regclass"):
            assert started.poll() is None, started.communicate()
            time.sleep(0.05)
        started.send_signal(number)
        out, said = started.communicate(timeout=15)
    assert (started.returncode, out) == (130, "")
    assert said.splitlines()[-1] == "stopped; run the same again to go on"
    assert "Traceback" not in said
    assert [row[0] for row in sql("select state from pipeline.runs")] == ["failed"]
    others = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    assert wait_until(lambda: not sql(others)), "nothing goes on in the database"
    assert pipeline("run", *AS_OF, environ=environ).returncode == 0
    assert dashboard_of(ready)["periods"]["24h"]["api_usage"]["total"] == 1


def wait_until(done: Any, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.05)
    return False


def test_a_signal_at_any_time_gives_no_traceback(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for tenths in (3, 5, 7, 9):
        started = begin("run", *AS_OF, environ=environment_of(ready))
        time.sleep(tenths / 10)
        started.send_signal(signal.SIGTERM)
        out, said = started.communicate(timeout=15)
        assert "Traceback" not in said + out
        assert "Exception ignored" not in said
        assert started.returncode in (0, 130, -signal.SIGTERM), said  # the last before Python could take it
    assert pipeline("run", *AS_OF, environ=environment_of(ready)).returncode == 0
    assert document(ready, "v1/status.json")["stale"] == []


def test_a_signal_while_a_connection_goes_back_gives_no_traceback(ready: Installation) -> None:
    """The pool catches what happens then, logs it, and raises it again."""
    script = """if True:
        from sqlalchemy.pool.base import _ConnectionFairy
        def stopped(*_, **__):
            raise KeyboardInterrupt
        _ConnectionFairy._reset = stopped
        from pipeline.cli import main
        raise SystemExit(main(["rollup"]))
    """
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, env=environment_of(ready), capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (130, "stopped; run the same again to go on\n")


def test_a_reader_that_leaves_early_is_no_error_worth_a_traceback(ready: Installation) -> None:
    for words in (("--help",), ("run", *AS_OF), ("run", *AS_OF, "--json")):
        read, write = os.pipe()
        os.close(read)
        started = begin(*words, environ=environment_of(ready), stdout=write)
        os.close(write)
        _, said = started.communicate(timeout=30)
        assert started.returncode == 1, words
        assert "Traceback" not in said
        assert "Exception ignored" not in said
        assert "BrokenPipe" not in said


def test_closed_streams_are_no_obstacle(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    command = f"exec {sys.executable} -m pipeline run {' '.join(AS_OF)}"
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} {closed}"],
            env=environment_of(ready),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr


BROKEN_RUN = """
import sys
import pipeline.run
from pipeline.cli import main
from pipeline.errors import PermanentError
def broken(*_):
    raise {error}
pipeline.run.roll = broken
sys.exit(main(["run"]))
"""


def broken_run(home: Path, error: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`run`, whose first step fails like that."""
    return subprocess.run(
        [sys.executable, "-c", BROKEN_RUN.format(error=error)],
        env=surroundings(home, None, more), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_defect_is_one_line_and_a_traceback_when_asked_for(tmp_path: Path) -> None:
    defect = "ValueError('no such\\nthing')"
    failure(
        broken_run(tmp_path, defect),
        1,
        r"unexpected ValueError: no such thing \(pipeline/run\.py line \d+\).*TENANTCAST_DEBUG=1",
    )
    asked = broken_run(tmp_path, defect, DEBUG="1")
    assert asked.returncode == 1
    assert "Traceback (most recent call last)" in asked.stderr
    assert asked.stderr.splitlines()[-1].startswith("error: unexpected ValueError")


def test_another_python_is_told_which_one_to_take(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "pipeline", "run"],
        env=surroundings(tmp_path, None, {}), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    failure(done, 1, r"has no module \w+\. Use \.venv/bin/python, which `make install` makes\.$")


def test_what_a_message_quotes_does_not_break_its_line(tmp_path: Path) -> None:
    failure(broken_run(tmp_path, "PermanentError('it said:\\n  no')"), 1, "error: it said: no$")
    failure(
        broken_run(tmp_path, "OSError(28, 'No space left on device', '/x')"), 1, "error: /x: No space left on device$"
    )
