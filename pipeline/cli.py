"""The command line: one module of `verbs` a verb; errors become one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from pipeline.errors import BusyError, SettingsError, TenantcastError
from pipeline.installation import Installation
from pipeline.settings import load_settings

VERBS = ("init", "load", "run", "rollup", "publish", "url", "serve", "database", "demo")


def main(words: Sequence[str]) -> int:
    """Run one verb; give the exit code: 0 done, 1 failed, 2 bad usage or settings."""
    signal.signal(signal.SIGTERM, _terminate)
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.run(arguments, Installation(load_settings())))
    except BusyError as error:
        print(error, file=sys.stderr)
        return 0
    except TenantcastError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    except KeyboardInterrupt:
        print("stopped; run the same again to go on", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="Rolls up raw usage tables and publishes them as small static files, one set a tenant.",
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name in VERBS:
        module = importlib.import_module(f"pipeline.verbs.{name}")
        verb = verbs.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(verb)
        verb.set_defaults(run=module.run)
    return parser
