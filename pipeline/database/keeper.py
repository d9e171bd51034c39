"""The process that owns an embedded Postgres: `python -m pipeline.database.keeper HOME BINARIES FSYNC`.

It starts the server, prints its port, and stops it once it can take `users.lock` alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

SERVER_USER = (65534, 65534)  # nobody, nogroup
POLL_SECONDS = 0.2
PR_SET_PDEATHSIG = 1
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


def as_server_user() -> None:
    """Drop root for the server's user; called between fork and exec."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(SERVER_USER[1])
        os.setuid(SERVER_USER[0])


def _as_child() -> None:
    as_server_user()
    # After the change of user, which would clear it: the server shuts down when the keeper dies.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(home: Path, binaries: Path, fsync: str, port: int) -> subprocess.Popen[bytes]:
    options = SERVER_SETTINGS | {"port": str(port), "fsync": fsync, "full_page_writes": fsync}
    log = (home / "server.log").open("ab")
    command = [str(binaries / "bin" / "postgres"), "-D", str(home / "data")]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        preexec_fn=_as_child,
    )


def _wait_ready(home: Path, server: subprocess.Popen[bytes], seconds: float = 60) -> bool:
    """The last line of postmaster.pid says how far the server is; it needs no password to read."""
    deadline = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            lines = (home / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            if lines[0] == str(server.pid) and lines[-1].strip() == "ready":
                return True
        time.sleep(0.02)
    return False


def _make_database(home: Path, binaries: Path, port: int) -> None:
    """Create the database `tenantcast` unless it is there."""
    password = (home / "password").read_text(encoding="ascii")
    client = [str(binaries / "bin" / "psql"), "--no-psqlrc", "-q", "-h", "127.0.0.1", "-p", str(port)]
    subprocess.run(  # noqa: S603
        [*client, "-U", "tenantcast", "-d", "postgres", "-c", "create database tenantcast"],
        env={"PGPASSWORD": password, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )


def _alone(users: IO[bytes]) -> bool:
    """Take the users' lock for good if nobody holds it: whoever comes now waits until the server is down."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start_ready(home: Path, binaries: Path, fsync: str, port: int) -> subprocess.Popen[bytes] | None:
    """Start the server; a predecessor whose keeper was killed may still be shutting down, so try for a while."""
    for _ in range(50):
        server = _start(home, binaries, fsync, port)
        if _wait_ready(home, server):
            return server
        server.kill()
        server.wait()
        time.sleep(POLL_SECONDS)
    return None


def main(home: Path, binaries: Path, fsync: str) -> int:
    """Keep the server of `home` until nobody holds `users.lock`."""
    mine = (home / "keeper.lock").open("ab")
    fcntl.flock(mine, fcntl.LOCK_EX)
    port = _free_port()
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.append(1))
    server = _start_ready(home, binaries, fsync, port)
    if server is None:
        print("see", flush=True)
        return 1
    _make_database(home, binaries, port)
    (home / "port").write_text(str(port), encoding="ascii")
    print(port, flush=True)
    with (home / "users.lock").open("ab") as users:
        while server.poll() is None and not stopping and not _alone(users):
            time.sleep(POLL_SECONDS)
        server.send_signal(signal.SIGINT)
        server.wait()
        mine.close()  # before `users`: who gets that lock must not take this keeper for a living one
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
