"""How pages are listed, and a tenant's pages of times: columns of one length."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pipeline.contract.kinds import (
    Amount,
    Bytes,
    Count,
    Currency,
    Day,
    Exact,
    Milliseconds,
    Month,
    Path,
    PeriodName,
    Rank,
    Reason,
    Schema,
    Time,
    Week,
)

TenantId = Annotated[str, "Id of the tenant, as the SaaS has it."]

Covering = TypedDict(
    "Covering",
    {
        "from": Annotated[Time, "Start of what the page covers."],
        "to": Annotated[Time, "End of what the page covers; not part of it."],
    },
)


class PageByTime(Covering):
    """One page of times as it is listed."""

    path: Annotated[Path, "Where it is."]
    bytes: Annotated[Bytes, "How large it is."]


class PageByRank(TypedDict):
    """One page of ranks as it is listed."""

    path: Annotated[Path, "Where it is."]
    from_rank: Annotated[Rank, "First rank in it."]
    to_rank: Annotated[Rank, "Last rank in it."]
    bytes: Annotated[Bytes, "How large it is."]


class PageOfPeriod(PageByRank):
    """One page of a period's ranks as it is listed."""

    period: Annotated[PeriodName, "The period that its numbers are of."]


class PageOfIndex(TypedDict):
    """The index of further pages of ranks as it is listed."""

    path: Annotated[Path, "Where it is."]
    bytes: Annotated[Bytes, "How large it is."]


class TenantPages(TypedDict):
    """A tenant's pages by kind, at most 35, newest or first ranks first; then, if there are more, an index page."""

    hourly: Annotated[list[PageByTime], "A day by hours, each."]
    daily: Annotated[list[PageByTime], "A month by days, each."]
    weekly: Annotated[list[PageByTime], "An ISO year by weeks, each."]
    monthly: Annotated[list[PageByTime], "A year by months, each."]
    endpoints: Annotated[list[PageOfPeriod | PageOfIndex], "Endpoints by rank, where not all are on the first screen."]
    models: Annotated[list[PageOfPeriod | PageOfIndex], "Models by rank, where not all are on the first screen."]
    costs: Annotated[list[PageByTime], "What a month's days cost, each; a long month goes on in further pages."]


class Index(TypedDict):
    """Pages of one kind that the document above has no room for; the last may be the next index."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[
        Literal[
            "hourly-index",
            "daily-index",
            "weekly-index",
            "monthly-index",
            "endpoints-index",
            "models-index",
            "costs-index",
        ],
        "Of what pages.",
    ]
    tenant_id: TenantId
    pages: Annotated[list[PageByTime | PageOfPeriod | PageOfIndex], "The pages."]


class Measures(TypedDict):
    """The columns that pages of times have alike: a place an hour, day, week or month that has data."""

    requests: Annotated[list[Count], "Requests."]
    client_errors: Annotated[list[Count], "Requests with a status of 4xx."]
    server_errors: Annotated[list[Count], "Requests with a status of 5xx."]
    ai_tokens: Annotated[list[Amount], "Tokens of all models."]
    duration_count: Annotated[list[Count], "Requests with a usable duration."]
    avg_ms: Annotated[list[Milliseconds | None], "Exact mean of the durations; null without any."]
    p50_ms: Annotated[list[Milliseconds | None], "Median of the durations, within 1 %; null without any."]
    p95_ms: Annotated[list[Milliseconds | None], "95th percentile of the durations, within 1 %; null without any."]
    p99_ms: Annotated[list[Milliseconds | None], "99th percentile of the durations, within 1 %; null without any."]


class Hourly(Covering, Measures):
    """A tenant's day by hours."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["hourly"], "What page this is."]
    tenant_id: TenantId
    bucket_start: Annotated[list[Time], "Start of each hour that has data."]


class Daily(Covering, Measures):
    """A tenant's month by days that are over."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["daily"], "What page this is."]
    tenant_id: TenantId
    day: Annotated[list[Day], "Each day that has data, in the tenant's zone."]


class Weekly(Covering, Measures):
    """A tenant's ISO year by weeks."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["weekly"], "What page this is."]
    tenant_id: TenantId
    week: Annotated[list[Week], "Each week that has data."]
    first_day: Annotated[list[Day], "Its Monday, in the tenant's zone."]
    days: Annotated[list[Count], "How many of its days are over and in the line: 7, or fewer in the running week."]


class Monthly(Covering, Measures):
    """A tenant's year by months."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["monthly"], "What page this is."]
    tenant_id: TenantId
    month: Annotated[list[Month], "Each month that has data."]
    first_day: Annotated[list[Day], "Its first day, in the tenant's zone."]
    days: Annotated[list[Count], "How many of its days are over and in the line."]


class CostLines(Covering):
    """What a month's days that are over cost: a place a day, item and price."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["costs"], "What page this is."]
    tenant_id: TenantId
    day: Annotated[list[Day], "The day, in the tenant's zone."]
    item: Annotated[list[str], "What was used: api_calls or a kind of usage."]
    price_from: Annotated[list[Time | None], "Since when the price is in force; null without a price."]
    quantity: Annotated[list[Exact], "How much was used, in the item's unit."]
    unit_size: Annotated[list[Exact | None], "How many units the price is for; null without a price."]
    unit_price: Annotated[
        list[Exact | None], "Price of unit_size units, in the price's currency; null without a price."
    ]
    currency: Annotated[list[Currency | None], "Currency of the price; null without a price."]
    native_amount: Annotated[list[Exact | None], "Cost in the price's currency; null without a price."]
    fx_rate: Annotated[
        list[Exact | None], "What one of the price's currency is in the platform's; null without a rate."
    ]
    fx_date: Annotated[list[Day | None], "Day of the rate: an earlier one where the day itself has none."]
    fx_source: Annotated[list[str | None], "Where the rate comes from."]
    amount: Annotated[list[Exact | None], "Cost in the platform's currency; null where price or rate is missing."]
    missing: Annotated[list[Reason | None], "Why amount is null; else null."]
