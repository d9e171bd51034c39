"""`dashboard.json`, a tenant's first screen."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pipeline.contract.costs import CostBreakdown
from pipeline.contract.kinds import (
    Amount,
    Count,
    Currency,
    Granularity,
    Milliseconds,
    Percent,
    QuotaPeriod,
    QuotaState,
    Ratio,
    Schema,
    Seq,
    Time,
    Zone,
)
from pipeline.contract.pages import TenantPages


class Owner(TypedDict):
    """Whose numbers a dashboard shows."""

    id: Annotated[str, "Id of the tenant, as the SaaS has it."]
    name: Annotated[str | None, "Its name; null where the SaaS has none."]
    plan: Annotated[str | None, "Its plan; null where the SaaS has none."]
    timezone: Annotated[Zone, "The zone that its days are in."]


class Metric(TypedDict):
    """One number of the first row, with its course."""

    name: Annotated[Literal["api_requests", "ai_tokens", "error_rate", "avg_response_time"], "Which number."]
    value: Annotated[Amount | None, "The number of the whole period, in unit; null where nothing is known."]
    unit: Annotated[Literal["requests", "tokens", "percent", "ms"], "Unit of value and trend."]
    change_pct: Annotated[Percent | None, "Change against the period before; null where that was nothing."]
    trend: Annotated[list[Amount | None], "24 points of an hour, 28 of six hours, 30 or 90 of a day, oldest first."]


class ApiUsage(TypedDict):
    """Requests of a period."""

    total: Annotated[Count, "All requests."]
    client_errors: Annotated[Count, "Those with a status of 4xx."]
    server_errors: Annotated[Count, "Those with a status of 5xx."]


class Model(TypedDict):
    """AI usage of one model."""

    tokens: Annotated[Amount, "Tokens."]
    requests: Annotated[Count, "Usage records."]
    avg_tokens_per_request: Annotated[Amount | None, "Tokens a record, two decimals; null without any."]


class OtherModels(TypedDict):
    """What the models that are not listed add up to."""

    models: Annotated[Count, "How many they are."]
    tokens: Annotated[Amount, "Their tokens."]
    requests: Annotated[Count, "Their usage records."]


class AiTokens(TypedDict):
    """AI usage of a period."""

    total: Annotated[Amount, "Tokens of all models."]
    by_model: Annotated[dict[str, Model], "The ten models with the most tokens, by name; fewer where names are long."]
    other_models: Annotated[OtherModels | None, "The others; null where all are listed."]


class ResponseTimes(TypedDict):
    """Durations of a period's requests; null without a usable one."""

    avg_ms: Annotated[Milliseconds | None, "Exact mean."]
    p50_ms: Annotated[Milliseconds | None, "Median, within relative_error of the nearest rank."]
    p95_ms: Annotated[Milliseconds | None, "95th percentile, within relative_error of the nearest rank."]
    p99_ms: Annotated[Milliseconds | None, "99th percentile, within relative_error of the nearest rank."]
    count: Annotated[Count, "Requests with a usable duration."]
    relative_error: Annotated[Ratio, "How far percentiles may be off, as a share of themselves."]


class ErrorRates(TypedDict):
    """Errors in percent of a period's requests; null without requests."""

    total_pct: Annotated[Percent | None, "All errors."]
    client_pct: Annotated[Percent | None, "Status 4xx."]
    server_pct: Annotated[Percent | None, "Status 5xx."]


class Endpoint(TypedDict):
    """One endpoint in a period."""

    endpoint: Annotated[str, "The endpoint, as the SaaS has it."]
    requests: Annotated[Count, "Its requests."]
    share_pct: Annotated[Percent | None, "Its share of all requests."]
    p95_ms: Annotated[Milliseconds | None, "95th percentile of its durations, within 1 %; null without any."]
    error_pct: Annotated[Percent | None, "Errors, 4xx and 5xx, in percent of its requests."]


class OtherEndpoints(TypedDict):
    """What the endpoints that are not listed add up to."""

    endpoints: Annotated[Count, "How many they are."]
    requests: Annotated[Count, "Their requests."]
    share_pct: Annotated[Percent | None, "Their share of all requests."]
    error_pct: Annotated[Percent | None, "Errors in percent of their requests."]


