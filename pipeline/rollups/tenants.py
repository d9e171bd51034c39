"""What is known of each tenant: found changed, saved, and its days derived anew where its zone changed."""

from __future__ import annotations

from datetime import datetime

from pipeline.database.connection import Database, execute
from pipeline.rollups.days import redo_days
from pipeline.rollups.ticking import ticking


def sync_tenants(database: Database, timezone: str, through: datetime) -> int:
    """Compare the tenants with what the last tick saw; queue those that differ; give how many."""
    with ticking(database) as connection:
        execute(connection, "tenants/new_zones", timezone=timezone, through=through)
        execute(connection, "tenants/workspace")
        changed = execute(connection, "tenants/find_changed", timezone=timezone).rowcount
        if not changed:
            return 0
        execute(connection, "tenants/save_changed")
        execute(connection, "tenants/queue_changed", through=through)
        execute(connection, "tick/workspace")
        execute(connection, "tenants/touch_rezoned")
        execute(connection, "tenants/clear_rezoned_api")
        execute(connection, "tenants/clear_rezoned_usage")
        redo_days(connection, timezone=timezone, through=through, tables=("api_daily", "usage_daily"))
        return changed
