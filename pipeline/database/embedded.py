"""An embedded Postgres for trials and tests: ours to start, and gone when nobody uses it.

Three locks in the folder of a cluster, all dropped by the kernel when their process ends, however it ends:

- `start.lock`, held alone while a process makes the cluster or waits for the server.
- `users.lock`, shared by every process that uses the server, for as long as it lives.
- `keeper.lock`, held by the keeper: the process that owns the server and stops it once it gets `users.lock` alone.

The file `port` is there while the server can be used.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.database.cluster import Cluster, initialise, locate, private
from pipeline.errors import TransientError

START_SECONDS = 360  # after a crash, the server first recovers
POLL_SECONDS = 0.02
_held: dict[Path, IO[bytes]] = {}


def start(folder: Path, *, durable: bool = True, programs: Path | None = None) -> str:
    """Make sure that the server of `folder` runs until this process ends; give its address.

    `durable=False` turns fsync off: for tests, whose data may be lost with the machine. `programs` names another
    installation of PostgreSQL than the embedded one, such as /usr/lib/postgresql/15.
    """
    folder = folder.absolute()
    cluster = locate(folder, programs)
    with _starting(cluster):
        if folder not in _held:
            _held[folder] = _use(cluster)
        if not cluster.exists:
            initialise(cluster)
        password = cluster.password
        port = _port(cluster, durable)
    return f"postgresql+psycopg://tenantcast:{password}@127.0.0.1:{port}/tenantcast"


def stop(folder: Path) -> None:
    """Stop using the server of `folder`; it ends when nobody else uses it."""
    held = _held.pop(folder.absolute(), None)
    if held:
        held.close()


@contextmanager
def _starting(cluster: Cluster) -> Iterator[None]:
    with private(cluster.home / "start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _use(cluster: Cluster) -> IO[bytes]:
    """Hold `users.lock`; waits while a keeper is ending its server."""
    lock = private(cluster.home / "users.lock")
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def _port(cluster: Cluster, durable: bool) -> int:
    """Wait for the server, starting a keeper where there is none; give the port."""
    port, keeper = cluster.home / "port", None
    logged = _log_size(cluster)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with private(cluster.home / "keeper.lock") as lock:
            if _taken(lock):
                if keeper:
                    raise TransientError(f"The embedded PostgreSQL did not start: {_last_words(cluster, logged)}")
                port.unlink(missing_ok=True)
                keeper = _start_keeper(cluster, durable, lock)
        if port.exists():
            return int(port.read_text(encoding="ascii"))
        time.sleep(POLL_SECONDS)
    raise TransientError(f"The embedded PostgreSQL is not ready after {START_SECONDS} s; see {cluster.home}/server.log")


def _taken(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start_keeper(cluster: Cluster, durable: bool, lock: IO[bytes]) -> subprocess.Popen[bytes]:
    """Hand our lock over to the keeper: it holds it from its first moment on."""
    command = [sys.executable, "-m", "pipeline.database.keeper", str(cluster.home), str(cluster.programs)]
    with private(cluster.home / "keeper.log") as log:
        return subprocess.Popen(  # noqa: S603
            [*command, "on" if durable else "off", str(lock.fileno())],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )


def _log_size(cluster: Cluster) -> int:
    log = cluster.home / "server.log"
    return log.stat().st_size if log.exists() else 0


def _last_words(cluster: Cluster, logged: int) -> str:
    """Give the last reason in the server's log after its first `logged` bytes, and where the log is."""
    log = cluster.home / "server.log"
    lines = log.read_bytes()[logged:].decode(errors="replace").splitlines() if log.exists() else []
    fatal = [line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line]
    return f"{fatal[-1]} (see {log})" if fatal else f"see {log} and keeper.log beside it"
