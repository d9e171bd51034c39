"""What a comparison finds: buckets and days that differ, and control totals. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeline.runs import json_time

MOST_LISTED = 100_000  # of more than that, only the count is kept
SHOWN = 20
HOURLY = ("api_hourly", "usage_hourly", "rejected_by_tenant", "rejected_hourly")
DAILY = ("api_daily", "usage_daily")
MEASURES = {
    "api_hourly": "requests",
    "api_daily": "requests",
    "usage_hourly": "amount",
    "usage_daily": "amount",
    "rejected_by_tenant": "rejected rows",
    "rejected_hourly": "rejected rows",
    "cost_daily": "amount",
    "mrr_daily": "mrr",
    "mrr_movements": "amount",
    "mrr_bridge": "mrr",
    "activity_daily": "requests",
    "platform_daily": "cost",
}


@dataclass(frozen=True)
class Difference:
    """One (tenant, hour) or (tenant, day) of a rollup that differs in `what`; hours carry the tenant's day as well.

    `names` counts the endpoints, kinds of usage or reasons that differ; `stored` and `recomputed` are the main measure
    of the whole bucket.
    """

    rollup: str
    tenant: str | None
    bucket_start: datetime | None
    day: date | None
    names: int
    what: tuple[str, ...]
    stored: Decimal
    recomputed: Decimal
    tokens_stored: Decimal
    tokens_recomputed: Decimal
    waiting: bool

    def to_json(self) -> dict[str, Any]:
        """Give the difference as JSON has it; amounts are exact, so they are text."""
        return {
            "rollup": self.rollup,
            "tenant_id": self.tenant,
            "bucket_start": json_time(self.bucket_start),
            "day": self.day.isoformat() if self.day else None,
            "names": self.names,
            "what": list(self.what),
            "measure": MEASURES[self.rollup],
            "stored": str(self.stored),
            "recomputed": str(self.recomputed),
        }

    def sentence(self) -> str:
        """Say it in a line."""
        place = json_time(self.bucket_start) or (str(self.day) if self.day else "without an hour")
        tenant = f" tenant {self.tenant}" if self.tenant is not None else ""
        return (
            f"{self.rollup} {place}{tenant}: {self.names:,} differ in {', '.join(self.what)}; "
            f"{MEASURES[self.rollup]} stored {self.stored:,}, recomputed {self.recomputed:,}"
        )


@dataclass
class Totals:
    """Control totals of one raw table: rows by raw table and by rollup, and whole days by hours and by themselves."""

    raw_rows: int = 0
    counted_rows: int = 0
    refused_rows: int = 0
    by_hours: Decimal = Decimal(0)
    by_days: Decimal = Decimal(0)
    tenants_off: int = 0

    def add(self, **more: Any) -> None:
        """Add the totals of a part."""
        for name, value in more.items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def agree(self) -> bool:
        """Whether they are what they must be."""
        rows_agree = self.raw_rows == self.counted_rows + self.refused_rows
        return rows_agree and self.by_hours == self.by_days and not self.tenants_off

    def to_json(self) -> dict[str, Any]:
        """Give the totals as JSON has them."""
        amounts = {"by_hours": str(self.by_hours), "by_days": str(self.by_days)}
        return {**vars(self), **amounts, "agree": self.agree}


@dataclass
class Comparison:
    """All that was found over a range; `differing` counts by rollup, `differences` lists at most MOST_LISTED of them.

    `waiting` are buckets that differ and that the next tick redoes anyway.
    """

    spans: int = 0
    differing: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    frozen_hours: int = 0
    unzoned_days: int = 0
    totals: dict[str, Totals] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, found: Iterable[Difference]) -> None:
        """Take in what one part of the range gave."""
        for each in found:
            if each.waiting:
                self.waiting += 1
                continue
            self.differing[each.rollup] += 1
            if len(self.differences) < MOST_LISTED:
                self.differences.append(each)

    @property
    def agrees(self) -> bool:
        """Whether nothing differs that no tick would redo by itself."""
        return not self.differing.total() and all(totals.agree for totals in self.totals.values())

    def counts(self) -> dict[str, Any]:
        """Give what the run ledger keeps: counts, and the first differences."""
        return {
            "agrees": self.agrees,
            "differing": dict(self.differing),
            "waiting_buckets": self.waiting,
            "frozen_hours": self.frozen_hours,
            "days_without_zone": self.unzoned_days,
            "totals": {source: totals.to_json() for source, totals in self.totals.items()},
            "differences": [each.to_json() for each in self.first()],
        }

    def to_json(self) -> dict[str, Any]:
        """Give all of it as JSON has it."""
        listed = len(self.differences)
        return {
            **self.counts(),
            "differences": [each.to_json() for each in self.differences],
            "differences_not_listed": self.differing.total() - listed,
        }

    def first(self) -> list[Difference]:
        """Give the first differences of each rollup."""
        seen: Counter[str] = Counter()
        kept = []
        for each in self.differences:
            seen[each.rollup] += 1
            if seen[each.rollup] <= SHOWN:
                kept.append(each)
        return kept

    def lines(self) -> list[str]:
        """Say it to people: what differs, what was left out and why, the control totals."""
        lines = [each.sentence() for each in self.first()]
        lines += [
            f"{rollup}: {count - SHOWN:,} more differ; --json lists them"
            for rollup, count in self.differing.items()
            if count > SHOWN
        ]
        if self.waiting:
            lines.append(
                f"waiting: {self.waiting:,} buckets have changed since the last tick; the next one redoes them"
            )
        if self.frozen_hours:
            lines.append(
                f"frozen: {self.frozen_hours:,} stored hours are not compared: their raw rows have been purged, may "
                "have been, or are older than the hours that are kept"
            )
        if self.unzoned_days:
            lines.append(
                f"without a zone: {self.unzoned_days:,} stored days are not compared: their tenants' time zones cannot "
                "be used"
            )
        return [*lines, *(_total_line(source, totals) for source, totals in self.totals.items())]


def _total_line(source: str, totals: Totals) -> str:
    measure = "requests" if source == "api_requests" else "amount"
    days_agree = totals.by_hours == totals.by_days and not totals.tenants_off
    off = f" ({totals.tenants_off:,} tenants differ)" if totals.tenants_off else ""
    return (
        f"{source}: {totals.raw_rows:,} raw rows, {totals.counted_rows:,} counted + {totals.refused_rows:,} refused: "
        f"{'agree' if totals.raw_rows == totals.counted_rows + totals.refused_rows else 'DIFFER'}; "
        f"{measure} of days {totals.by_days:,}, of their hours {totals.by_hours:,}: "
        f"{'agree' if days_agree else 'DIFFER'}{off}"
    )
