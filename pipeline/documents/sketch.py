"""The sketch's arithmetic: DDSketch with relative accuracy 0.01 (Masson, Rim, Lee, VLDB 2019).

`sql/sketch/type.sql` says the same in SQL; a test holds the two together.
"""

from __future__ import annotations

import math

RELATIVE_ERROR = 0.01
LN_GAMMA = math.log1p(2 * RELATIVE_ERROR / (1 - RELATIVE_ERROR))
ZERO_KEY = -32768


def key(ms: float) -> int:
    """Give the key of a duration of 0 ms or more: ceil(ln(x) / ln(gamma))."""
    return math.ceil(math.log(ms) / LN_GAMMA) if ms > 0 else ZERO_KEY


def value(at: int) -> float:
    """Give the duration in ms that a key stands for: 2 gamma^key / (gamma + 1)."""
    return 0.0 if at == ZERO_KEY else math.exp(at * LN_GAMMA) * (1 - RELATIVE_ERROR)


def clamped(at: int | None, *, us_min: int | None, us_max: int | None) -> float | None:
    """Give a key's duration in ms, never outside the extremes that were seen; rounded to whole microseconds."""
    if at is None or us_min is None or us_max is None:
        return None
    return round(min(max(value(at), us_min / 1000), us_max / 1000), 3)