class Usage(TypedDict):
    """One kind of usage that is no AI usage, in a period."""

    quota_type: Annotated[str, "The kind, as the SaaS calls it."]
    amount: Annotated[Amount, "How much was used, in the kind's own unit."]
    records: Annotated[Count, "Usage records."]


class OtherKinds(TypedDict):
    """The kinds of usage that are not listed; amounts of different kinds have no sum."""

    kinds: Annotated[Count, "How many they are."]
    records: Annotated[Count, "Their usage records."]


class UsageTrend(TypedDict):
    """Two series of a period, oldest first."""

    granularity: Annotated[Granularity, "How long a point is."]
    start: Annotated[Time, "Start of the first point."]
    api_requests: Annotated[list[Count], "Requests, a point each."]
    ai_tokens: Annotated[list[Amount], "Tokens of all models, a point each."]


class Period(TypedDict):
    """The sections of one period, [start, end)."""

    start: Annotated[Time, "Start of the period."]
    end: Annotated[Time, "End of the period; not part of it."]
    metrics: Annotated[list[Metric], "The four numbers of the first row."]
    api_usage: Annotated[ApiUsage, "Requests."]
    ai_tokens: Annotated[AiTokens, "AI usage."]
    response_times: Annotated[ResponseTimes, "Durations."]
    error_rates: Annotated[ErrorRates, "Errors."]
    top_endpoints: Annotated[
        list[Endpoint], "The ten with the most requests, ties by name; fewer where names are long."
    ]
    other_endpoints: Annotated[OtherEndpoints | None, "The others; null where all are listed."]
    other_usage: Annotated[list[Usage], "The ten largest other kinds of usage; fewer where names are long."]
    other_kinds: Annotated[OtherKinds | None, "The others; null where all are listed."]
    usage_trend: Annotated[UsageTrend, "Requests and tokens over the period."]
    cost_breakdown: Annotated[CostBreakdown, "What the period cost."]


ByPeriod = TypedDict(
    "ByPeriod",
    {
        "24h": Annotated[Period, "The 24 hours that end at data_through."],
        "7d": Annotated[Period, "The last 7 whole days in the tenant's zone."],
        "30d": Annotated[Period, "The last 30 whole days in the tenant's zone."],
        "90d": Annotated[Period, "The last 90 whole days in the tenant's zone."],
    },
)


class Periods(ByPeriod):
    """The numbers of a tenant by period."""


class Quota(TypedDict):
    """One quota in its current period."""

    quota_type: Annotated[str, "api_calls, or a kind of usage."]
    used: Annotated[Amount, "What was used in [period_start, data_through), in the kind's own unit."]
    limit: Annotated[Amount | None, "The limit in the same unit; null: unlimited, 0: none allowed."]
    used_pct: Annotated[Percent | None, "used in percent of limit, rounded down; null without a limit and for 0."]
    period: Annotated[QuotaPeriod, "How often it begins anew, in the tenant's zone."]
    period_start: Annotated[Time, "When it last began."]
    resets_at: Annotated[Time, "When it begins anew; what is used then is the next period's."]
    status: Annotated[QuotaState, "How it stands; judge by this, not by used_pct."]
    projected_exhaustion_at: Annotated[
        Time | None, "The hour in which the limit is reached at the recent pace; null where that makes no sense."
    ]


class Dashboard(TypedDict):
    """All of a tenant's first screen, and the list of its pages."""

    schema: Annotated[Schema, "Which contract this follows."]
    tenant: Annotated[Owner, "Whose numbers these are."]
    seq: Annotated[Seq, "Number of the publish that wrote this."]
    data_through: Annotated[Time, "End of the last complete hour when this was written."]
    currency: Annotated[Currency, "Currency of all money in it."]
    periods: Annotated[Periods, "The numbers by period."]
    quota_status: Annotated[list[Quota], "The quotas by quota_type, then period; at most 20."]
    other_quotas: Annotated[Count, "How many more quotas there are."]
    pages: Annotated[TenantPages, "The pages with detail."]
