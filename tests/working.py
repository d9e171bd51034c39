"""A scheduler that never rests: `python -m tests.working VERB…` runs a verb again and again until its input ends.

Each run is a process of its own, forked from one that has loaded everything. What a run says, by stream, and its exit
code are printed as one JSON object a line.
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
from dataclasses import dataclass, field
from typing import Any

from pipeline.cli import main as command_line
from pipeline.installation import Installation
from pipeline.settings import ROOT
from tests.conftest import environment_of

LONGEST = 120


@dataclass
class Said:
    """What the runs of one scheduler said: `words` asked for, then one entry a run."""

    words: Sequence[str]
    runs: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def worked_on(installation: Installation, schedules: Sequence[Sequence[str]]) -> Iterator[list[Said]]:
    """Have a scheduler for each of the verbs at work while the body runs; afterwards the list says what they said."""
    said = [Said(words) for words in schedules]
    schedulers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.working", *words],
            env=environment_of(installation), cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for words in schedules
    ]  # fmt: skip
    try:
        yield said
    finally:
        ended = _collect(schedulers)
    for each, (out, wrong) in zip(said, ended, strict=True):
        assert wrong == ""
        each.runs += [json.loads(line) for line in out.splitlines()]


def _collect(schedulers: Sequence[subprocess.Popen[str]]) -> list[tuple[str, str]]:
    """All inputs end first, so that all of them come to their end together."""
    for scheduler in schedulers:
        assert scheduler.stdin is not None
        scheduler.stdin.close()
        scheduler.stdin = None
    return [scheduler.communicate(timeout=LONGEST) for scheduler in schedulers]


def run_once(words: Sequence[str]) -> dict[str, Any]:
    """Run a verb in a process of its own; give its exit code and what it said."""
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
        return {"code": code, "out": out.read(), "wrong": wrong.read()}


def main(words: Sequence[str]) -> None:
    """Run the verb until nobody holds the other end of standard input."""
    from pipeline.publish import publisher  # noqa: F401, PLC0415  loaded once, for all that are forked

    done = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        done.append(run_once(words))
    for each in done:
        print(json.dumps(each))


if __name__ == "__main__":
    main(sys.argv[1:])
