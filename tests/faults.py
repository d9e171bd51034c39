"""Stores that fail, before a write or a removal or after it, now and then or at a certain one; for both kinds of store."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pipeline.errors import TransientError
from pipeline.installation import Installation
from pipeline.publish.stores import Store

FAULTS = ("before", "after", "slow", "")
Done = TypeVar("Done")
Kept = TypeVar("Kept", bound="Unreliable | Failing")


class Unreliable:
    """Any store, with faults drawn by weight; `faults` is what it did, by what was asked for."""

    def __init__(self, store: Store, seed: int, weights: Sequence[int]) -> None:
        self.store, self.weights = store, weights
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.faults: set[tuple[str, str]] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        """Write a file, or not, and say so, or not."""
        return self._perhaps("put", path, lambda: self.store.put(path, content, cache_control=cache_control, over=over))

    def delete(self, path: str) -> None:
        """Remove a file, or not, and say so, or not."""
        self._perhaps("delete", path, lambda: self.store.delete(path))

    def _perhaps(self, asked: str, path: str, do: Callable[[], Done]) -> Done:
        with self.lock:
            fault, pause = self.random.choices(FAULTS, self.weights)[0], self.random.uniform(0, 0.02)
            self.faults |= {(asked, fault)} if fault else set()
        if fault == "slow":  # so that others overtake it
            time.sleep(pause)
        return _done(fault, path, do)


class Failing:
    """Any store, in which of all writes and removals below a folder the one of a certain place fails, before or after.

    `asked` counts them by folder, `failed` is the path that has failed in each.
    """

    def __init__(self, store: Store, faults: Mapping[str, tuple[int, str]]) -> None:
        self.store, self.faults = store, faults
        self.asked: Counter[str] = Counter()
        self.failed: dict[str, str] = {}
        self.lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        """Write a file, unless it is one that fails before."""
        return self._counted(path, lambda: self.store.put(path, content, cache_control=cache_control, over=over))

    def delete(self, path: str) -> None:
        """Remove a file, unless it is one that fails before."""
        self._counted(path, lambda: self.store.delete(path))

    def _counted(self, path: str, do: Callable[[], Done]) -> Done:
        folder = next((each for each in self.faults if path.startswith(each)), "")
        place, fault = self.faults.get(folder, (0, ""))
        with self.lock:
            fails = bool(fault) and self.asked[folder] == place
            self.asked[folder] += 1
            if fails:
                self.failed[folder] = path
        return _done(fault if fails else "", path, do)


def _done(fault: str, path: str, do: Callable[[], Done]) -> Done:
    if fault == "before":
        raise TransientError(f"{path}: SlowDown")
    done = do()
    if fault == "after":
        raise TransientError(f"{path}: the connection was lost before an answer came")
    return done


@contextmanager
def storing_in(installation: Installation, store: Kept) -> Iterator[Kept]:
    """Let an installation work with this store for a while."""
    sound = installation.store
    installation.__dict__["store"] = store
    try:
        yield store
    finally:
        installation.__dict__["store"] = sound
