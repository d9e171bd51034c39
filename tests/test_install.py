"""`scripts/install`: builds .venv once, and again when it was moved, is broken, or another Python or lock is wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.settings import ROOT

pytestmark = pytest.mark.embedded

# A Python that makes environments without pip, which takes seconds, and one that says it is of another version.
PYTHON = """#!/bin/sh
[ "$1 $2" != "-m venv" ] || {{ shift 2; set -- -m venv --without-pip "$@"; }}
exec {python} "$@"
"""
OTHER_PYTHON = """#!/bin/sh
[ "$1 $2 $3" != "-I -S -c" ] || {{ echo 3.99; exit; }}
exec {python3} "$@"
"""
OLD_PYTHON = "#!/bin/sh\nexit 1\n"
UV = '#!/bin/sh\necho "$@" >>{log}\n'


@dataclass
class Checkout:
    """A folder with the script and small locks; a Python and a uv that only notes what it is told come first in PATH."""

    folder: Path
    fakes: Path

    def install(self, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the script as make does."""
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHON", "VIRTUAL_ENV")}
        environment = kept | {"PATH": f"{self.fakes}:{os.environ['PATH']}"} | more
        return subprocess.run(
            [self.folder / "scripts" / "install"], env=environment, capture_output=True, text=True, check=False
        )

    def installs(self, **more: str) -> bool:
        """Run it; tell whether it installed anything, and make sure that the environment works after it."""
        log = self.fakes / "log"
        log.unlink(missing_ok=True)
        done = self.install(**more)
        assert done.returncode == 0, done.stderr
        asked = [self.venv / "bin" / "python", "-c", "import sys; print(sys.prefix)"]
        assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == str(self.venv)
        assert str(self.venv) in (self.venv / "bin" / "activate").read_text(encoding="utf-8")
        return log.exists() and "pip install" in log.read_text(encoding="utf-8")

    @property
    def venv(self) -> Path:
        """The environment."""
        return self.folder / ".venv"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that `scripts/install` has been run in."""
    made = Checkout(tmp_path / "check out", tmp_path / "fakes")
    (made.folder / "scripts").mkdir(parents=True)
    made.fakes.mkdir()
    shutil.copy(ROOT / "scripts" / "install", made.folder / "scripts" / "install")
    (made.folder / "scripts" / "uv.txt").write_text("uv==1\n", encoding="utf-8")
    (made.folder / "requirements.txt").write_text("orjson==1\n", encoding="utf-8")
    fake(made.fakes / "python3", PYTHON.format(python=sys.executable))
    fake(made.fakes / "python3.99", OTHER_PYTHON.format(python3=made.fakes / "python3"))
    fake(made.fakes / "python2", OLD_PYTHON)
    fake(made.fakes / "uv", UV.format(log=made.fakes / "log"))
    assert made.installs()
    (made.venv / "kept").touch()
    return made


def fake(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    path.chmod(0o755)


def test_a_second_run_does_nothing_and_takes_no_time(checkout: Checkout) -> None:
    """It costs as much as a few starts of Python, measured in turn with them: the machine may be busy."""
    assert not checkout.installs()
    assert not checkout.installs(PYTHON=str(checkout.fakes / "python3"))
    ours, starts = [], []
    for _ in range(10):
        starts.append(timed(lambda: subprocess.run([sys.executable, "-c", ""], check=True)))
        ours.append(timed(checkout.install))
    assert min(ours) < 12 * min(starts)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that some work takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_another_lock_is_installed_into_the_same_environment(checkout: Checkout) -> None:
    (checkout.folder / "requirements.txt").write_text("orjson==2\n", encoding="utf-8")
    assert checkout.installs()
    assert (checkout.venv / "kept").exists()
    assert not checkout.installs()


def test_a_failed_install_is_repeated_whatever_the_lock_says_then(checkout: Checkout) -> None:
    fake(checkout.fakes / "uv", "#!/bin/sh\nexit 1\n")
    (checkout.folder / "requirements.txt").write_text("orjson==2\n", encoding="utf-8")
    assert checkout.install().returncode == 1
    fake(checkout.fakes / "uv", UV.format(log=checkout.fakes / "log"))
    (checkout.folder / "requirements.txt").write_text("orjson==1\n", encoding="utf-8")
    assert checkout.installs()


def moved(checkout: Checkout) -> None:
    place = checkout.folder.with_name("elsewhere")
    checkout.folder.rename(place)
    checkout.folder = place


def interpreter_gone(checkout: Checkout) -> None:
    for link in (checkout.venv / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python3")


def upgraded_beneath(checkout: Checkout) -> None:
    (library,) = (checkout.venv / "lib").glob("python3.*")
    library.rename(library.with_name("python3.1"))


def no_environment_any_more(checkout: Checkout) -> None:
    (checkout.venv / "pyvenv.cfg").unlink()


def link_to_nothing(checkout: Checkout) -> None:
    shutil.rmtree(checkout.venv)
    checkout.venv.symlink_to(checkout.folder / "nothing")


@pytest.mark.parametrize(
    "broken", [moved, interpreter_gone, upgraded_beneath, no_environment_any_more, link_to_nothing]
)
def test_an_environment_that_does_not_work_is_built_anew(
    checkout: Checkout, broken: Callable[[Checkout], None]
) -> None:
    broken(checkout)
    assert checkout.installs()
    assert not (checkout.venv / "kept").exists()
    assert not checkout.installs()


def test_one_that_only_a_link_leads_to_is_used_and_never_emptied(checkout: Checkout) -> None:
    linked = Checkout(checkout.folder.with_name("linked"), checkout.fakes)
    shutil.copytree(checkout.folder, linked.folder, ignore=shutil.ignore_patterns(".venv"))
    linked.venv.symlink_to(checkout.venv)
    assert linked.install().returncode == 0
    assert linked.venv.is_symlink()
    interpreter_gone(checkout)
    assert linked.installs()
    assert not linked.venv.is_symlink()
    assert (checkout.venv / "kept").exists()


def test_a_python_of_another_version_is_taken_when_it_is_named(checkout: Checkout) -> None:
    assert checkout.installs(PYTHON="python3.99")
    assert not (checkout.venv / "kept").exists()
    assert not checkout.installs(), "plain python3 is happy with what is there"


def test_a_python_that_is_too_old_is_refused(checkout: Checkout) -> None:
    refused = checkout.install(PYTHON="python2")
    assert refused.returncode == 2
    assert "needs Python 3.11 or newer; 'python2' is not" in refused.stderr
    assert (checkout.venv / "kept").exists()
