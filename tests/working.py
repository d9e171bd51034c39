"""Schedulers that never rest: each runs one verb again and again, each run a process of its own.

`python -m tests.working SCHEDULES`, a JSON list of the words of each, works until its standard input ends. All are
forked from one process that has loaded everything: what is to be tested is not the start of Python.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO

from pipeline.cli import main as command_line
from pipeline.installation import Installation
from pipeline.settings import ROOT
from tests.conftest import environment_of

LONGEST = 120


@dataclass(frozen=True)
class Run:
    """One run that has ended: the words it was started with, its exit code, and what it said on both streams."""

    words: list[str]
    code: int
    out: str
    wrong: str


@contextmanager
def worked_on(installation: Installation, schedules: Sequence[Sequence[str]]) -> Iterator[list[Run]]:
    """Have a scheduler for each of the verbs at work while the body runs; afterwards the list holds all runs."""
    runs: list[Run] = []
    schedulers = subprocess.Popen(
        [sys.executable, "-m", "tests.working", json.dumps(schedules)],
        env=environment_of(installation), cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert schedulers.stdout is not None
    assert schedulers.stdout.readline() == "ready\n", schedulers.communicate()[1]
    try:
        yield runs
    finally:
        out, wrong = schedulers.communicate(timeout=LONGEST)
    assert (schedulers.returncode, wrong) == (0, "")
    runs += [Run(**json.loads(line)) for line in out.splitlines()]


def run_once(words: list[str]) -> Run:
    """Run a verb in a process of its own."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as wrong:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(wrong.fileno(), 2)
            code = command_line(words)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        wrong.seek(0)
        return Run(words, code, out.read(), wrong.read())


def schedule(words: list[str], notes: IO[str]) -> None:
    """Run a verb until nobody holds the other end of standard input."""
    while not select.select([sys.stdin], [], [], 0)[0]:
        notes.write(json.dumps(asdict(run_once(words))) + "\n")
    notes.flush()


def main(schedules: list[list[str]]) -> None:
    """Fork the schedulers, and print what their runs said once all have ended."""
    from pipeline.publish import publisher  # noqa: F401, PLC0415  loaded once, for all that are forked

    print("ready", flush=True)
    notes = [tempfile.TemporaryFile("w+") for _ in schedules]  # noqa: SIM115  they live as long as this process
    children = []
    for words, kept in zip(schedules, notes, strict=True):
        children.append(os.fork())
        if not children[-1]:
            schedule(words, kept)
            os._exit(0)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    for kept in notes:
        kept.seek(0)
        sys.stdout.write(kept.read())
    sys.exit(max(codes))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
