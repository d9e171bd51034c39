"""Days to compare, as bounds that SQL reads; infinite ones are words, for Python has none of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

FARTHEST_ZONE = timedelta(hours=14)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
FIRST, LAST = "-infinity", "infinity"


@dataclass(frozen=True)
class Days:
    """The days that [start, end) touches; without a bound, all that there are."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def times(self) -> dict[str, str]:
        """Give the bounds as times."""
        return {
            "start": self.start.isoformat() if self.start else FIRST,
            "end": self.end.isoformat() if self.end else LAST,
        }

    def of(self, timezone: str) -> dict[str, str]:
        """Give the days of one zone."""
        zone = ZoneInfo(timezone)
        last = (self.end - MOMENT).astimezone(zone).date() if self.end else None
        return _dates(self.start.astimezone(zone).date() if self.start else None, last)

    def anywhere(self) -> dict[str, str]:
        """Give the days of any zone."""
        first = (self.start.astimezone(UTC) - FARTHEST_ZONE).date() if self.start else None
        return _dates(first, (self.end.astimezone(UTC) + FARTHEST_ZONE).date() if self.end else None)


def _dates(first: date | None, last: date | None) -> dict[str, str]:
    return {
        "first_day": first.isoformat() if first else FIRST,
        "end_day": (last + DAY).isoformat() if last else LAST,
    }
