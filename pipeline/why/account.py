"""What there is to say of one tenant's files: an account of them, and its JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipeline.runs import json_time


@dataclass(frozen=True)
class Stored:
    """From when to when a raw table's rollups hold rows of the tenant; None: they hold none."""

    source: str
    first_hour: datetime | None
    last_hour: datetime | None


@dataclass(frozen=True)
class Marks:
    """Marks of the tenant or of whole hours that wait in the ledger; `not_over` of them for their hour to end."""

    source: str
    marks: int
    whole_hours: int
    not_over: int
    oldest: datetime | None
    newest: datetime | None
    marked_at: datetime


@dataclass(frozen=True)
class Queue:
    """Entries that wait for the next publish."""

    entries: int
    days: int
    queued_at: datetime | None


@dataclass(frozen=True)
class Holding:
    """An open transaction that has written to a raw table: its rows are seen when it commits."""

    pid: int
    name: str
    state: str
    since: datetime | None


@dataclass(frozen=True)
class Files:
    """Files of one kind: those that are up, and those whose place another version has taken."""

    kind: str
    files: int
    bytes: int
    newest_seq: int | None
    superseded: int


@dataclass(frozen=True)
class Rejected:
    """Raw rows of the last seven days with something that cannot be used."""

    source: str
    reason: str
    rows: int


@dataclass(frozen=True)
class LastRun:
    """The last run of one verb."""

    run_id: int
    verb: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class Dashboard:
    """The first screen that is up: its stamps as readers get them, and when it was written where a run tells."""

    seq: int
    data_through: str | None
    written_at: datetime | None
    problem: str | None  # the ledger lists it and the store does not give it


@dataclass(frozen=True)
class Status:
    """What `status.json` says to readers; `names_tenant`: that this one's files are stale."""

    seq: int | None
    data_through: str | None
    published_at: str | None
    names_tenant: bool
    problem: str | None


@dataclass(frozen=True)
class Account:
    """A tenant, its files, and what they wait for."""

    tenant: str
    now: datetime
    in_tenants: bool
    seen: bool  # by a tick, which is what makes it known
    name: str | None
    plan: str | None
    timezone: str
    zone_problem: str | None
    deleted: bool
    deleted_seen: bool | None
    failure: str | None
    data_through: datetime | None
    announced_through: datetime | None
    published_through: datetime | None
    next_change_at: datetime | None
    status: Status
    dashboard: Dashboard | None
    stored: list[Stored]
    requests_last_day: int
    endpoints_last_day: int
    marks: list[Marks]
    queue: Queue
    holding: list[Holding]
    files: list[Files]
    rejected: list[Rejected]
    runs: list[LastRun]

    @property
    def has_rows(self) -> bool:
        """Whether the rollups hold rows of it, or marks of its own wait."""
        own = any(each.marks > each.whole_hours for each in self.marks)
        return own or any(each.first_hour for each in self.stored)

    def to_json(self) -> dict[str, Any]:
        """Give the account as JSON has it."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return json_time(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
