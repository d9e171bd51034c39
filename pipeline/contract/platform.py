"""The platform's documents, for operators: `summary.json` and its pages."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pipeline.contract.kinds import (
    Amount,
    Count,
    Currency,
    Day,
    Hours,
    Money,
    Percent,
    PeriodName,
    PublicName,
    Rank,
    Ratio,
    Reason,
    Schema,
    Seq,
    Time,
    Zone,
)
from pipeline.contract.pages import Covering, PageByRank, PageByTime


class Movements(TypedDict):
    """What moved MRR from the opening to the total."""

    new: Annotated[Money, "Tenants that had never paid."]
    expansion: Annotated[Money, "Tenants that pay more."]
    contraction: Annotated[Money, "Tenants that pay less; negative."]
    churn: Annotated[Money, "Tenants that stopped paying; negative."]
    reactivation: Annotated[Money, "Tenants that pay again."]
    fx_impact: Annotated[Money, "What exchange rates did."]


class PlanRevenue(TypedDict):
    """One plan as a period ends."""

    plan: Annotated[str, "The plan."]
    count: Annotated[Count, "Its subscriptions."]
    revenue: Annotated[Money | None, "Its MRR; null where nothing of it is known."]


class OtherPlans(TypedDict):
    """What the plans that are not listed add up to."""

    plans: Annotated[Count, "How many they are."]
    count: Annotated[Count, "Their subscriptions."]
    revenue: Annotated[Money | None, "What is known of their MRR; null where nothing is."]


class Mrr(TypedDict):
    """MRR as a period ends, and how it came about: opening + movements = total."""

    total: Annotated[Money | None, "MRR as the period ends; null where nothing is known."]
    currency: Annotated[Currency, "Currency of all money in it."]
    by_plan: Annotated[list[PlanRevenue], "The 20 plans with the most MRR; fewer where names are long."]
    other_plans: Annotated[OtherPlans | None, "The others; null where all are listed."]
    opening: Annotated[Money | None, "MRR as the period begins; null where nothing is known."]
    movements: Annotated[Movements, "What moved it."]
    arpa: Annotated[Money | None, "total by paying tenants; null without any."]
    nrr_pct: Annotated[Percent | None, "Net revenue retention; null where the opening is nothing."]
    grr_pct: Annotated[Percent | None, "Gross revenue retention; null where the opening is nothing."]
    quick_ratio: Annotated[Ratio | None, "What was gained by what was lost; null where nothing was lost."]
    unpriced: Annotated[Count, "Subscriptions without a known amount."]
    definition: Annotated[str, "By which definition MRR is counted."]


class Margin(TypedDict):
    """What came in, and what is left of it."""

    revenue: Annotated[Money | None, "What MRR brings in the period's days; null where nothing is known."]
    revenue_complete: Annotated[bool, "Whether revenue is all of it."]
    margin: Annotated[Money | None, "revenue less cost; null until both are complete."]
    margin_pct: Annotated[Percent | None, "margin in percent of revenue; null until both are complete."]


class PlatformCost(Margin):
    """What a period cost, and what is left."""

    total: Annotated[Money | None, "The sum of what is known; null where nothing is."]
    complete: Annotated[bool, "Whether total is all of it."]


class TopTenant(Margin):
    """One tenant in the ranks."""

    tenant_id: Annotated[str, "Its id, as the SaaS has it."]
    name: Annotated[str | None, "Its name; null of a deleted or unknown one."]
    plan: Annotated[str | None, "Its plan; null of a deleted or unknown one."]
    requests: Annotated[Count, "Its requests."]
    ai_tokens: Annotated[Amount, "Tokens of all models."]
    cost: Annotated[Money | None, "What is known of its cost; null where nothing is."]
    cost_complete: Annotated[bool, "Whether cost is all of it."]
    mrr: Annotated[Money | None, "Its MRR as the period ends; null where it is not known."]


class Activity(TypedDict):
    """Three series, oldest first, one point each."""

    requests: Annotated[list[Count], "Requests."]
    ai_tokens: Annotated[list[Amount], "Tokens of all models."]
    active_tenants: Annotated[list[Count], "Tenants with a request or a usage record."]


class ActivityByHour(Activity):
    """The 24 hours of a period."""

    start: Annotated[Time, "Start of the first hour."]


class ActivityByDay(Activity):
    """The days of a period."""

    start: Annotated[Day, "The first day, in the platform's zone."]
    mrr: Annotated[list[Money | None], "MRR as each day ends; null before it was first known."]
    cost: Annotated[list[Money | None], "What is known of each day's cost; null where nothing is."]


class PlatformPeriod(TypedDict):
    """The whole platform in one period, [start, end)."""

    start: Annotated[Time, "Start of the period."]
    end: Annotated[Time, "End of the period; not part of it."]
    mrr: Annotated[Mrr, "MRR."]
    active_tenants: Annotated[Count, "Tenants with a request or a usage record in the period."]
    active_tenants_before: Annotated[Count, "The same in the period before."]
    requests: Annotated[Count, "Requests."]
    usage_growth_pct: Annotated[
        Percent | None, "Change of requests against the period before; null where that was nothing."
    ]
    ai_tokens: Annotated[Amount, "Tokens of all models."]
    tokens_growth_pct: Annotated[
        Percent | None, "Change of tokens against the period before; null where that was nothing."
    ]
    cost: Annotated[PlatformCost, "Cost, revenue and margin."]
    top_tenants: Annotated[list[TopTenant], "20 by requests, then tokens, then id; fewer where names are long."]
    hourly: Annotated[ActivityByHour | None, "The hours of 24h; null for the others."]
    daily: Annotated[ActivityByDay | None, "The days of the others; null for 24h."]


PlatformByPeriod = TypedDict(
    "PlatformByPeriod",
    {
        "24h": Annotated[PlatformPeriod, "The 24 hours that end at data_through."],
        "7d": Annotated[PlatformPeriod, "The last 7 whole days in the platform's zone."],
        "30d": Annotated[PlatformPeriod, "The last 30 whole days in the platform's zone."],
        "90d": Annotated[PlatformPeriod, "The last 90 whole days in the platform's zone."],
    },
)


class PlatformPeriods(PlatformByPeriod):
    """The numbers of the platform by period."""


class Rejected(TypedDict):
    """Raw rows with something that cannot be used, for one reason."""

    source: Annotated[str, "The raw table."]
    reason: Annotated[str, "What is wrong, for example duration_negative."]
    rows: Annotated[Count, "How many rows."]


RejectedIn = TypedDict(
    "RejectedIn",
    {
        "24h": Annotated[list[Rejected], "Of the period's hours."],
        "7d": Annotated[list[Rejected], "Of the period's days."],
        "30d": Annotated[list[Rejected], "Of the period's days."],
        "90d": Annotated[list[Rejected], "Of the period's days."],
        "no_hour": Annotated[list[Rejected], "Rows that have no usable time."],
    },
)


class RejectedByPeriod(RejectedIn):
    """Raw rows that cannot be used, by period."""


class Repaired(TypedDict):
    """What was put right in a period."""

    runs: Annotated[Count, "Runs that repaired something."]
    buckets: Annotated[Count, "Hours of tenants that were redone."]


RepairedIn = TypedDict(
    "RepairedIn",
    {
        "24h": Annotated[Repaired, "In the period's hours."],
        "7d": Annotated[Repaired, "In the period's days."],
        "30d": Annotated[Repaired, "In the period's days."],
        "90d": Annotated[Repaired, "In the period's days."],
    },
)


class RepairedByPeriod(RepairedIn):
    """What was put right, by period."""


class UnknownCost(TypedDict):
    """An item without an amount, for one reason, over all tenants."""

    item: Annotated[str, "What was used: api_calls or a kind of usage."]
    reason: Annotated[Reason, "Why its amount is not known."]
    tenants: Annotated[Count, "Tenants that used it."]
    days: Annotated[Count, "Days of tenants."]
    first_day: Annotated[Day, "The first of them."]
    last_day: Annotated[Day, "The last of them."]


class UnknownCosts(TypedDict):
    """Costs of the last 90 days that are not known."""

    tenants: Annotated[Count, "Tenants that have any."]
    items: Annotated[list[UnknownCost], "The first 20."]
    more_items: Annotated[Count, "How many more there are."]


class Health(TypedDict):
    """How well the numbers are."""

    data_through: Annotated[Time, "End of the last complete hour when this was written."]
    lag_hours: Annotated[Hours, "How far that was behind the clock."]
    rejected: Annotated[RejectedByPeriod, "Raw rows that cannot be used."]
    repaired: Annotated[RepairedByPeriod, "What was put right."]
    stale: Annotated[list[PublicName], "Tenants that are not up to date, at most 50."]
    stale_tenants: Annotated[Count, "How many there are."]
    unknown_costs: Annotated[UnknownCosts, "Costs that are not known."]


class PlatformPages(TypedDict):
    """The platform's pages by kind, at most 35; after them, if there are more, an index page."""

    daily: Annotated[list[PageByTime], "A month by days, each; newest first."]
    mrr: Annotated[list[PageByTime], "How MRR moved in a month, each; newest first."]
    tenants: Annotated[list[PageByRank], "All tenants by rank, a hundred at most each; first ranks first."]


