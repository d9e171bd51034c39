"""Every day: compare raw rows, rollups and files of the last days. Wiring only: see `pipeline`."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import CronPartitionTimetable, ExceptionRetryPolicy, Param, RetryAction, RetryRule, dag, task
from airflow.sdk.exceptions import AirflowFailException

from pipeline.errors import TransientError

log = logging.getLogger(__name__)

ABOUT = """
**Reconcile**, once a day: recomputes the last hours from raw rows and compares them with what is stored and published.

- **A difference fails the run**, and the end of the task's log names the first buckets. Changes that wait for the next
  tick, and hours that are frozen, are no difference.
- With the parameter `repair` what differs is marked, rolled up and published again, and the run fails only if
  anything still differs. `hours` is how far back it looks from the last complete hour.
- What was found is the XCom `return_value`, and stands in `pipeline.runs`.
"""

DAILY = CronPartitionTimetable("20 3 * * *", timezone="UTC", run_offset=-1)
IF_IT_MAY_PASS = ExceptionRetryPolicy([RetryRule(TransientError)], default=RetryAction.FAIL)


@task
def reconcile(*, params: Any = None) -> dict[str, Any]:
    """Compare, and fail on what remains."""
    from pipeline.installation import Installation  # noqa: PLC0415 reading this file loads no driver
    from pipeline.reconcile.reconciling import reconcile_recent  # noqa: PLC0415
    from pipeline.settings import load_settings  # noqa: PLC0415

    report = reconcile_recent(Installation(load_settings()), hours=params["hours"], repair=params["repair"])
    lines = report.lines()
    log.info("\n".join(lines))
    if not report.agrees:
        raise AirflowFailException("\n".join(lines))
    return report.to_json()


@dag(
    schedule=DAILY,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "hours": Param(72, type="integer", minimum=1, maximum=100_000, description="how far back to compare"),
        "repair": Param(False, type="boolean", description="redo what differs"),
    },
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": 2,
        "retry_policy": IF_IT_MAY_PASS,
    },
    doc_md=ABOUT,
    tags=["tenantcast"],
)
def tenantcast_reconcile() -> None:
    """One task."""
    reconcile()


tenantcast_reconcile()
