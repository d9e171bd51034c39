"""What a tick says of itself: to the run ledger, on the command line, to Airflow."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.runs import as_dict, json_time


@dataclass
class RollReport:
    """What a tick did; `oldest` is the earliest bucket that was redone.

    `rejected` counts the rows of the redone buckets that have something wrong, and those that came for a frozen one,
    by reason; `book` is the new state of the price book, where prices or rates changed; `waiting` the marks of hours
    that are not over; `held_back_by` names open transactions whose rows come when they commit.
    """

    data_through: datetime | None = None
    marks: int = 0
    buckets: int = 0
    oldest: datetime | None = None
    chunks: int = 0
    days: int = 0
    book: int | None = None
    cost_days: int = 0
    cost_days_changed: int = 0
    subscriptions_changed: int = 0
    mrr_days_changed: int = 0
    platform_days: int = 0
    tenants_changed: int = 0
    tenants_queued: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, Any] = field(default_factory=dict)
    held_back_by: list[str] = field(default_factory=list)
    partitions_made: list[str] = field(default_factory=list)
    partitions_dropped: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seconds_by_step: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time that the body takes to a step."""
        began = time.monotonic()
        yield
        self.seconds_by_step[step] = round(self.seconds_by_step.get(step, 0) + time.monotonic() - began, 3)

    def redone(self, *, marks: int, buckets: int, oldest: datetime | None, days: int) -> None:
        """Count one chunk."""
        self.chunks += 1
        self.marks += marks
        self.buckets += buckets
        self.days += days
        self.oldest = min(filter(None, (self.oldest, oldest)), default=None)

    def rejects(self, rows_by_reason: Mapping[str, int]) -> None:
        """Count rejected rows."""
        for reason, rows in rows_by_reason.items():
            self.rejected[reason] = self.rejected.get(reason, 0) + rows

    def left(self, *, marks: int, oldest: datetime | None, newest: datetime | None) -> None:
        """Say which marks wait for their hour to be over."""
        self.waiting = {"marks": marks, "oldest": json_time(oldest), "newest": json_time(newest)}

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return as_dict(self)
