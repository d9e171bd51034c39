"""The quotas of the SaaS, as files are made of them: compared by each tick, and what differs is saved and queued."""

from __future__ import annotations

from datetime import datetime

from pipeline.database.connection import Database, execute
from pipeline.rollups.ticking import ticking


def sync_quotas(database: Database, through: datetime) -> int:
    """Compare all quotas with what the last tick saw; queue the tenants that differ; give how many."""
    with ticking(database) as connection:
        return execute(connection, "quotas/save_changed", through=through).rowcount
