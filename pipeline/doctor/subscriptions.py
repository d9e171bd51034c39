"""Subscriptions that do not count, or count without an amount: which, why, and what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted

UNFOLLOWED = "They are in no MRR: a row that cannot be told from others has no history."
UNPRICED = "They count, but MRR leaves them out: what is not known is not 0."
KEPT = "Days that were taken without an amount stay so (docs/operator.md, MRR)."
NEVER = "They count on no day."
TOLD = {
    "id_missing": (UNFOLLOWED, "Give each row an id that stays."),
    "id_too_long": (UNFOLLOWED, "Shorten the ids to 1,000 bytes."),
    "id_doubled": (
        "Of rows with one id only the one that started last is in MRR.",
        "Give each row an id of its own.",
    ),
    "tenant_missing": (UNFOLLOWED, "Set tenant_id, or delete the rows."),
    "tenant_too_long": (UNFOLLOWED, "Shorten tenant_id to 2,000 bytes."),
    "no_amount": (UNPRICED, "Set monthly_amount, or amount and billing_interval; 0 where there is nothing to pay."),
    "unusable_amount": (UNPRICED, "Correct the amount: from 0 to 1e30."),
    "no_interval": (
        UNPRICED,
        "Set billing_interval to week, month, quarter, half_year or year, or set monthly_amount.",
    ),
    "unknown_interval": (
        UNPRICED,
        "Set billing_interval to week, month, quarter, half_year or year, or set monthly_amount.",
    ),
    "currency_unusable": (UNPRICED, "Set currency to an ISO 4217 code, or to null for the platform's."),
    "ends_before_it_starts": (NEVER, "Correct started_at or ended_at, or delete the rows."),
    "tenant_unknown": ("They are in MRR, under a tenant that nobody knows.", "Add the tenants, or delete the rows."),
}
UNSURE = "tenant_unknown"


def judge_subscriptions(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge reason by reason; a subscription that is there before its tenant is nothing unusual."""
    table = facts.found["subscriptions"].relation.name if "subscriptions" in facts.found else "subscriptions"
    for row in rows:
        named = ", ".join(row.examples) + (" …" if row.subscriptions > len(row.examples) else "")
        why, fix = TOLD[row.problem]
        yield Finding(
            name="subscriptions",
            severity="note" if row.problem == UNSURE else "warning",
            what=f"{table}, {row.problem}: {counted(row.subscriptions, 'row')} ({named})",
            why=why,
            fix=f"{fix} {KEPT}" if why == UNPRICED else fix,
        )


def judge_rates(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge currencies of subscriptions: no rate on some of the last thirty days, or none any more."""
    for row in rows:
        told = f"{counted(row.subscriptions, 'subscription')} in {row.currency}"
        rates = f"rate from {row.currency} to {facts.settings.currency}"
        if row.first_day:
            after = row.last_day + timedelta(days=1)
            yield Finding(
                name="subscription_rates",
                severity="warning",
                what=f"{told}: there is no {rates} on {row.first_day} to {row.last_day}",
                why="They count on these days, but MRR leaves them out.",
                fix="Add a rate for the first of these days or one before. Open days follow by themselves, closed "
                "ones need:",
                paste=f"python -m pipeline reprice --from {row.first_day} --to {after} "
                f'--reason "rates of {row.currency} came late"',
            )
        else:
            yield Finding(
                name="subscription_rates",
                severity="warning",
                what=f"{told}: no {rates} in the last 7 days; the last one is of {row.rate_date}",
                why="Their MRR is converted at an old rate.",
                fix="Load the missing rates; days stay open for "
                f"{facts.settings.cost_open_hours} hours after their end, closed ones need a reprice.",
            )
