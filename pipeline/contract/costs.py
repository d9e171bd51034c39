"""`cost_breakdown`: what a period of a tenant cost."""

from __future__ import annotations

from typing import Annotated, TypedDict

from pipeline.contract.kinds import Count, Currency, Day, Exact, Money, Percent, Reason


class MissingCost(TypedDict):
    """An item without an amount, for one reason."""

    item: Annotated[str, "What was used: api_calls or a kind of usage."]
    reason: Annotated[Reason, "Why its amount is not known."]
    quantity: Annotated[Exact, "How much was used, in the item's unit, at most six decimals."]
    first_day: Annotated[Day, "First day of it in the period."]
    last_day: Annotated[Day, "Last day of it in the period."]


class CostOfItem(TypedDict):
    """What one component cost."""

    total: Annotated[Money | None, "What is known of it; null where nothing is."]


class OtherCostOfModels(TypedDict):
    """What the models that are not listed cost."""

    models: Annotated[Count, "How many they are."]
    total: Annotated[Money | None, "What those of them that are known add up to; null where none is."]


class CostOfModels(CostOfItem):
    """What AI usage cost."""

    by_model: Annotated[dict[str, Money | None], "The ten dearest models, by name; null where the cost is not known."]
    other_models: Annotated[OtherCostOfModels | None, "The others; null where all are listed."]


class CostByComponent(TypedDict):
    """The components of a cost, which add up to its total; every other item stands under its own name."""

    ai_tokens: Annotated[CostOfModels, "All models."]
    api_calls: Annotated[CostOfItem, "All requests."]


class OtherItems(TypedDict):
    """What the items that are not listed cost."""

    items: Annotated[Count, "How many they are."]
    total: Annotated[Money | None, "What those of them that are known add up to; null where none is."]


class PreviousCost(TypedDict):
    """What the period before cost."""

    total: Annotated[Money | None, "The sum of what is known; null where nothing is."]
    complete: Annotated[bool, "Whether that is all."]


class CostChange(TypedDict):
    """Why a cost moved: three parts that add up to total - previous.total."""

    usage: Annotated[Money, "What other quantities cost at the old price."]
    price: Annotated[Money, "What other prices did at the old exchange rate."]
    fx: Annotated[Money, "What the exchange rate did."]


class CostBreakdown(TypedDict):
    """What a period cost."""

    total: Annotated[Money | None, "The sum of what is known; null where nothing is known of what was used."]
    currency: Annotated[Currency, "Currency of all money in it."]
    complete: Annotated[bool, "Whether total is all of it."]
    coverage_pct: Annotated[Percent | None, "Share of lines (item, day, price) with an amount; null without lines."]
    missing: Annotated[list[MissingCost], "The ten largest items without an amount."]
    missing_more: Annotated[Count, "How many more there are."]
    breakdown: Annotated[CostByComponent, "The cost by component."]
    other_items: Annotated[OtherItems | None, "Items that are not listed; null where all are."]
    previous: Annotated[PreviousCost, "The period of the same length before."]
    change: Annotated[CostChange | None, "Why it moved; null where one of the two totals is not known."]
    change_pct: Annotated[Percent | None, "Change of the total; null where the one before was nothing or not known."]
    trend: Annotated[
        list[Money | None] | None,
        "A point a day, oldest first, null where nothing is known, adding up to total; null for 24h.",
    ]
