"""How much each tenant does in each hour: the week's rhythm, growth, new, silent and deleted tenants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from pipeline.demo.world import Tenant, World

Floats = npt.NDArray[np.float64]

REQUESTS_A_DAY = 1_450_000 / 90  # at scale 1
GROWTH_A_DAY = 0.004
GROWTH_DAYS = 180  # growth ends there, so that a demo that is topped up for long does not run away

# Activity by local hour, 0 to 23: quiet nights, office hours with a dip at lunch, a long evening.
WORKDAY = (
    0.10, 0.07, 0.05, 0.05, 0.07, 0.14, 0.30, 0.62, 1.15, 1.75, 2.00, 1.95,
    1.60, 1.45, 1.80, 1.90, 1.70, 1.30, 0.90, 0.72, 0.62, 0.50, 0.34, 0.20,
)  # fmt: skip
WEEKDAYS = (1.0, 1.05, 1.06, 1.02, 0.96, 0.52, 0.26)  # Monday to Sunday


def activity(world: World, day: date) -> Floats:
    """Give the expected requests of each tenant (rows) in each hour of a UTC day (columns)."""
    return _relative(world, day) * _requests_per_weight(world)


def midnight(day: date) -> datetime:
    """Give the start of a UTC day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@cache
def _requests_per_weight(world: World) -> float:
    """The factor that makes the first `days` days hold as many rows as asked for."""
    first = world.starts_at.date() + timedelta(days=1)
    days = world.parameters.days
    relative = sum(float(_relative(world, first + timedelta(days=n)).sum()) for n in range(days))
    return REQUESTS_A_DAY * days * world.parameters.scale / relative


def _relative(world: World, day: date) -> Floats:
    grown = 1 + GROWTH_A_DAY * min((day - world.starts_at.date()).days, GROWTH_DAYS)
    weights = np.array([tenant.weight for tenant in world.tenants])
    rhythm = np.stack([_rhythm(tenant.timezone or "Africa/Lagos", day) for tenant in world.tenants])
    active = np.stack([_active(tenant, day) for tenant in world.tenants])
    return grown * weights[:, np.newaxis] * rhythm * active


@cache
def _rhythm(timezone: str, day: date) -> Floats:
    """Activity in the hours of a UTC day for a tenant whose people live in `timezone`."""
    zone, start = ZoneInfo(timezone), midnight(day)
    local = [(start + timedelta(hours=hour)).astimezone(zone) for hour in range(24)]
    return np.array([WORKDAY[at.hour] * WEEKDAYS[at.weekday()] for at in local])


def _active(tenant: Tenant, day: date) -> npt.NDArray[np.bool_]:
    """Which whole hours of a UTC day the tenant can have rows in."""
    if tenant.silent and tenant.silent[0] <= day < tenant.silent[1]:
        return np.zeros(24, dtype=bool)
    hours = np.arange(24)
    begun = (tenant.created_at - midnight(day)) / timedelta(hours=1)
    ended = (tenant.deleted_at - midnight(day)) / timedelta(hours=1) if tenant.deleted_at else 24.0
    return (hours >= begun) & (hours + 1 <= ended)