class Summary(TypedDict):
    """What operators see first."""

    schema: Annotated[Schema, "Which contract this follows."]
    seq: Annotated[Seq, "Number of the publish that wrote this."]
    data_through: Annotated[Time, "End of the last complete hour when this was written."]
    currency: Annotated[Currency, "Currency of all money in it."]
    timezone: Annotated[Zone, "The platform's zone."]
    periods: Annotated[PlatformPeriods, "The numbers by period."]
    health: Annotated[Health, "How well the numbers are."]
    pages: Annotated[PlatformPages, "The pages with detail."]


class PlatformPage(Covering):
    """What pages of months have alike."""

    schema: Annotated[Schema, "Which contract this follows."]
    currency: Annotated[Currency, "Currency of all money in it."]


class PlatformDaily(PlatformPage):
    """A month of the platform by days that have anything."""

    kind: Annotated[Literal["daily"], "What page this is."]
    day: Annotated[list[Day], "Each day, in the platform's zone."]
    active_tenants: Annotated[list[Count], "Tenants with a request or a usage record."]
    requests: Annotated[list[Count], "Requests."]
    ai_tokens: Annotated[list[Amount], "Tokens of all models."]
    cost: Annotated[list[Money | None], "What is known of the cost; null where nothing is."]
    unknown_costs: Annotated[list[Count], "Lines without a cost."]
    mrr: Annotated[list[Money | None], "MRR as the day ends; null before it was first known."]


