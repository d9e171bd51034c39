"""Who writes while the next tenants are read and shaped: threads, or for many tenants processes with threads.

Python lets one thread of a process work at a time. Where many files are written, the thread that shapes and the threads
that write would mostly wait for one another; in processes of their own, the writers do not.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Protocol

from pipeline.errors import TenantcastError, TransientError
from pipeline.publish.stores import Store
from pipeline.publish.writing import Order, Versions, write
from pipeline.settings import ROOT

THREADS = 8  # that write, of all processes together where there are any
MANY = 300  # tenants: for fewer, processes take longer to start than they save
MOST_PROCESSES = 4
Written = Versions | TenantcastError


class Writers(Protocol):
    """Writes what it is given beside the caller."""

    def start(self, orders: Sequence[Order], seq: int) -> Callable[[], list[Written]]:
        """Begin to write; the answer waits for the end and gives what became of each order."""


@contextmanager
def writers_for(store: Store, url: str, tenants: int, *, shards: int = 1) -> Iterator[Writers]:
    """Give the writers for so many tenants; `url` is the store's, for processes to open it by.

    As many processes as there are processors for one of the shards.
    """
    with ExitStack() as stack:
        if tenants < MANY:
            yield InThreads(store, stack.enter_context(ThreadPoolExecutor(THREADS)))
        else:
            count = max(1, min(MOST_PROCESSES, processors() // shards))
            yield InProcesses([stack.enter_context(_Process(url, THREADS // count)) for _ in range(count)])


def processors() -> int:
    """Give how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class InThreads:
    """Writes in threads of this process."""

    def __init__(self, store: Store, threads: ThreadPoolExecutor) -> None:
        self.store, self.threads = store, threads

    def start(self, orders: Sequence[Order], seq: int) -> Callable[[], list[Written]]:
        """Begin to write."""
        writing = [self.threads.submit(write, self.store, order, seq) for order in orders]
        return lambda: [each.result() for each in writing]


class InProcesses:
    """Writes in several processes, each with its share of the orders."""

    def __init__(self, processes: Sequence[_Process]) -> None:
        self.processes = processes

    def start(self, orders: Sequence[Order], seq: int) -> Callable[[], list[Written]]:
        """Begin to write."""
        count = len(self.processes)
        asked = [each.ask(orders[first::count], seq) for first, each in enumerate(self.processes)]

        def answers() -> list[Written]:
            shares = [iter(answer()) for answer in asked]
            return [next(shares[place % count]) for place in range(len(orders))]

        return answers


class _Process:
    """One `python -m pipeline.publish.writer`; a new one is started where the last has ended by itself."""

    def __init__(self, url: str, threads: int) -> None:
        self.url, self.threads = url, threads

    def __enter__(self) -> _Process:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it: without a reader of its answers it does not finish what it is doing."""
        with suppress(BrokenPipeError):
            self.orders.close()
        self.process.wait()
        self.answers.close()

    def ask(self, orders: Sequence[Order], seq: int) -> Callable[[], list[Written]]:
        """Send orders; what is given waits for the answer. None is tried twice: it may have been carried out."""
        if self.process.poll() is not None:
            self.__exit__()
            self._start()
        asked = self.process
        with suppress(BrokenPipeError):  # it has just ended: there will be no answer either
            pickle.dump((seq, orders), self.orders)
            self.orders.flush()

        def answer() -> list[Written]:
            try:
                if asked is not self.process:
                    raise EOFError
                written: list[Written] = pickle.load(self.answers)  # noqa: S301 from our own child
            except Exception:  # whatever half an answer is taken for
                asked.kill()
                return [_lost(asked.wait())] * len(orders)
            return written

        return answer

    def _start(self) -> None:
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        reading, writing = os.pipe()  # not standard output: whatever Python or a library prints there is no answer
        self.answers = os.fdopen(reading, "rb")
        try:
            # -P: what lies in the current folder is not meant.
            self.process = subprocess.Popen(  # noqa: S603 our own Python
                [sys.executable, "-P", "-m", "pipeline.publish.writer", str(writing)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[writing],
                env=os.environ | {"PYTHONPATH": path},
                process_group=0,  # Ctrl-C is for the one who waits; the end of that one ends this
            )
        except OSError as error:
            self.answers.close()
            raise TransientError(f"No process that writes can be started: {error.strerror}. Run it again.") from None
        finally:
            os.close(writing)
        assert self.process.stdin
        self.orders = self.process.stdin
        with suppress(BrokenPipeError):
            pickle.dump((self.url, self.threads), self.orders)
            self.orders.flush()


def _lost(code: int) -> TransientError:
    return TransientError(
        f"The process that was writing its files ended ({code}) before it said how far it was. "
        "Nothing is lost; run it again."
    )
