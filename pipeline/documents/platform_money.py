"""Money of the platform: MRR and what it is made of, revenue, margin; each total rounded once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from pipeline.documents.money import added, apportioned, minor_digits, money, units
from pipeline.documents.numbers import percent, ratio
from pipeline.documents.platform_rows import Money, Plan, Recurring

MOVEMENTS = ("new", "expansion", "contraction", "churn", "reactivation", "fx_impact")
DAYS_OF_A_YEAR, MONTHS_OF_A_YEAR = 365, 12
# What is divided has less than a hundred digits, so that no rounding can fall on the wrong side of a half.
PRECISE = Context(prec=200, rounding=ROUND_HALF_UP)


def total_of(plans: Sequence[Plan]) -> Decimal | None:
    """Add up what plans bring a month: nothing where there is none, null where there are some and nothing is known."""
    unpriced = sum(plan.unpriced for plan in plans)
    if unpriced and unpriced == sum(plan.subscriptions for plan in plans):
        return None
    return added(plan.mrr for plan in plans if plan.mrr is not None)


def rounded(amount: Decimal | None, currency: str) -> str | None:
    """Write an amount in the digits of its currency."""
    digits = minor_digits(currency)
    return None if amount is None else money(units(amount, digits), digits)


def total_cost(cost: Money) -> Decimal | None:
    """Give what is known of a cost: nothing where nothing was used, null where none of it is known."""
    return Decimal(0) if cost.known is None and not cost.unknown else cost.known


def revenue(mrr_days: Decimal) -> Decimal:
    """Give what the MRR of some days, added up, brings in those days: a day is a 365th of twelve months."""
    return PRECISE.divide(PRECISE.multiply(mrr_days, Decimal(MONTHS_OF_A_YEAR)), Decimal(DAYS_OF_A_YEAR))


def margin(cost: Money, mrr_days: Money, currency: str) -> dict[str, Any]:
    """Give revenue, margin and margin in percent; no margin where one of them is not all known, no percent of nothing.

    The margin is that of the rounded numbers beside it.
    """
    digits = minor_digits(currency)
    brought = units(revenue(mrr_days.known or Decimal(0)), digits)
    left = brought - units(total_cost(cost) or Decimal(0), digits)
    known = not cost.unknown and not mrr_days.unknown
    return {
        "revenue": None if mrr_days.unknown and not brought else money(brought, digits),
        "revenue_complete": not mrr_days.unknown,
        "margin": money(left, digits) if known else None,
        "margin_pct": percent(left, brought) if known else None,
    }


def moved(opening: Decimal | None, closing: Decimal | None, movements: Mapping[str, Decimal], currency: str) -> Any:
    """Write the movements so that they add up to the difference of the two totals as they are written."""
    digits = minor_digits(currency)
    whole = units(closing or Decimal(0), digits) - units(opening or Decimal(0), digits)
    parts = apportioned({name: amount for name, amount in movements.items() if amount}, whole, digits)
    return {name: money(parts.get(name, 0), digits) for name in MOVEMENTS}


def by_plan(plans: Sequence[Plan], currency: str) -> dict[str, str | None]:
    """Write what each plan brings a month, adding up to the total; null where nothing of a plan is known."""
    digits, total = minor_digits(currency), total_of(plans)
    known = {plan.plan: plan.mrr for plan in plans if plan.mrr is not None}
    parts = apportioned(known, units(total or Decimal(0), digits), digits)
    return {plan.plan: money(parts[plan.plan], digits) if plan.plan in parts else None for plan in plans}


def recurring(mrr: Recurring, *, currency: str, definition: str, plans: int) -> dict[str, Any]:
    """Give the section `mrr` of a period; the first `plans` by what they bring, ties by name, and the others' sum.

    A plan that nobody is on any more is none of them.
    """
    digits, closing, opening = minor_digits(currency), total_of(mrr.closing), total_of(mrr.opening)
    brings = by_plan(mrr.closing, currency)
    held = [plan for plan in mrr.closing if plan.subscriptions]
    ranked = sorted(held, key=lambda plan: (plan.mrr is None, (plan.mrr or Decimal(0)).copy_negate(), plan.plan))
    others = [brings[plan.plan] for plan in ranked[plans:]]
    known = [Decimal(each) for each in others if each is not None]
    return {
        "total": rounded(closing, currency),
        "currency": currency,
        "by_plan": [
            {"plan": plan.plan, "count": plan.subscriptions, "revenue": brings[plan.plan]} for plan in ranked[:plans]
        ],
        "other_plans": {
            "plans": len(others),
            "count": sum(plan.subscriptions for plan in ranked[plans:]),
            "revenue": money(units(added(known), digits), digits) if known else None,
        }
        if others
        else None,
        "opening": rounded(opening, currency),
        "movements": moved(opening, closing, mrr.movements, currency),
        "arpa": rounded(PRECISE.divide(closing or Decimal(0), Decimal(mrr.paying)), currency) if mrr.paying else None,
        **_rates(mrr.movements, opening or Decimal(0)),
        "unpriced": sum(plan.unpriced for plan in mrr.closing),
        "definition": definition,
    }


def _rates(movements: Mapping[str, Decimal], opening: Decimal) -> dict[str, float | None]:
    """Give NRR, GRR and the quick ratio; contraction and churn are negative. Null where the denominator is zero.

    Of what was there at the opening: with its expansion (NRR) or without (GRR). What is new or comes back is in
    neither, nor is what currencies do.
    """
    expansion, contraction, churn = (movements.get(name, Decimal(0)) for name in ("expansion", "contraction", "churn"))
    gained = added([movements.get("new", Decimal(0)), expansion, movements.get("reactivation", Decimal(0))])
    lost = added([contraction, churn])
    return {
        "nrr_pct": percent(added([opening, expansion, lost]), opening),
        "grr_pct": percent(added([opening, lost]), opening),
        "quick_ratio": quotient(gained, lost.copy_negate()),
    }


def quotient(part: Decimal, whole: Decimal) -> float | None:
    """Give part / whole to two decimals; null of nothing."""
    return ratio(PRECISE.divide(part, whole), 1, 2) if whole else None
