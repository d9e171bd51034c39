"""The check of every tick: what was there and what moved is what is there now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import execute
from pipeline.errors import PermanentError
from pipeline.mrr.scope import Scope

REMEDY = (
    "Nothing of this tick's MRR is kept. If a row of rollup.mrr_daily or rollup.mrr_movements was changed by hand, "
    "delete from pipeline.mrr_progress: the next tick derives all days anew from pipeline.subscription_versions. "
    "Otherwise this is a fault of Tenantcast; report it."
)


def check(connection: Connection, scope: Scope) -> None:
    """Raise PermanentError where MRR of a day is not that of the day before and its movements, or a tenant's is not.

    Days are summed by plan and movements by tenant, so neither follows from the other.
    """
    day = execute(connection, "mrr/check_days", first_day=scope.first_day, today=scope.today).one_or_none()
    if day is not None:
        raise PermanentError(_of_day(day))
    tenant = execute(connection, "mrr/check_tenants", today=scope.today, currency=scope.currency).one_or_none()
    if tenant is not None:
        raise PermanentError(
            f"mrr_movements of tenant {tenant.tenant_id} until {tenant.day}: they add up to {tenant.movements:f}, "
            f"but its subscriptions are worth {tenant.closing:f}. {REMEDY}"
        )


def _of_day(row: Row[Any]) -> str:
    difference = row.closing - row.opening - row.movements
    return (
        f"mrr_daily {row.day}: {row.opening:f} of the day before and movements of {row.movements:f} make "
        f"{row.opening + row.movements:f}, but the day has {row.closing:f}, a difference of {difference:f}. {REMEDY}"
    )
