"""The command line: one module of `verbs` a verb; errors become one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pipeline.errors import BusyError, SettingsError, TenantcastError

VERBS = (
    *("init", "load", "run", "rollup", "publish", "backfill", "reprice", "reconcile"),
    *("runs", "why", "doctor", "url", "forget", "export", "serve", "database", "demo"),
)
DEBUG = "TENANTCAST_DEBUG"
STOPPED = 130  # what a shell gives for Ctrl-C
LONGEST_UNEXPECTED = 300  # a driver's message may hold the whole statement


def main(words: Sequence[str]) -> int:
    """Run one verb; give the exit code: 0 done, 1 failed, 2 bad usage or settings."""
    try:
        signal.signal(signal.SIGTERM, _terminate)
        if not os.environ.get(DEBUG):  # it logs, with a traceback, what we are told as an exception anyway
            logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        code = _run(words)
        if sys.stdout:
            sys.stdout.flush()  # a reader that has gone shows here at the latest
        return code
    except BrokenPipeError:
        _forget_readers()
        return 1
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it is ending already
        _say("stopped; run the same again to go on")
        return STOPPED
    except Exception as error:
        if os.environ.get(DEBUG):
            traceback.print_exc()
        _say(f"error: {_sentence(error)}")
        return 2 if isinstance(error, SettingsError) else 1


def _run(words: Sequence[str]) -> int:
    """Nothing heavy is loaded before the words are understood, and then only what the verb needs."""
    if not words:
        _parser(VERBS).print_help(sys.stderr)
        return 2
    try:
        arguments = _parser(words[:1] if words[0] in VERBS else VERBS).parse_args(words)
    except SystemExit:
        return 0  # --help; all else is a SettingsError

    from pipeline.installation import Installation  # noqa: PLC0415
    from pipeline.settings import load_settings  # noqa: PLC0415

    try:
        settings = load_settings()
    except SettingsError as error:
        if without_settings := getattr(arguments, "without_settings", None):
            return int(without_settings(arguments, error))
        raise
    try:
        return int(arguments.run(arguments, Installation(settings)))
    except BusyError as error:
        _say(str(error))
        if getattr(arguments, "json", False):
            print(json.dumps({"busy": str(error)}))
        return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}. See: {self.prog} --help")


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m pipeline",
        description="Rolls up raw usage tables and publishes them as small static files, one set a tenant.",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name in names:
        module = importlib.import_module(f"pipeline.verbs.{name}")
        verb = verbs.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    """Print one line, whatever a message quotes."""
    print(" ".join(text.split()), file=sys.stderr)


def _sentence(error: Exception) -> str:
    """Say an error to people; one that nobody foresaw, with the place in our code."""
    if isinstance(error, TenantcastError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    package = Path(__file__).parent
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith(package.name):
        return f"{sys.executable} has no module {error.name}. Use .venv/bin/python, which `make install` makes."
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if package in Path(frame.filename).parents]
    place = f"{Path(places[-1].filename).relative_to(package.parent)} line {places[-1].lineno}" if places else "Python"
    what = f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST_UNEXPECTED]}"
    return f"unexpected {what} ({place}). This is a defect of Tenantcast; {DEBUG}=1 shows the traceback"


def _forget_readers() -> None:
    """Let what is still buffered go nowhere, or Python complains at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
