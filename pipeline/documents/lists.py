"""The ranked lists of a period: their first entries, and what those that are not listed add up to. Pure.

A list is drafted once, with all the entries that it can show, and finished at the length that the document has room
for. Drafts are plain JSON, kept from run to run; amounts stand in them as text, so that sums of them are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from pipeline.documents.numbers import percent, plain, ratio
from pipeline.documents.quotas import LISTED_QUOTAS
from pipeline.documents.rows import Endpoint, Latency, Usage, Whole
from pipeline.documents.sketch import clamped

LISTED = 10
LISTED_PAGES = 35
TOKENS = "ai_tokens_"
Draft = Mapping[str, Any]


@dataclass(frozen=True)
class Lengths:
    """How many entries the lists of a dashboard show; `pages` is of each kind."""

    endpoints: int = LISTED
    models: int = LISTED
    kinds: int = LISTED
    pages: int = LISTED_PAGES
    quotas: int = LISTED_QUOTAS

    def shortened(self) -> str | None:
        """Say which lists are shorter than usual, and how long they are at most; None where all are as usual."""
        if self == USUAL:
            return None
        usual = asdict(USUAL)
        return ", ".join(f"{name} {most}" for name, most in asdict(self).items() if most < usual[name]) or None


USUAL = Lengths()


def percentiles(latency: Latency) -> dict[str, float | None]:
    """Give p50_ms, p95_ms and p99_ms; null where no duration was usable."""
    return {
        f"p{rank}_ms": clamped(at, us_min=latency.us_min, us_max=latency.us_max)
        for rank, at in ((50, latency.p50_key), (95, latency.p95_key), (99, latency.p99_key))
    }


def draft_endpoints(endpoints: Sequence[Endpoint], whole: Whole, *, most: int = LISTED) -> Draft:
    """Draft the list of endpoints, by rank."""
    return {
        "entries": whole.entries,
        "requests": whole.requests,
        "errors": whole.errors,
        "first": [
            {
                "endpoint": each.endpoint,
                "requests": each.requests,
                "errors": each.errors,
                **percentiles(each.latency),
            }
            for each in sorted(endpoints, key=lambda each: each.rank)[:most]
        ],
    }


def draft_usage(usage: Sequence[Usage], whole: Whole, *, most: int = LISTED) -> Draft:
    """Draft a list of models or of other kinds of usage: the most first, ties by name."""
    return {
        "entries": whole.entries,
        "requests": whole.requests,
        "amount": str(whole.amount),
        "first": [
            {"quota_type": each.quota_type, "amount": str(each.amount), "requests": each.records}
            for each in sorted(usage, key=lambda each: (-each.amount, each.quota_type))[:most]
        ],
    }


def top_endpoints(draft: Draft, length: int) -> list[dict[str, Any]]:
    """Give the endpoints with the most requests."""
    return [
        {
            "endpoint": each["endpoint"],
            "requests": each["requests"],
            "share_pct": percent(each["requests"], draft["requests"]),
            "p95_ms": each["p95_ms"],
            "error_pct": percent(each["errors"], each["requests"]),
        }
        for each in draft["first"][:length]
    ]


def other_endpoints(draft: Draft, length: int) -> dict[str, Any] | None:
    """Give what the endpoints beyond the listed ones add up to; null where there are none."""
    others = _others(draft, length)
    requests = _rest(draft, length, "requests")
    return others and {
        "endpoints": others,
        "requests": requests,
        "share_pct": percent(requests, draft["requests"]),
        "error_pct": percent(_rest(draft, length, "errors"), requests),
    }


def by_model(draft: Draft, length: int) -> dict[str, Any]:
    """Give the models with the most tokens, by name."""
    return {
        each["quota_type"].removeprefix(TOKENS): {
            "tokens": plain(Decimal(each["amount"])),
            "requests": each["requests"],
            "avg_tokens_per_request": ratio(Decimal(each["amount"]), each["requests"], 2),
        }
        for each in draft["first"][:length]
    }


def other_models(draft: Draft, length: int) -> dict[str, Any] | None:
    """Give what the models beyond the listed ones add up to; null where there are none."""
    others = _others(draft, length)
    return others and {
        "models": others,
        "tokens": plain(_rest_amount(draft, length)),
        "requests": _rest(draft, length, "requests"),
    }


def other_usage(draft: Draft, length: int) -> list[dict[str, Any]]:
    """Give the largest kinds of usage that are no AI usage."""
    return [
        {"quota_type": each["quota_type"], "amount": plain(Decimal(each["amount"])), "records": each["requests"]}
        for each in draft["first"][:length]
    ]


def other_kinds(draft: Draft, length: int) -> dict[str, Any] | None:
    """Give how many kinds are not listed, and their records; amounts of different kinds have no sum."""
    others = _others(draft, length)
    return others and {"kinds": others, "records": _rest(draft, length, "requests")}


def _others(draft: Draft, length: int) -> Any:
    return draft["entries"] - len(draft["first"][:length]) or None


def _rest(draft: Draft, length: int, name: str) -> int:
    rest: int = draft[name] - sum(each[name] for each in draft["first"][:length])
    return rest


def _rest_amount(draft: Draft, length: int) -> Decimal:
    return Decimal(draft["amount"]) - sum((Decimal(each["amount"]) for each in draft["first"][:length]), Decimal(0))
