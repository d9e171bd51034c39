"""The platform's day that a tick stands in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MOMENT = timedelta(microseconds=1)


def day_of(through: datetime, timezone: str) -> date:
    """Give the day that the last moment before `through` belongs to: at midnight, the day that is just over."""
    return (through - MOMENT).astimezone(ZoneInfo(timezone)).date()
