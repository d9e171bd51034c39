"""Keeps the embedded PostgreSQL running and prints its address, until Ctrl-C: for psql, notebooks and other clients."""

from __future__ import annotations

import argparse
import signal

from pipeline.database import embedded
from pipeline.errors import SettingsError
from pipeline.installation import Installation

HELP = "keep the embedded database running for other clients"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments: none."""


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Wait until stopped."""
    if installation.settings.database_url:
        raise SettingsError("TENANTCAST_DATABASE_URL names a database of your own: there is no embedded one to keep.")
    print(embedded.start(installation.settings.home / "postgres").replace("+psycopg", ""), flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        return 0
    return 0
