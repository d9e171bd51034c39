"""How numbers are written in documents."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite

PAST_64_BITS = 2**63
ROUNDED_BELOW = 10**15  # a larger Decimal has no room for three digits more, and raises


@lru_cache(4096)  # the tenants of a zone share nearly all of their times
def instant(at: datetime) -> str:
    """Write a time: UTC, whole seconds, `Z`."""
    return f"{at.astimezone(UTC).isoformat()[:19]}Z"


def plain(amount: Decimal | int) -> int | float:
    """Write an amount: an integer where it is one that fits into 64 bits, exactly; a float elsewhere."""
    whole = int(amount)
    return whole if whole == amount and abs(whole) < PAST_64_BITS else float(amount)


def percent(part: Decimal | int, whole: Decimal | int) -> float | None:
    """Give 100 * part / whole to two decimals; null of nothing."""
    if not whole:
        return None
    if isinstance(part, int) and isinstance(whole, int):
        return _nearest(10_000 * part, whole) / 100  # most are counts, and there are many of them
    return _rounded(Decimal(100) * part / whole, 2)


def percent_down(part: Decimal | int, whole: Decimal | int) -> float | None:
    """Give 100 * part / whole, two decimals, rounded down: what is not whole never reads as 100; null of nothing."""
    if not whole:
        return None
    return _rounded(Decimal(whole_of(10_000, part, whole)) / 100, 2)


def whole_of(times: int, part: Decimal | int, whole: Decimal | int) -> int:
    """Give times * part / whole, rounded down, exactly."""
    above, below = part.as_integer_ratio()
    whole_above, whole_below = whole.as_integer_ratio()
    return times * above * whole_below // (below * whole_above)


def change(now: Decimal | int | None, before: Decimal | int | None) -> float | None:
    """Give the change in percent to two decimals; null where there was nothing, or nothing is known."""
    if now is None or not before:
        return None
    return _rounded(Decimal(100) * (now - before) / before, 2)


def ratio(total: Decimal | int, count: int, digits: int) -> float | None:
    """Give total / count, rounded; null of nothing."""
    return _rounded(Decimal(total) / count, digits) if count else None


def _nearest(part: int, whole: int) -> int:
    """Give part / whole as the nearest integer; a half goes to the even one, as Decimals round."""
    below, rest = divmod(part, whole)
    return below + (2 * rest > whole or (2 * rest == whole and below % 2))


def _rounded(value: Decimal, digits: int) -> float | None:
    """Round to some digits; where a float has none left, as it is; null past the range of floats."""
    number = float(round(value, digits)) if abs(value) < ROUNDED_BELOW else float(value)
    return number if isfinite(number) else None
