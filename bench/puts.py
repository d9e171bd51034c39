"""(h) What a put to S3 costs its sender: boto3, as the publisher puts, beside obstore.

Needs obstore, which `make test-real` installs.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from statistics import median

import obstore
import obstore.store

from bench.measuring import timed
from bench.scenes import Scenes
from pipeline.publish.caching import cache_control
from pipeline.publish.s3 import S3Store
from pipeline.publish.writers import THREADS

PUTS = 2_000
BYTES = 6_000
ROUNDS = 5
BUCKET = "bucket"
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench-secret", "AWS_REGION": "us-east-1"}
LIMITS = """\
{puts:,} puts of {size:,} bytes in {writers} threads, signed, to a server on loopback that reads and forgets them: its
own work takes a part of the other core. What a put costs the sender is its CPU time. Not measured: a network, where
latency hides much of it, and TLS."""

Put = Callable[[str, bytes], object]


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    del scenes
    print(f"puts: boto3 beside obstore {obstore.__version__}\n{LIMITS.format(puts=PUTS, size=BYTES, writers=THREADS)}")
    with _sink() as address:
        ways = {"boto3 (ours)": _boto3(), "obstore": _obstore(address)}
        cpu: dict[str, list[float]] = {way: [] for way in ways}
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(ROUNDS + 1):
            for way, put in ways.items():
                before = _cpu()
                took = timed(partial(_put_all, put, f"{way}/{number}"))
                if number:  # the first round opens the connections
                    cpu[way].append((_cpu() - before) / PUTS)
                    seconds[way].append(took)
    for way in ways:
        rate = PUTS / median(seconds[way])
        print(f"  {way:<13} {median(cpu[way]) * 1000:6.2f} ms CPU a put, {rate:8,.0f} puts a second")
    ratio = median(cpu["boto3 (ours)"]) / median(cpu["obstore"])
    print(f"  boto3 takes {ratio:.1f} x the CPU of obstore")


def _put_all(put: Put, folder: str) -> None:
    content = os.urandom(BYTES)
    with ThreadPoolExecutor(THREADS) as writers:
        list(writers.map(lambda number: put(f"v1/t/{folder}/{number}.json", content), range(PUTS)))


def _boto3() -> Put:
    store = S3Store(bucket=BUCKET, prefix="")

    def put(path: str, content: bytes) -> object:
        return store.put(path, content, cache_control=cache_control(path))

    return put


def _obstore(address: str) -> Put:
    store = obstore.store.S3Store(BUCKET, endpoint=address, client_options={"allow_http": True})

    def put(path: str, content: bytes) -> object:
        said = {
            "Content-Type": "application/json", "Content-Encoding": "gzip", "Cache-Control": cache_control(path),
        }  # fmt: skip
        return obstore.put(store, path, content, attributes=said, use_multipart=False)

    return put


@contextmanager
def _sink() -> Iterator[str]:
    """Start the server and point the AWS settings at it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    os.environ.update(KEYS | {"AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true"})
    server = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)])
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        server.wait()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
