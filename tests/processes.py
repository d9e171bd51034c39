"""Verbs as processes of their own, to be killed, or to work beside others."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

from pipeline.installation import Installation
from pipeline.settings import ROOT
from tests.conftest import Sql, environment_of

LONGEST = 60.0
NEWCOMER = """select count(*) from pg_stat_activity
    where datname = current_database() and application_name = 'tenantcast' and backend_start > %s"""


def start(installation: Installation, words: Sequence[str]) -> subprocess.Popen[str]:
    """Start `python -m pipeline` with these words."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *words],
        env=environment_of(installation), cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def kill(installation: Installation, sql: Sql, words: Sequence[str], *, after: float) -> bool:
    """Start a verb, kill it so many seconds after it has reached the database; say whether it was still at work."""
    began = sql.one("select clock_timestamp()")
    process = start(installation, words)
    deadline = time.monotonic() + LONGEST
    while process.poll() is None and not sql.one(NEWCOMER, began):
        assert time.monotonic() < deadline, f"{words} does not come to the database"
        time.sleep(0.01)
    time.sleep(after)
    at_work = process.poll() is None
    process.kill()
    process.communicate()
    return at_work


def ended_well(process: subprocess.Popen[str]) -> None:
    """Wait for its end: exit code 0, and no word of an error."""
    said = process.communicate(timeout=LONGEST)[1]
    assert process.returncode == 0, said
    assert "error" not in said.lower(), said
