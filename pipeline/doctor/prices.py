"""Prices, exchange rates, and costs that are not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted
from pipeline.runs import json_time

NAMED = 5
REMEDY = {
    "no_price": "Add a price of it that is in force then",
    "overlapping_prices": "End one of the prices where the other begins",
    "unusable_price": "Correct the price",
    "no_rate": "Add a rate of its currency for that day or one before",
    "ambiguous_rate": "Keep one rate a day",
}


def judge_overlapping(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Refuse prices that are in force at once: neither is taken."""
    table = _table(facts, "prices")
    told = [
        f"{table}: {row.item} has two prices from {json_time(row.overlaps_from)} on: "
        f"{row.first_price}; and {row.second_price}"
        for row in rows
    ]
    if rows and rows[0].pairs > len(rows):
        told.append(f"{table}: {counted(rows[0].pairs - len(rows), 'more pair')} of prices that are in force at once")
    for what in told:
        yield Finding(
            name="overlapping_prices",
            severity="error",
            what=what,
            why="What was used then has no cost: which of them counts is not guessed.",
            fix="Set effective_to of one of them to where the other begins, or delete one. Closed days then need: "
            'python -m pipeline reprice --from DAY --to DAY --reason "..."',
        )


def judge_unusable(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge prices that say nothing that can be worked with."""
    if rows:
        told = "; ".join(f"{row.item} from {row.effective_from}: {row.problem}" for row in rows[:NAMED])
        more = rows[0].prices - len(rows[:NAMED])
        yield Finding(
            name="unusable_prices",
            severity="error",
            what=f"{_table(facts, 'prices')}: {counted(rows[0].prices, 'price')} cannot be used: {told}"
            + (f"; and {more:,} more" if more else ""),
            why="What is used while they are in force has no cost.",
            fix="Correct these rows. Closed days then need a reprice.",
        )


def judge_rates(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge exchange rates: several for one day, none that is a number, none any more."""
    table, currency = _table(facts, "fx_rates"), facts.settings.currency
    ambiguous = [row for row in rows if row.problem == "ambiguous"]
    unusable = [row for row in rows if row.problem == "unusable"]
    if ambiguous:
        told = "; ".join(f"{row.base} on {row.rate_date}: {row.told}" for row in ambiguous[:NAMED])
        yield Finding(
            name="ambiguous_rates",
            severity="error",
            what=f"{table}: different rates into {currency} for one day, on {counted(len(ambiguous), 'day')}: {told}"
            + (" …" if len(ambiguous) > NAMED else ""),
            why="What is priced in that currency has no cost and no MRR from that day until the next one with a rate.",
            fix="Keep one rate a day and currency. Closed days then need a reprice.",
        )
    if unusable:
        told = "; ".join(f"{row.base} on {row.rate_date}: {row.told}" for row in unusable[:NAMED])
        yield Finding(
            name="unusable_rates",
            severity="warning",
            what=f"{table}: {counted(len(unusable), 'rate')} cannot be used: {told}",
            why="They are passed over: their days carry the last rate before them.",
            fix="Correct them: base, quote and rate_date given, rate above 0.",
        )
    for row in rows:
        if row.problem == "ended":
            since = f"the last one is of {row.rate_date}" if row.rate_date else "there is none"
            yield Finding(
                name="old_rates",
                severity="warning",
                what=f"{table}: no rate from {row.base} to {currency} in the last 7 days; {since}",
                why="Prices in it are converted at an old rate, and each line says which."
                if row.rate_date
                else "What is priced in it has no cost.",
                fix="Load the missing rates; days stay open for "
                f"{facts.settings.cost_open_hours} hours after their end, closed ones need a reprice.",
            )


def judge_unpriced(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge costs of the last thirty days that are not known."""
    for row in rows:
        after = row.last_day + timedelta(days=1)
        in_currency = f" in {row.currency}" if row.currency else ""
        remedy = ". ".join(REMEDY[reason] for reason in row.missing.split(", "))
        yield Finding(
            name="unknown_costs",
            severity="warning",
            what=f"cost_daily {row.first_day} to {row.last_day}: {counted(row.lines, 'line')} of "
            f"{row.item}{in_currency}, of {counted(row.tenants, 'tenant')}, have no amount: {row.missing}",
            why="Their tenants' costs are shown as incomplete; nothing is counted as free.",
            fix=f"{remedy}. Open days follow by themselves, closed ones need:",
            paste=f'python -m pipeline reprice --from {row.first_day} --to {after} --reason "{row.item} priced late"',
        )


def _table(facts: Facts, name: str) -> str:
    return facts.found[name].relation.name if name in facts.found else name
