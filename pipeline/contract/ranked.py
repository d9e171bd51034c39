"""A tenant's pages of ranks: all endpoints and models of a period, in columns of one length."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pipeline.contract.kinds import Amount, Count, Milliseconds, Percent, PeriodName, Rank, Schema
from pipeline.contract.pages import TenantId
from pipeline.contract.tenant import OtherEndpoints, OtherModels


class RankedPage(TypedDict):
    """What pages of ranks have alike: a place a rank."""

    schema: Annotated[Schema, "Which contract this follows."]
    tenant_id: TenantId
    period: Annotated[PeriodName, "The period that the numbers are of."]
    entries: Annotated[Count, "How many entries the whole list has."]
    rank: Annotated[list[Rank], "Rank, ties by name."]


class Endpoints(RankedPage):
    """Endpoints of a period, those with the most requests first."""

    kind: Annotated[Literal["endpoints"], "What page this is."]
    endpoint: Annotated[list[str], "The endpoint, as the SaaS has it."]
    requests: Annotated[list[Count], "Its requests."]
    share_pct: Annotated[list[Percent | None], "Its share of all requests."]
    p50_ms: Annotated[list[Milliseconds | None], "Median of its durations, within 1 %; null without any."]
    p95_ms: Annotated[list[Milliseconds | None], "95th percentile of its durations, within 1 %; null without any."]
    p99_ms: Annotated[list[Milliseconds | None], "99th percentile of its durations, within 1 %; null without any."]
    error_pct: Annotated[list[Percent | None], "Errors, 4xx and 5xx, in percent of its requests."]
    other: Annotated[OtherEndpoints | None, "What no page lists, on the last page; else null."]


class Models(RankedPage):
    """Models of a period, those with the most tokens first."""

    kind: Annotated[Literal["models"], "What page this is."]
    model: Annotated[list[str], "The model."]
    tokens: Annotated[list[Amount], "Its tokens."]
    requests: Annotated[list[Count], "Its usage records."]
    avg_tokens_per_request: Annotated[list[Amount | None], "Tokens a record, two decimals; null without any."]
    other: Annotated[OtherModels | None, "What no page lists, on the last page; else null."]
