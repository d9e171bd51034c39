"""The demo from beginning to end: a SaaS with a history, a first publish, and then life goes on."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pipeline.demo.changes import later_changes
from pipeline.demo.load import load_rows
from pipeline.demo.marker import (
    Marker,
    begin,
    begin_changes,
    create_tables,
    find_marker,
    refuse_foreign,
    refuse_strangers,
    rolled_through,
)
from pipeline.demo.world import Parameters, World, first_instant, make_world
from pipeline.demo.write import apply, copy_rows
from pipeline.errors import PermanentError, TransientError
from pipeline.installation import Installation
from pipeline.publish.keys import address, platform_address
from pipeline.run import run
from pipeline.runs import hour_of, json_time
from pipeline.sources.install import install

HISTORY_ENDS_BEFORE = timedelta(hours=3)
BUSY_TRIES = 60
BUSY_SECONDS = 2


@dataclass
class Made:
    """What the demo made in this run.

    `failures` counts tenants that could not be published; `tenant` is the biggest one, `url` and `page` its
    address, None where no tick has seen it yet; `operator_page` shows the platform.
    """

    rows: int = 0
    late: int = 0
    corrected: int = 0
    moved: int = 0
    deleted: int = 0
    first_published: str | None = None
    ends: str | None = None
    failures: int = 0
    tenant: str = ""
    url: str | None = None
    page: str | None = None
    operator_page: str | None = None
    started_anew: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return asdict(self)


def simulate(installation: Installation, parameters: Parameters, end: datetime, *, leave_changes: bool) -> Made:
    """Make the simulated SaaS, or bring the one that is there up to `end`.

    Raises PermanentError, before anything is written, where the source tables hold somebody else's rows.
    """
    made = Made(ends=json_time(end))
    world, loaded = _prepare(installation, parameters, end, made)
    installation.progress.say(f"A simulated SaaS in Lagos, up to {made.ends}: {_words(parameters)}")
    history_end = hour_of(end) - HISTORY_ENDS_BEFORE
    if loaded is None or loaded < history_end:
        made.rows += load_rows(installation, world, since=loaded, until=history_end)
        loaded = history_end
    # After the history, as it is with a SaaS that has been there for long; and rows go in at twice the speed.
    install(installation)
    with installation.database.transaction() as connection:
        rolled = rolled_through(connection)
    if rolled is None or rolled < history_end:
        installation.progress.say(f"A first publish, as of {json_time(history_end)}")
        made.failures = _publish(installation, history_end)
        made.first_published = json_time(history_end)
    installation.progress.say("After that: newer rows, late ones, corrections, deletions")
    if loaded is None or loaded < end:
        made.rows += load_rows(installation, world, since=loaded, until=end)
    _change(installation, world, history_end, end, made)
    if not leave_changes:
        made.failures = _publish(installation, end)
    made.tenant = world.biggest.id
    with suppress(PermanentError):  # started anew with its changes left: no tick has seen the tenant yet
        biggest = address(installation, world.biggest.id)
        made.url, made.page = biggest.url, biggest.page
        made.operator_page = platform_address(installation).page
    return made


def _prepare(
    installation: Installation, parameters: Parameters, end: datetime, made: Made
) -> tuple[World, datetime | None]:
    """Give the world and how far it is loaded; nothing is written before all refusals are past."""
    database, tables = installation.database, installation.settings.source
    with database.transaction() as connection:
        marker = find_marker(connection)
        _refuse_going_back(connection, marker, parameters, end)
        if marker is None:
            refuse_foreign(connection, tables)
        elif marker.parameters != parameters:
            refuse_strangers(connection, tables, make_world(marker.parameters, marker.starts_at))
    if marker and marker.parameters == parameters:
        return make_world(parameters, marker.starts_at), marker.loaded_through
    if marker:
        installation.progress.say(
            f"The demo that is here was made with {_words(marker.parameters)}: emptying its tables and starting anew."
        )
    world = make_world(parameters, first_instant(end, parameters.days))
    with database.transaction() as connection:
        create_tables(connection, tables)
        begin(connection, tables, world)
    made.started_anew = marker is not None
    return world, None


def _refuse_going_back(connection: Connection, marker: Marker | None, parameters: Parameters, end: datetime) -> None:
    reached = [rolled_through(connection)]
    if marker and marker.parameters == parameters:
        reached.append(marker.loaded_through)
    latest = max(filter(None, reached), default=None)
    if latest and end < latest:
        raise PermanentError(
            f"demo: the data here already goes up to {json_time(latest)}, which is after {json_time(end)}. "
            "Give --as-of a later time, or use another database and TENANTCAST_HOME."
        )


def _publish(installation: Installation, as_of: datetime) -> int:
    """Run once, waiting for a scheduler's tick that may be at work; give how many tenants failed."""
    for _ in range(BUSY_TRIES):
        report = run(installation, as_of)
        if not report.busy:
            return len(report.publish.failures)
        time.sleep(BUSY_SECONDS)
    raise TransientError("demo: another tick does not come to an end. Run the same again when it has.")


def _change(installation: Installation, world: World, before: datetime, end: datetime, made: Made) -> None:
    """Let late rows, corrections and deletions happen to what was there before `before`, once for each `end`."""
    tables, changes = installation.settings.source, later_changes(world, before, end)
    with installation.database.transaction() as connection:
        if not begin_changes(connection, end):
            return
        copy_rows(connection, tables, changes.late)
        made.late += changes.late.count
        made.moved += apply(connection, tables, changes.moves)
        made.corrected += apply(connection, tables, changes.corrections)
        made.deleted += apply(connection, tables, changes.deletions)


def _words(parameters: Parameters) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in asdict(parameters).items())
