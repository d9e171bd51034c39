"""The process that owns an embedded Postgres: `python -m pipeline.database.keeper HOME PROGRAMS FSYNC LOCK`.

It starts the server, writes its port to the file `port`, and stops it once it can take `users.lock` alone. LOCK is the
open `keeper.lock`, held for it already. Killed, it takes the server along.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from pipeline.database.cluster import Cluster, private
from pipeline.database.server_user import ending_with_us

POLL_SECONDS = 0.2
READY_SECONDS = 300  # a server that recovers from a crash is given time
PREDECESSOR_SECONDS = 120
TRIES = 3
SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "autovacuum_naptime": "20s",
}


def main(cluster: Cluster, fsync: str, lock: int) -> int:
    """Keep the server of `cluster` until nobody holds `users.lock`."""
    os.umask(0o077)
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.append(1))
    started = _start_ready(cluster, fsync)
    if started is None:
        return 1
    server, port = started
    _make_database(cluster, port)
    _announce(cluster, port)
    with private(cluster.home / "users.lock") as users:
        while server.poll() is None and not stopping and not _alone(users):
            time.sleep(POLL_SECONDS)
        # First the port and our lock: whoever comes from now on must not take this server for a usable one.
        (cluster.home / "port").unlink(missing_ok=True)
        os.close(lock)
        server.send_signal(signal.SIGINT)
        server.wait()
    return 0


def _start_ready(cluster: Cluster, fsync: str) -> tuple[subprocess.Popen[bytes], int] | None:
    """Start the server; give it and its port.

    Another one may have taken that port, so try a few times. A predecessor may still be shutting down, and then the
    data folder holds its postmaster.pid: that is waited for.
    """
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    tries = 0
    while True:
        predecessor = (cluster.data / "postmaster.pid").exists()
        port = _free_port()
        server = _start(cluster, fsync, port)
        if _wait_ready(cluster, server):
            return server, port
        server.kill()
        server.wait()
        tries += not predecessor
        if time.monotonic() > deadline or tries >= TRIES:
            return None
        time.sleep(POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(cluster: Cluster, fsync: str, port: int) -> subprocess.Popen[bytes]:
    options = SERVER_SETTINGS | {"port": str(port), "fsync": fsync, "full_page_writes": fsync}
    command = [cluster.program("postgres"), "-D", str(cluster.data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with private(cluster.home / "server.log") as log:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=ending_with_us(signal.SIGINT),
        )


def _wait_ready(cluster: Cluster, server: subprocess.Popen[bytes]) -> bool:
    """The last line of postmaster.pid says how far the server is; it needs no password to read."""
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, IndexError):
            lines = (cluster.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            if lines[0] == str(server.pid) and lines[-1].strip() == "ready":
                return True
        time.sleep(0.02)
    return False


def _make_database(cluster: Cluster, port: int) -> None:
    """Create the database `tenantcast`; where it is there already, that is refused and all is well."""
    place = ["-h", "127.0.0.1", "-p", str(port), "-U", "tenantcast", "-d", "postgres"]
    subprocess.run(  # noqa: S603
        [cluster.program("psql"), "--no-psqlrc", "-q", *place, "-c", "create database tenantcast"],
        env={"PGPASSWORD": cluster.password, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )


def _announce(cluster: Cluster, port: int) -> None:
    draft = cluster.home / "port.new"
    draft.write_text(str(port), encoding="ascii")
    draft.rename(cluster.home / "port")


def _alone(users: IO[bytes]) -> bool:
    """Take the users' lock for good if nobody holds it: whoever comes now waits until the server is down."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(Cluster(Path(sys.argv[1]), Path(sys.argv[2])), sys.argv[3], int(sys.argv[4])))
