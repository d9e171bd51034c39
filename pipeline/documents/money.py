"""Money: exact sums, rounded once to the currency's own digits, and parts that add up to their rounded total. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from functools import reduce

# Amounts come with up to 30 digits before the point and 16,383 after it; nothing is lost when they are added.
EXACT = Context(prec=100_000, rounding=ROUND_HALF_UP)
USUAL_DIGITS = 2
# ISO 4217, the currencies with another number of digits than two.
WITHOUT = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
DIGITS = dict.fromkeys(WITHOUT, 0) | dict.fromkeys(THOUSANDTHS, 3) | dict.fromkeys(("CLF", "UYW"), 4)


def minor_digits(currency: str) -> int:
    """Give how many digits after the point a currency's amounts have (ISO 4217); two where it is not known."""
    return DIGITS.get(currency, USUAL_DIGITS)


def added(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up, exactly."""
    return reduce(EXACT.add, amounts, Decimal(0))


def units(amount: Decimal, digits: int) -> int:
    """Round an amount to whole minor units; a half goes away from zero, as in PostgreSQL's round()."""
    return int(amount.scaleb(digits, EXACT).to_integral_value(ROUND_HALF_UP))


def money(whole: int, digits: int) -> str:
    """Write minor units as an amount: 1234, 2 gives "12.34"."""
    return f"{Decimal(whole).scaleb(-digits, EXACT):f}"


def exact(amount: Decimal) -> str:
    """Write all digits of a number and none behind them."""
    return f"{amount.normalize(EXACT):f}"


def apportioned(parts: Mapping[str, Decimal], whole: int, digits: int) -> dict[str, int]:
    """Round parts to minor units that add up to `whole`: down, and what is left goes to the largest remainders.

    The largest remainder method (Hamilton), ties by name. A whole that is farther away than the roundings of the parts
    is spread evenly first, so that it adds up whatever it is.
    """
    scaled = {name: amount.scaleb(digits, EXACT) for name, amount in parts.items()}
    rounded = {name: int(amount.to_integral_value(ROUND_FLOOR)) for name, amount in scaled.items()}
    if not parts:
        return rounded
    each, left = divmod(whole - sum(rounded.values()), len(parts))
    remainders = {name: EXACT.subtract(scaled[name], Decimal(rounded[name])) for name in parts}
    first = set(sorted(parts, key=lambda name: (-remainders[name], name))[:left])
    return {name: amount + each + (name in first) for name, amount in rounded.items()}
