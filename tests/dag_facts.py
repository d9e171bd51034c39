"""Prints what Dag files say of themselves, a line of JSON each; run by tests/test_dags.py inside Airflow's environment."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

REACHED: list[str] = []


def main() -> None:
    """Look at each Dag that is named, in a process of its own: what one has loaded is there for the next."""
    sys.addaudithook(lambda event, _: REACHED.append(event) if event in ("socket.connect", "sqlite3.connect") else None)
    from airflow.sdk import DAG  # noqa: F401, PLC0415 Airflow itself is not what is watched
    from airflow.serialization.serialized_objects import DagSerialization  # noqa: F401, PLC0415

    for name in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            print(f"FACTS {json.dumps(facts(name))}", flush=True)
            os._exit(0)
        os.waitpid(child, 0)


def facts(name: str) -> dict[str, Any]:
    """Read a Dag file while watching for connections, then look at what it made."""
    from airflow.serialization.serialized_objects import DagSerialization  # noqa: PLC0415

    REACHED.clear()
    before = set(sys.modules)
    module = read(Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / f"{name}.py")
    loaded = sorted(set(sys.modules) - before)
    dag = getattr(module, name)()
    reached = list(REACHED)
    DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    return {
        "name": name,
        "reached": reached,
        "loaded": loaded,
        "timetable": type(dag.timetable).__name__,
        "runs": hours(dag),
        "catchup": dag.catchup,
        "paused": dag.is_paused_upon_creation,
        "max_active_runs": dag.max_active_runs,
        "params": dag.params.dump(),
        "tasks": {name: described(task) for name, task in dag.task_dict.items()},
        "decisions": decisions(dag.tasks[-1] if len(dag.tasks) == 1 else dag.get_task("publish")),
        "busy": busy(module) if hasattr(module, "reported") else None,
    }


def read(path: Path) -> ModuleType:
    """Import a file as Airflow's parser does."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hours(dag: Any) -> list[dict[str, Any]]:
    """Give the first run, and the one after it."""
    from airflow.serialization.encoders import coerce_to_core_timetable  # noqa: PLC0415
    from airflow.timetables.base import TimeRestriction  # noqa: PLC0415

    timetable = coerce_to_core_timetable(dag.timetable)
    live = TimeRestriction(earliest=dag.start_date, latest=None, catchup=False)
    first = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=live)
    after = timetable.next_dagrun_info_v2(last_dagrun_info=first, restriction=live)
    return [{"run_after": one.run_after.isoformat(), "key": one.partition_key} for one in (first, after)]


def described(task: Any) -> dict[str, Any]:
    """Give what matters of one task."""
    return {
        "downstream": sorted(task.downstream_task_ids),
        "trigger_rule": task.trigger_rule.value,
        "mapped": task.is_mapped,
        "retries": task.retries,
        "backoff": task.retry_exponential_backoff,
        "outlets": [outlet.name for outlet in task.outlets],
    }


def decisions(task: Any) -> dict[str, str]:
    """Give what the task does on each kind of error."""
    from pipeline import errors  # noqa: PLC0415

    kinds = [errors.TransientError, errors.PermanentError, errors.SettingsError, ValueError]
    policy = task.partial_kwargs["retry_policy"] if task.is_mapped else task.retry_policy
    return {kind.__name__: policy.evaluate(kind("x"), 1, 3).action.value for kind in kinds}


def busy(module: ModuleType) -> str:
    """Give what becomes of a BusyError."""
    from pipeline.errors import BusyError  # noqa: PLC0415

    def step(*_: object) -> None:
        raise BusyError("Another tick is at work.")

    try:
        module.reported(step)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


if __name__ == "__main__":
    main()
