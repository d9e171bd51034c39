"""What the platform's documents are shaped from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, TypeVar


@dataclass(frozen=True)
class Money:
    """An amount in the platform's currency: the sum of what is known, and how many parts are not."""

    known: Decimal | None = None
    unknown: int = 0


@dataclass(frozen=True)
class Activity:
    """How much was used: by a tenant, in an hour, on a day, or in all of a period."""

    requests: int = 0
    ai_tokens: Decimal = Decimal(0)
    tenants: int = 0


@dataclass(frozen=True)
class Plan:
    """One plan on one day: how many subscriptions count, and what they bring a month."""

    plan: str
    tenants: int
    subscriptions: int
    mrr: Decimal | None
    unpriced: int


@dataclass(frozen=True)
class Recurring:
    """MRR of a period: by plan as it closes and opens, what moved it in between, and how many tenants pay at its end.

    `days` adds up the MRR of each of the period's days, what revenue is made of; unknown are subscriptions without one.
    """

    closing: Sequence[Plan] = ()
    opening: Sequence[Plan] = ()
    movements: Mapping[str, Decimal] = field(default_factory=dict)
    paying: int = 0
    days: Money = Money()


@dataclass(frozen=True)
class Ranked:
    """One tenant in the ranks of a period; name and plan are None where it was deleted or was never known.

    `mrr_days` adds up its MRR of each of the period's days; unknown where a subscription has no amount on one of them.
    """

    id: str
    name: str | None
    plan: str | None
    requests: int
    ai_tokens: Decimal
    cost: Money
    mrr: Decimal
    mrr_days: Money


@dataclass(frozen=True)
class Day:
    """One day of the platform."""

    day: date
    activity: Activity
    cost: Money
    mrr: Decimal | None


@dataclass(frozen=True)
class Window:
    """One period, [start, end): its days, and the days as whose ends MRR opens and closes."""

    name: str
    days: int
    start: datetime
    end: datetime
    first_day: date
    opening_day: date
    closing_day: date


@dataclass(frozen=True)
class Rejected:
    """Raw rows that could not be used, for one reason."""

    source: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Period:
    """One period of the platform, and how much there was in the one before it.

    `hours` holds the 24 hours of `24h`, the oldest first; `by_day` all days of the others.
    """

    window: Window
    now: Activity
    before: Activity
    mrr: Recurring
    cost: Money
    top: Sequence[Ranked] = ()
    hours: Sequence[Activity] = ()
    by_day: Sequence[Day] = ()
    rejected: Sequence[Rejected] = ()
    repair_runs: int = 0
    repaired: int = 0


@dataclass(frozen=True)
class Unpriced:
    """One item that costs nobody knows what, and since when."""

    item: str
    reason: str
    tenants: int
    days: int
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Health:
    """What operators have to look at; `stale` are the public names of tenants that are not up to date."""

    lag_hours: int = 0
    stale: Sequence[str] = ()
    no_hour: Sequence[Rejected] = ()
    unpriced: Sequence[Unpriced] = ()
    unpriced_items: int = 0
    unpriced_tenants: int = 0


@dataclass(frozen=True)
class MrrDay:
    """MRR of one closed day: by plan as the day before ended and as it ends, and what moved it."""

    day: date
    opening: Sequence[Plan]
    movements: Mapping[str, Decimal]
    plans: Sequence[Plan]


Dated = TypeVar("Dated")


@dataclass(frozen=True)
class Month(Generic[Dated]):
    """One month, [start, end), and those of its days that are over and have anything."""

    name: str
    start: datetime
    end: datetime
    days: Sequence[Dated]
