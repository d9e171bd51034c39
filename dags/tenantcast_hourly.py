"""Every hour: roll up what changed, publish it in shards, say how far it is. Wiring only: see `pipeline`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import (
    Asset,
    CronPartitionTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    dag,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from pipeline.errors import BusyError, TransientError

log = logging.getLogger(__name__)

ABOUT = """
**Mark, roll, publish**, once an hour.

| task | does |
| --- | --- |
| `tick` | recomputes the hours and days that changed since the last tick, and queues their tenants |
| `shards` | numbers the shards, from the parameter `shards` |
| `publish` | one mapped task a shard: writes the files of the queued tenants |
| `status` | writes the platform's files, then `status.json`, also after a failure |
| `outcome` | does nothing: it makes the run fail if any task before it failed |

- **The partition key is the hour that has just closed** (`[key, key + 1 h)`, UTC). It names the run, nothing
  else: every run does all that is due at the time, so a rerun or a backfill of an old key does no harm.
- **Skipped** means that somebody else was doing this very work (`python -m pipeline run`, for one) or, for
  `status`, that tenants still wait for a shard that failed. What is ready is published all the same.
- **Retried** is only what may pass: a database or store that is away. All else fails at once, and the end of
  the task's log says why. Nothing is lost by a failed run: the next one does what is left.
- What each task did is its XCom `return_value`, and the metadata of the assets `tenantcast_rollups` and
  `tenantcast_files`.
"""

HOURLY = CronPartitionTimetable("0 * * * *", timezone="UTC", run_offset=-1)  # at 14:00 the key is 13:00
ROLLUPS = Asset("tenantcast_rollups", group="tenantcast")
FILES = Asset("tenantcast_files", group="tenantcast")
IF_IT_MAY_PASS = ExceptionRetryPolicy([RetryRule(TransientError)], default=RetryAction.FAIL)


def reported(step: Callable[..., Any], **more: int) -> dict[str, Any]:
    """Run one step of the pipeline as of now and give its report."""
    from pipeline.installation import Installation  # noqa: PLC0415 reading this file loads no driver
    from pipeline.settings import load_settings  # noqa: PLC0415

    # As of now, not of the run's start: by then, a task tried again could lie behind what others did since.
    try:
        report: dict[str, Any] = step(Installation(load_settings()), None, **more).to_json()
    except BusyError as error:
        raise AirflowSkipException(str(error)) from None
    log.info("report %s", json.dumps(report))
    return report


@task(outlets=[ROLLUPS])
def tick(*, outlet_events: Any = None) -> dict[str, Any]:
    """Roll up what changed."""
    from pipeline.rollups.tick import roll  # noqa: PLC0415

    outlet_events[ROLLUPS].extra = report = reported(roll)
    return report


@task(trigger_rule="none_failed")  # a skipped tick does not hold up the publishing
def shards(*, params: Any = None) -> list[int]:
    """Number the shards."""
    return list(range(params["shards"]))


@task
def publish(shard: int, *, params: Any = None) -> dict[str, Any]:
    """Write the files of one shard's tenants."""
    from pipeline.publish import publisher  # noqa: PLC0415

    return reported(publisher.publish, shard=shard, shards=params["shards"])


@task(outlets=[FILES], trigger_rule="all_done")
def status(*, outlet_events: Any = None) -> dict[str, Any]:
    """Write the platform's files and status.json."""
    from pipeline.publish.status import announce  # noqa: PLC0415

    outlet_events[FILES].extra = report = reported(announce)
    if report["platform_failure"]:
        log.warning("platform: %s", report["platform_failure"])
    return report


@dag(
    schedule=HOURLY,
    start_date=datetime(2020, 1, 1, tzinfo=UTC),  # in the past: the last closed hour runs at once
    catchup=False,
    max_active_runs=1,  # saves work; two at once would be kept apart by the pipeline's own locks
    params={"shards": Param(4, type="integer", minimum=1, maximum=64, description="mapped publish tasks")},
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": 2,
        "retry_policy": IF_IT_MAY_PASS,
    },
    doc_md=ABOUT,
    tags=["tenantcast"],
)
def tenantcast_hourly() -> None:
    """Tick, then publish in shards, then status."""
    numbers = shards()
    tick() >> numbers
    published = publish.expand(shard=numbers)
    # A run is judged by its last task alone. `status` succeeds after failures, so one more looks at both.
    outcome = EmptyOperator(task_id="outcome", trigger_rule="none_failed")
    published >> status() >> outcome
    published >> outcome


tenantcast_hourly()
