"""Days to compare, as bounds that SQL reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FARTHEST_ZONE = timedelta(hours=14)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Days [first_day, end_day), whatever their zone; infinite bounds are words: Python has no dates for them."""

    first_day: str = "-infinity"
    end_day: str = "infinity"

    @property
    def bounds(self) -> dict[str, str]:
        """Give them by the names that SQL knows them by."""
        return {"first_day": self.first_day, "end_day": self.end_day}


def days_of(start: datetime | None, end: datetime | None) -> Days:
    """Give the days that [start, end) touches in any zone; without a bound, all that there are."""
    first = (start.astimezone(UTC) - FARTHEST_ZONE).date().isoformat() if start else "-infinity"
    following = ((end.astimezone(UTC) + FARTHEST_ZONE).date() + DAY).isoformat() if end else "infinity"
    return Days(first, following)
