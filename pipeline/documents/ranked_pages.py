"""The pages of kind `endpoints` and `models`: all of a period's list by rank, a hundred a page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeline.documents import lists
from pipeline.documents.budget import cut
from pipeline.documents.lists import LISTED, Draft, Lengths
from pipeline.documents.numbers import percent, plain, ratio
from pipeline.documents.rows import PERIODS, Period
from pipeline.documents.version import SCHEMA

A_PAGE = 100
MOST = 10_000  # entries of one list that have a place in pages; what is beyond them is one sum, on the last page
Column = Callable[[Mapping[str, Any], Draft], Any]


@dataclass(frozen=True)
class Ranking:
    """One kind of list: where its draft stands in a period, how long the first screen shows it, and its columns."""

    draft: Callable[[Mapping[str, Any]], Draft]
    whole: Callable[[Period], Draft]
    length: Callable[[Lengths], int]
    other: Callable[[Draft, int], dict[str, Any] | None]
    columns: Mapping[str, Column]


RANKINGS = {
    "endpoints": Ranking(
        draft=lambda period: period["top_endpoints"],
        whole=lambda period: lists.draft_endpoints(period.endpoints, period.all_endpoints, most=MOST),
        length=lambda lengths: lengths.endpoints,
        other=lists.other_endpoints,
        columns={
            "endpoint": lambda each, _: each["endpoint"],
            "requests": lambda each, _: each["requests"],
            "share_pct": lambda each, draft: percent(each["requests"], draft["requests"]),
            "p50_ms": lambda each, _: each["p50_ms"],
            "p95_ms": lambda each, _: each["p95_ms"],
            "p99_ms": lambda each, _: each["p99_ms"],
            "error_pct": lambda each, _: percent(each["errors"], each["requests"]),
        },
    ),
    "models": Ranking(
        draft=lambda period: period["ai_tokens"]["by_model"],
        whole=lambda period: lists.draft_usage(period.models, period.all_models, most=MOST),
        length=lambda lengths: lengths.models,
        other=lists.other_models,
        columns={
            "model": lambda each, _: each["quota_type"].removeprefix(lists.TOKENS),
            "tokens": lambda each, _: plain(Decimal(each["amount"])),
            "requests": lambda each, _: each["requests"],
            "avg_tokens_per_request": lambda each, _: ratio(Decimal(each["amount"]), each["requests"], 2),
        },
    ),
}


@dataclass(frozen=True)
class RankedPage:
    """One page: its name, which tells period and ranks, and its document."""

    page: str
    document: dict[str, Any]


def is_cut(kind: str, period: Mapping[str, Any], lengths: Lengths) -> bool:
    """Say whether the first screen leaves out entries of a list, so that it has pages."""
    ranking = RANKINGS[kind]
    return bool(ranking.draft(period)["entries"] > ranking.length(lengths))


def whole_draft(kind: str, period: Mapping[str, Any], read: Period | None) -> Draft | None:
    """Give a list with all its entries: as drafted where that is all, as read where it was; else None."""
    draft = RANKINGS[kind].draft(period)
    if draft["entries"] <= LISTED:
        return draft
    return RANKINGS[kind].whole(read) if read else None


def ranked_pages(kind: str, tenant_id: str, period: str, draft: Draft) -> list[RankedPage]:
    """Give the pages of one period's list, which has all its entries, or the first MOST of them."""

    def shaped(start: int, some: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        is_last = start + len(some) == len(draft["first"])
        return {
            "schema": SCHEMA,
            "kind": kind,
            "tenant_id": tenant_id,
            "period": period,
            "entries": draft["entries"],
            "rank": list(range(start + 1, start + len(some) + 1)),
            **{name: [column(each, draft) for each in some] for name, column in RANKINGS[kind].columns.items()},
            "other": RANKINGS[kind].other(draft, len(draft["first"])) if is_last else None,
        }

    return [
        RankedPage(f"{period}-{start + 1}-{start + len(some)}", document)
        for start, some, document in cut(draft["first"], shaped, most=A_PAGE)
    ]


def rank_place(page: str) -> tuple[int, int]:
    """Give what ranked pages are in order by: the first ranks of all periods, then those that follow."""
    period, first, _ = page.split("-")
    return int(first), PERIODS.index(period)
