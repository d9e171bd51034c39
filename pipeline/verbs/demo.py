"""Fills a database of its own with a simulated SaaS in Lagos whose data ends now, and publishes it.

Run again, it adds what has happened since; with other arguments it starts anew.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from datetime import UTC, datetime

from pipeline.demo.scenario import Made, simulate
from pipeline.demo.world import Parameters
from pipeline.installation import Installation
from pipeline.verbs.reporting import add_as_of, add_json, as_of, show

HELP = "simulate a SaaS whose data ends now, and publish it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    usual = Parameters()
    for name, read, value, meaning in (
        ("--seed", _seed, usual.seed, "another number, another SaaS"),
        ("--scale", _scale, usual.scale, "its size; 1 is about 2 million rows in 90 days"),
        ("--tenants", _tenants, usual.tenants, "how many tenants it has"),
        ("--days", _days, usual.days, "how many whole days of history it has"),
    ):
        parser.add_argument(name, type=read, default=value, help=f"{meaning} (default: %(default)s)")
    parser.add_argument("--leave-changes", action="store_true", help="leave the last changes to the next run")
    add_as_of(parser)
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Make or continue the simulated SaaS."""
    parameters = Parameters(seed=arguments.seed, scale=arguments.scale, tenants=arguments.tenants, days=arguments.days)
    made = simulate(
        installation, parameters, as_of(arguments) or datetime.now(UTC), leave_changes=arguments.leave_changes
    )
    show(arguments, made, _lines(made, arguments.leave_changes))
    return 1 if made.failures else 0


def _lines(made: Made, left: bool) -> Iterator[str]:
    yield f"{made.rows:,} rows up to {made.ends}"
    if made.first_published:
        yield f"published as of {made.first_published}; after that:"
    yield (
        f"{made.late} late rows, {made.corrected} corrections, {made.moved} moved across a Lagos midnight, "
        f"{made.deleted} deletions, " + ("not rolled up yet" if left else "published")
    )
    if made.url:
        yield f"the biggest tenant, {made.tenant}: {made.url}"
        yield f"its page, while `python -m pipeline serve` runs: {made.page}"
        yield f"and the operator's: {made.operator_page}"
    if made.failures:
        yield f"{made.failures} tenants could not be published"


def _seed(word: str) -> int:
    return _whole(word, at_least=0, at_most=2**53)


def _tenants(word: str) -> int:
    return _whole(word, at_least=1, at_most=100_000)


def _days(word: str) -> int:
    return _whole(word, at_least=1, at_most=3_650)


def _whole(word: str, *, at_least: int, at_most: int) -> int:
    if not word.isdecimal() or not at_least <= int(word) <= at_most:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from {at_least:,} to {at_most:,}")
    return int(word)


def _scale(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value <= 10_000:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number above 0 and up to 10,000")
    return value
