"""Why a cost moved: the change of a period's cost against the one before, split into usage, price and rate. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from pipeline.documents.money import EXACT, added, apportioned, money

# Shares of amounts need no end of digits: they are rounded to minor units, and add up whatever is lost here.
SHARES = Context(prec=100, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Known:
    """What is known of one item's cost in one period; `native` is in `currency`, null where there is more than one."""

    quantity: Decimal
    currency: str | None
    native: Decimal | None
    amount: Decimal


@dataclass(frozen=True)
class Split:
    """What of a change comes from usage, from prices and from exchange rates; not rounded."""

    usage: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    fx: Decimal = Decimal(0)


def split(now: Known | None, before: Known | None) -> Split:
    """Split the change of one item, with quantities Q, native amounts N and amounts A of before (0) and now (1).

    usage = (Q1 / Q0 - 1) * A0, price = N1 * R0 - Q1 / Q0 * A0, fx = A1 - N1 * R0, where R0 = A0 / N0 is the rate that
    was paid before. An item that is new or gone is usage alone; without one currency in both, or with nothing paid
    before, no rate can be told, and what is not usage is price.
    """
    if now is None or before is None or not before.quantity:
        return Split(usage=EXACT.subtract(_amount(now), _amount(before)))
    with localcontext(SHARES):
        usage = now.quantity / before.quantity * before.amount - before.amount
        fx = Decimal(0)
        if now.currency == before.currency and before.native and now.native is not None:
            fx = now.amount - now.native * (before.amount / before.native)
    rest = EXACT.subtract(EXACT.subtract(now.amount, before.amount), EXACT.add(usage, fx))
    return Split(usage, rest, fx)


def _amount(known: Known | None) -> Decimal:
    return known.amount if known else Decimal(0)


def change_of_cost(now: Mapping[str, Known], before: Mapping[str, Known], *, whole: int, digits: int) -> dict[str, str]:
    """Give usage, price and fx of all items, as money that adds up to `whole` minor units."""
    splits = [split(now.get(item), before.get(item)) for item in sorted({*now, *before})]
    parts = {
        "usage": added(each.usage for each in splits),
        "price": added(each.price for each in splits),
        "fx": added(each.fx for each in splits),
    }
    return {name: money(each, digits) for name, each in apportioned(parts, whole, digits).items()}
