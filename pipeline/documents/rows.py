"""What documents are shaped from: rows of rollups, for one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

PERIODS = ("24h", "7d", "30d", "90d")


@dataclass(frozen=True)
class Point:
    """The sums of one hour, quarter of a day or day; durations in ms."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    duration_ms_sum: Decimal = Decimal(0)
    duration_count: int = 0
    ai_tokens: Decimal = Decimal(0)


@dataclass(frozen=True)
class Latency:
    """Where the 50th, 95th and 99th percentile lie: sketch keys, and extremes in microseconds."""

    p50_key: int | None = None
    p95_key: int | None = None
    p99_key: int | None = None
    us_min: int | None = None
    us_max: int | None = None
    duration_count: int = 0


@dataclass(frozen=True)
class Endpoint:
    """One endpoint in one period; `rank` counts from 1."""

    endpoint: str
    rank: int
    requests: int
    errors: int
    latency: Latency


@dataclass(frozen=True)
class Whole:
    """All entries of a list together, also those that are not read: how many, and their sums."""

    entries: int = 0
    requests: int = 0  # of usage, its records
    errors: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Usage:
    """One kind of usage in one period."""

    quota_type: str
    amount: Decimal
    records: int


@dataclass(frozen=True)
class CostPart:
    """Lines of one item in one period whose amount is known, or not for one reason, `missing`, and is None then.

    `lines` are by day, item and price; `native_amount` is in `currency`, which is None where there is more than one.
    """

    item: str
    lines: int
    quantity: Decimal
    currency: str | None
    native_amount: Decimal | None
    amount: Decimal | None
    missing: str | None
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Costs:
    """The costs of one period, and of the one of the same length before it."""

    now: Sequence[CostPart] = ()
    before: Sequence[CostPart] = ()


@dataclass(frozen=True)
class CostLine:
    """One line of `rollup.cost_daily`, as pages have it: [starts_at, ends_at) is its day, numbers are written out."""

    starts_at: datetime
    ends_at: datetime
    day: str
    item: str
    price_from: str | None
    quantity: str
    unit_size: str | None
    unit_price: str | None
    currency: str | None
    native_amount: str | None
    fx_rate: str | None
    fx_date: str | None
    fx_source: str | None
    amount: str | None
    missing: str | None


@dataclass(frozen=True)
class PageRow:
    """One line of a detail page: an hour (its start), or a day, week or month (the date of its first day).

    `days` is how many days of a week or month are over and in the line.
    """

    at: datetime | str
    point: Point
    latency: Latency
    days: int = 1


@dataclass(frozen=True)
class Listed:
    """One page as `dashboard.json` lists it; `path` is relative to the dashboard's folder.

    A page by rank has no time of its own; its name tells its period and ranks.
    """

    path: str
    page: str
    page_from: datetime | None
    page_to: datetime | None
    bytes: int


@dataclass(frozen=True)
class Period:
    """One period: [start, end), its latency, and its lists: the first entries, and all together.

    `kinds` are the kinds of usage that are no AI usage.
    """

    start: datetime
    end: datetime
    latency: Latency = Latency()
    endpoints: Sequence[Endpoint] = ()
    all_endpoints: Whole = Whole()
    models: Sequence[Usage] = ()
    all_models: Whole = Whole()
    kinds: Sequence[Usage] = ()
    all_kinds: Whole = Whole()
    costs: Costs = Costs()


@dataclass(frozen=True)
class Quota:
    """One quota in its period [period_start, resets_at); `limit` None: unlimited.

    `pace` is what was used in the `pace_hours` that the pace is taken from, and it goes on from `paced_from`; no hours:
    nothing was used in them.
    """

    quota_type: str
    period: str
    limit: Decimal | None
    used: Decimal
    period_start: datetime
    resets_at: datetime
    pace: Decimal
    pace_hours: int | None
    paced_from: datetime


@dataclass(frozen=True)
class Tenant:
    """All of one tenant that its dashboard is made of.

    `series` holds points by grain and place: hours before the end (1 to 48), days before today (1 to 180), quarters
    of the last seven days (0, the oldest, to 27). A place without a point had nothing. `quotas` are the first of
    `all_quotas`. `cost_days` holds what each day before today (1 to 90) cost, None where nothing of it is known.
    """

    id: str
    name: str
    plan: str
    timezone: str
    periods: Mapping[str, Period]
    series: Mapping[str, Mapping[int, Point]] = field(default_factory=dict)
    quotas: Sequence[Quota] = ()
    all_quotas: int = 0
    cost_days: Mapping[int, Decimal | None] = field(default_factory=dict)
