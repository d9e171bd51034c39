"""Trap 12: a store that fails, delays and reorders writes; whoever follows dashboard.json meets nothing missing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.errors import TransientError
from pipeline.installation import Installation
from pipeline.publish.stores import FileStore
from pipeline.run import run
from tests.checks import Reader, assert_as_from_scratch, assert_settled, polling
from tests.conftest import NOW, Databases, Sql, document

FAULTS = ("before", "after", "slow", "")


class Unreliable(FileStore):
    """A folder that refuses writes, does them and says that it did not, or takes its time, so that others overtake."""

    def __init__(self, root: Path, seed: int, weights: Sequence[int]) -> None:
        super().__init__(root)
        self.random, self.weights, self.lock = random.Random(seed), weights, threading.Lock()
        self.faults: list[str] = []

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        with self.lock:
            fault, pause = self.random.choices(FAULTS, self.weights)[0], self.random.uniform(0, 0.02)
            self.faults += [fault] if fault else []
        if fault == "before":
            raise TransientError(f"{path}: SlowDown")
        if fault == "slow":
            time.sleep(pause)
        version = super().put(path, content, cache_control=cache_control, over=over)
        if fault == "after":
            raise TransientError(f"{path}: the connection was lost before an answer came")
        return version


@pytest.mark.parametrize("seed", range(3))
def test_whoever_follows_a_dashboard_meets_nothing_missing_and_nothing_wrong(  # noqa: PLR0917  fixtures
    ready: Installation, sql: Sql, databases: Databases, template: str, tmp_path: Path, seed: int
) -> None:
    """Trap 12: writes fail before and after they are done, and overtake each other, while a reader follows."""
    chosen = random.Random(seed)
    names = [f"t{number}" for number in range(1, 7)]
    for name in names:
        sql.tenant(name)
    run(ready, NOW)
    assert isinstance(ready.store, FileStore)
    sound = ready.store
    unreliable = Unreliable(sound.root, seed, weights=(10, 10, 30, 50))
    ready.__dict__["store"] = unreliable
    reader, failures = Reader(Installation(ready.settings)), 0
    with polling(reader.look):
        for _ in range(8):
            for name in chosen.sample(names, 4):
                sql.request(f"2026-03-0{chosen.randrange(1, 10)}T{chosen.randrange(10, 24)}:00:00Z", name)
            try:
                failures += len(run(ready, NOW).publish.failures)
            except TransientError:
                failures += 1
    assert failures > 0
    assert set(unreliable.faults) == {"before", "after", "slow"}
    assert reader.looks > 10
    ready.__dict__["store"] = sound
    run(ready, NOW)
    assert document(ready, "v1/status.json")["stale"] == []
    assert_as_from_scratch(ready, databases, template, home=tmp_path / "fresh", at=NOW)
    assert_settled(ready, sql, NOW)
