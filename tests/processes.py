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
NEWEST = "select coalesce(max(run_id), 0) from pipeline.runs"
STATES = "select state from pipeline.runs where run_id > %s"


def start(installation: Installation, words: Sequence[str]) -> subprocess.Popen[str]:
    """Start `python -m pipeline` with these words."""
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline", *words],
        env=environment_of(installation), cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def kill(installation: Installation, sql: Sql, words: Sequence[str], *, after: float) -> bool:
    """Start a verb, kill it so many seconds after it has begun; say whether that cut short what it was doing.

    The run ledger says so: what is at work is `running` there, and stays so for ever if killed.
    """
    newest = sql.one(NEWEST)
    process = start(installation, words)
    deadline = time.monotonic() + LONGEST
    while process.poll() is None and not sql(STATES, newest):
        assert time.monotonic() < deadline, f"{words} begins nothing"
        time.sleep(0.002)
    time.sleep(after)
    process.kill()
    process.communicate()
    return ("running",) in sql(STATES, newest)


def ended_well(process: subprocess.Popen[str]) -> None:
    """Wait for its end: exit code 0, and no word of an error."""
    said = process.communicate(timeout=LONGEST)[1]
    assert process.returncode == 0, said
    assert "error" not in said.lower(), said
