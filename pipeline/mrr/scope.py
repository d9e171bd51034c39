"""Which days a tick redoes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

EVER = "-infinity"  # a date for PostgreSQL, and none for Python


@dataclass(frozen=True)
class Scope:
    """Days of all tenants from `day_from` on, and of some from `first_day` on, until today."""

    day_from: date | str
    first_day: str
    today: date
    currency: str
