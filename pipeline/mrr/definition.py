"""What counts as recurring: named, and with a version that goes up when its meaning changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """Which statuses count where no dates decide, and whether the days of a trial count."""

    name: str
    statuses: tuple[str, ...]
    without_trials: bool


DEFINITIONS = {
    "default": Definition("default-1", statuses=("active",), without_trials=False),
    # What is past due, Stripe's `unpaid` included, stays until it is cancelled, and so does what Chargebee calls
    # `non_renewing`; a free trial is a lead.
    # https://help.chartmogul.com/article/303-handling-past-due-subscriptions
    "chartmogul": Definition(
        "chartmogul-1", statuses=("active", "past_due", "unpaid", "non_renewing"), without_trials=True
    ),
}


def definition_of(setting: str) -> Definition:
    """Give the definition that a setting chooses."""
    return DEFINITIONS[setting]
