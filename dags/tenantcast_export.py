"""Every day: write the rollup tables as Parquet files. Wiring only: see `pipeline`."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import CronPartitionTimetable, ExceptionRetryPolicy, RetryAction, RetryRule, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from pipeline.errors import BusyError, TransientError

log = logging.getLogger(__name__)

ABOUT = """
**Export**, once a day: the rollup tables as Parquet files in the store, for pandas, DuckDB and the like.

- **Paused until somebody turns it on**: the files hold all tenants' numbers and lie where the dashboards lie, behind
  one address that cannot be guessed (`python -m pipeline url --export`).
- Only months whose rows differ are written; `manifest.json` comes last and lists what counts.
- **Skipped** means that another export was at work. What was written is the XCom `return_value`, and stands in
  `pipeline.runs`.
"""

DAILY = CronPartitionTimetable("40 2 * * *", timezone="UTC", run_offset=-1)
IF_IT_MAY_PASS = ExceptionRetryPolicy([RetryRule(TransientError)], default=RetryAction.FAIL)


@task
def export() -> dict[str, Any]:
    """Write what differs."""
    from pipeline.export import exporting  # noqa: PLC0415 reading this file loads no driver
    from pipeline.installation import Installation  # noqa: PLC0415
    from pipeline.settings import load_settings  # noqa: PLC0415

    try:
        report = exporting.export(Installation(load_settings())).to_json()
    except BusyError as error:
        raise AirflowSkipException(str(error)) from None
    log.info("report %s", json.dumps(report))
    return report


@dag(
    schedule=DAILY,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": 2,
        "retry_policy": IF_IT_MAY_PASS,
    },
    doc_md=ABOUT,
    tags=["tenantcast"],
)
def tenantcast_export() -> None:
    """One task."""
    export()


tenantcast_export()
