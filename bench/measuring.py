"""Time, and whether a target is met."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from statistics import median


def say(line: str) -> None:
    """Tell on standard error what is being done: some of it takes minutes."""
    print(f"  ... {line}", file=sys.stderr, flush=True)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def paired(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the median of the ratios second to first, each of one round."""
    return median(b / a for a, b in zip(first, second, strict=True))


def judge(what: str, measured: float, *, at_most: float | None = None, at_least: float | None = None) -> bool:
    """Print a ratio beside its target; say whether it is met."""
    met = measured <= at_most if at_most is not None else measured >= (at_least or 0)
    target = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
    print(f"  Target {'met' if met else 'MISSED'}: {what} {measured:.2f}, {target}")
    return met


def print_steps(seconds_by_step: dict[str, float]) -> None:
    """Print where a tick's time went."""
    total = sum(seconds_by_step.values()) or 1
    parts = (f"{step} {seconds:.3f} s ({seconds / total:.0%})" for step, seconds in seconds_by_step.items())
    print(f"  Where the time goes: {', '.join(parts)}")
