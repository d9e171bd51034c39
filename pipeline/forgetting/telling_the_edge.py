"""Tells the CDN which paths have changed or gone: a command of the operator's, run without a shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from pipeline.database.connection import execute, rows
from pipeline.forgetting.receipt import Receipt
from pipeline.installation import Installation
from pipeline.settings import PREFIX

LONGEST = 120.0
SAID = 200  # characters of what a command says that stand in the receipt


def tell_the_edge(installation: Installation, receipt: Receipt) -> bool:
    """Give the command the paths on its standard input, one a line; say whether nothing is left to be told."""
    command, database = installation.settings.invalidate_command, installation.database
    if not command:
        receipt.invalidation = "none: TENANTCAST_INVALIDATE_COMMAND is not set"
        return True
    with database.transaction() as connection:
        paths = [row.path for row in rows(connection, "forget/untold", digest=receipt.tenant)]
    if not paths:
        return True
    wrong = _run(command, paths)
    if wrong:
        receipt.invalidation = f"FAILED: {wrong}"
        return False
    with database.transaction() as connection:
        execute(connection, "forget/told", digest=receipt.tenant, paths=paths)
    receipt.invalidation = "done"
    return True


def _run(command: Sequence[str], paths: Sequence[str]) -> str | None:
    """Run it; give what went wrong. It gets what the shell gives, without our settings: some are secrets."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    try:
        done = subprocess.run(  # noqa: S603  the operator's own command, without a shell
            list(command),
            input="".join(f"{path}\n" for path in paths),
            text=True,
            errors="replace",  # what it says is only shown
            capture_output=True,
            timeout=LONGEST,
            env=given,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not end within {LONGEST:.0f} s"
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    if done.returncode:
        said = " ".join(done.stderr.split())[:SAID]
        return f"{command[0]} ended with {done.returncode}{f': {said}' if said else ''}"
    return None
