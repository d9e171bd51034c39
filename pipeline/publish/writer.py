"""`python -m pipeline.publish.writer FD`: writes what standard input asks for, and answers on the descriptor FD.

Started by `writers` alone. Nothing is written any more once standard input is closed: whoever asked is gone, and with
it the right to write.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

from pipeline.errors import TenantcastError
from pipeline.publish.stores import open_store
from pipeline.publish.writing import Versions, write


def main() -> None:
    """Take orders until there is nobody left who gives any."""
    coming, answers = sys.stdin.buffer, os.fdopen(int(sys.argv[1]), "wb")
    orders: SimpleQueue[Any] = SimpleQueue()
    with suppress(EOFError, pickle.UnpicklingError):
        url, threads = pickle.load(coming)  # noqa: S301 from our own parent
        Thread(target=_work, args=(orders, answers, url, threads), daemon=True).start()
        while True:
            orders.put(pickle.load(coming))  # noqa: S301 from our own parent
    os._exit(0)  # at once, whatever the threads are doing


def _work(orders: SimpleQueue[Any], answers: IO[bytes], url: str, threads: int) -> None:
    try:
        carry_out = _opened(url)
        with ThreadPoolExecutor(threads) as pool:
            while True:
                seq, some = orders.get()
                pickle.dump(list(pool.map(partial(carry_out, seq=seq), some)), answers)
                answers.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)


def _opened(url: str) -> Callable[..., Versions | TenantcastError]:
    """Give what carries orders out; where the store cannot be opened, each of them is answered with the reason."""
    try:
        return partial(write, open_store(url))
    except TenantcastError as error:
        reason = error
        return lambda order, seq: reason


if __name__ == "__main__":
    main()
