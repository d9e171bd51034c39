"""`cost_breakdown`: what a period cost, by component and by model, what is not known, and why it moved. Pure.

Amounts are rounded once, to the currency's minor units: the total, then the components so that they add up to it, then
the models so that they add up to their component. Like the other lists, those of a period are drafted once and
finished at the length that the document has room for; drafts are plain JSON, with money as text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipeline.documents.cost_change import Known, change_of_cost
from pipeline.documents.lists import LISTED, TOKENS, Draft, Lengths
from pipeline.documents.money import EXACT, added, apportioned, exact, minor_digits, money, units
from pipeline.documents.numbers import change, percent
from pipeline.documents.rows import CostPart, Costs

CALLS = "api_calls"
NOT_LISTED = "ai_tokens"  # a kind of usage of this very name would take the component's place; it counts in the rest
QUANTITY_DIGITS = Decimal("0.000001")
NEARLY_ALL = 99.99


def draft_costs(costs: Costs, currency: str, days: Sequence[Decimal | None] | None = None) -> Draft:
    """Draft the section of one period; its trend has a point a day, null where nothing is known, and adds up to it.

    `days` is None for a period that is not one of whole days: it has no trend.
    """
    digits = minor_digits(currency)
    now, before = _by_item(costs.now), _by_item(costs.before)
    total, previous = _total(now, digits), _total(before, digits)
    components = _components(now)
    rounded = _rounded(components, total, digits)
    items = {item: now[item] for item in components if item not in (TOKENS, CALLS)}
    models = {item: known for item, known in now.items() if item.startswith(TOKENS)}
    return {
        "total": _written(total, digits),
        "currency": currency,
        "complete": not _missing(costs.now),
        "coverage_pct": _coverage(costs.now),
        "missing": _draft_missing(costs.now),
        "models": _draft_list(models, _rounded(_amounts(models), rounded.get(TOKENS), digits), digits),
        "calls": _written(rounded[CALLS] if CALLS in now else 0, digits),
        "items": _draft_list(items, rounded, digits),
        "previous": {"total": _written(previous, digits), "complete": not _missing(costs.before)},
        "change": None
        if total is None or previous is None
        else change_of_cost(_known(now), _known(before), whole=total - previous, digits=digits),
        "change_pct": change(_sum(now), _sum(before)),
        "trend": None if days is None else _trend(days, total, digits),
    }


def cost_breakdown(draft: Draft, lengths: Lengths) -> dict[str, Any]:
    """Give the section, its lists at their lengths."""
    models, items, missing = draft["models"], draft["items"], draft["missing"]
    listed = missing["first"][: lengths.models]
    return {
        "total": draft["total"],
        "currency": draft["currency"],
        "complete": draft["complete"],
        "coverage_pct": draft["coverage_pct"],
        "missing": listed,
        "missing_more": missing["entries"] - len(listed),
        "breakdown": {
            "ai_tokens": {
                "total": models["total"],
                "by_model": {
                    each["item"].removeprefix(TOKENS): each["total"] for each in models["first"][: lengths.models]
                },
                "other_models": _others("models", models, lengths.models),
            },
            "api_calls": {"total": draft["calls"]},
            **{each["item"]: {"total": each["total"]} for each in items["first"][: lengths.kinds]},
        },
        "other_items": _others("items", items, lengths.kinds),
        "previous": draft["previous"],
        "change": draft["change"],
        "change_pct": draft["change_pct"],
        "trend": draft["trend"],
    }


def _by_item(parts: Sequence[CostPart]) -> dict[str, Known | None]:
    """Give what is known of each item; None where nothing is."""
    found: dict[str, Known | None] = {}
    for part in sorted(parts, key=lambda each: each.item):
        if part.amount is None:
            found.setdefault(part.item, None)
        else:
            native = part.native_amount if part.currency else None
            found[part.item] = Known(part.quantity, part.currency, native, part.amount)
    return found


def _known(items: Mapping[str, Known | None]) -> dict[str, Known]:
    return {item: known for item, known in items.items() if known}


def _amounts(items: Mapping[str, Known | None]) -> dict[str, Decimal | None]:
    return {item: known.amount if known else None for item, known in items.items()}


def _sum(items: Mapping[str, Known | None]) -> Decimal | None:
    """Give what the known items add up to: zero where nothing was used, None where nothing is known of what was."""
    known = _known(items)
    return added(each.amount for each in known.values()) if known or not items else None


def _total(items: Mapping[str, Known | None], digits: int) -> int | None:
    amount = _sum(items)
    return None if amount is None else units(amount, digits)


def _components(items: Mapping[str, Known | None]) -> dict[str, Decimal | None]:
    """Give the exact amounts of the components; all models are one, under the beginning of their names."""
    parts: dict[str, dict[str, Known | None]] = defaultdict(dict)
    for item, known in items.items():
        parts[TOKENS if item.startswith(TOKENS) else item][item] = known
    return {component: _sum(held) for component, held in parts.items()}


def _rounded(amounts: Mapping[str, Decimal | None], whole: int | None, digits: int) -> dict[str, int | None]:
    """Round amounts so that they add up to a whole; what is not known stays so."""
    known = {name: amount for name, amount in amounts.items() if amount is not None}
    return dict.fromkeys(amounts) | apportioned(known, whole or 0, digits)


def _written(amount: int | None, digits: int) -> str | None:
    return None if amount is None else money(amount, digits)


def _draft_list(items: Mapping[str, Known | None], rounded: Mapping[str, int | None], digits: int) -> Draft:
    """Draft a list of items: the dearest first, ties by name, what is not known last."""
    known = _known(items)
    ranked = sorted(known, key=lambda item: (-known[item].amount, item)) + sorted(set(items) - set(known))
    total = sum(rounded[item] or 0 for item in known) if known or not items else None
    return {
        "entries": len(items),
        "known": len(known),
        "total": _written(total, digits),
        "first": [
            {"item": item, "total": _written(rounded[item], digits)}
            for item in [item for item in ranked if item != NOT_LISTED][:LISTED]
        ],
    }


def _others(noun: str, draft: Draft, length: int) -> dict[str, Any] | None:
    """Give how many are not listed, and what those of them that are known add up to; null where all are listed."""
    listed = draft["first"][:length]
    others = draft["entries"] - len(listed)
    shown = [Decimal(each["total"]) for each in listed if each["total"] is not None]
    rest = f"{EXACT.subtract(Decimal(draft['total']), added(shown)):f}" if draft["known"] > len(shown) else None
    return {noun: others, "total": rest} if others else None


def _missing(parts: Sequence[CostPart]) -> list[CostPart]:
    return [part for part in parts if part.amount is None]


def _coverage(parts: Sequence[CostPart]) -> float | None:
    """Give the share of lines with an amount; never all of them where one has none."""
    covered = percent(sum(part.lines for part in parts if part.amount is not None), sum(part.lines for part in parts))
    return covered if covered is None or not _missing(parts) else min(covered, NEARLY_ALL)


def _draft_missing(parts: Sequence[CostPart]) -> Draft:
    """Draft the list of what has no amount, and why: the largest quantity first, ties by name."""
    found = sorted(_missing(parts), key=lambda part: (-part.quantity, part.item, part.missing or ""))
    return {
        "entries": len(found),
        "first": [
            {
                "item": part.item,
                "reason": part.missing,
                "quantity": exact(part.quantity.quantize(QUANTITY_DIGITS, ROUND_HALF_UP, EXACT)),
                "first_day": part.first_day.isoformat(),
                "last_day": part.last_day.isoformat(),
            }
            for part in found[:LISTED]
        ],
    }


def _trend(days: Sequence[Decimal | None], total: int | None, digits: int) -> list[str | None]:
    rounded = _rounded({f"{place:03}": amount for place, amount in enumerate(days)}, total, digits)
    return [_written(amount, digits) for amount in rounded.values()]