class PlanDays(TypedDict):
    """What MRR was made of as each day ended: a place a day and plan."""

    day: Annotated[list[Day], "The day."]
    plan: Annotated[list[str], "The plan."]
    tenants: Annotated[list[Count], "Tenants on it."]
    subscriptions: Annotated[list[Count], "Subscriptions to it."]
    mrr: Annotated[list[Money | None], "Its MRR; null where nothing of it is known."]
    unpriced: Annotated[list[Count], "Subscriptions without a known amount."]


class PlatformMrr(PlatformPage):
    """How MRR moved on the days of a month: opening + movements = closing."""

    kind: Annotated[Literal["mrr"], "What page this is."]
    definition: Annotated[str, "By which definition MRR is counted."]
    day: Annotated[list[Day], "Each day, in the platform's zone."]
    opening: Annotated[list[Money | None], "MRR as the day begins; null where nothing is known."]
    new: Annotated[list[Money], "Tenants that had never paid."]
    expansion: Annotated[list[Money], "Tenants that pay more."]
    contraction: Annotated[list[Money], "Tenants that pay less; negative."]
    churn: Annotated[list[Money], "Tenants that stopped paying; negative."]
    reactivation: Annotated[list[Money], "Tenants that pay again."]
    fx_impact: Annotated[list[Money], "What exchange rates did."]
    closing: Annotated[list[Money | None], "MRR as the day ends; null where nothing is known."]
    plans: Annotated[PlanDays, "What it was made of."]


class PlatformTenants(TypedDict):
    """Some tenants in the order of their rank, in the columns of top_tenants."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["tenants"], "What page this is."]
    period: Annotated[PeriodName, "The period that the numbers are of."]
    currency: Annotated[Currency, "Currency of all money in it."]
    rank: Annotated[list[Rank], "Rank by requests, then tokens, then id."]
    tenant_id: Annotated[list[str], "Id, as the SaaS has it."]
    name: Annotated[list[str | None], "Name; null of a deleted or unknown tenant."]
    plan: Annotated[list[str | None], "Plan; null of a deleted or unknown tenant."]
    requests: Annotated[list[Count], "Requests."]
    ai_tokens: Annotated[list[Amount], "Tokens of all models."]
    cost: Annotated[list[Money | None], "What is known of the cost; null where nothing is."]
    cost_complete: Annotated[list[bool], "Whether cost is all of it."]
    mrr: Annotated[list[Money | None], "MRR as the period ends; null where it is not known."]
    revenue: Annotated[list[Money | None], "What MRR brings in the period's days; null where nothing is known."]
    revenue_complete: Annotated[list[bool], "Whether revenue is all of it."]
    margin: Annotated[list[Money | None], "revenue less cost; null until both are complete."]
    margin_pct: Annotated[list[Percent | None], "margin in percent of revenue; null until both are complete."]


class PlatformIndex(TypedDict):
    """Pages of one kind that the summary has no room for; the last may be the next index."""

    schema: Annotated[Schema, "Which contract this follows."]
    kind: Annotated[Literal["daily-index", "mrr-index", "tenants-index"], "Of what pages."]
    pages: Annotated[list[PageByTime | PageByRank], "The pages."]
