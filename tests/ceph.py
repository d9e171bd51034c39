"""A private Ceph with its S3 front: one mon, one osd in memory, one radosgw, on loopback; needs Debian's packages and root."""

from __future__ import annotations

import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.buckets import free_port

LONGEST = 60.0
REGION = "us-east-1"
CONF = """
[global]
fsid = {fsid}
mon_initial_members = a
mon_host = [v2:127.0.0.1:{mon}/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
keyring = {home}/keyring
run_dir = {home}
admin_socket =
pid_file =
log_file = {home}/$name.log
mon_data = {home}/mon
osd_data = {home}/osd
osd_objectstore = memstore
memstore_device_bytes = 1073741824
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 2
osd_pool_default_pgp_num = 2
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
osd_crush_update_on_start = true
mon_allow_pool_size_one = true
mon_data_avail_crit = 0
rgw_data = {home}
rgw_enable_usage_log = false
rgw_relaxed_region_enforcement = true
"""


@dataclass(frozen=True)
class Account:
    """A user of the store; `settings` is the environment in which the pipeline is that user."""

    name: str
    key: str
    secret: str
    endpoint: str

    def become(self, environment: pytest.MonkeyPatch) -> None:
        """Let the pipeline work as this user."""
        for name, value in self.settings.items():
            environment.setenv(name, value)

    @property
    def settings(self) -> dict[str, str]:
        """Give what AWS's way of setting things calls it."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def client(self) -> Any:
        """Give a client of its own, beside the pipeline's."""
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            region_name=REGION,
            config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
        )


@dataclass(frozen=True)
class Ceph:
    """A running store, who owns its buckets, who is to publish into them, and to whom nothing has been granted."""

    endpoint: str
    owner: Account
    publisher: Account
    stranger: Account

    def bucket(self) -> str:
        """Make a bucket of the owner's; give its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.owner.client().create_bucket(Bucket=name)
        return name


@contextmanager
def running_ceph(home: Path) -> Iterator[Ceph]:
    """Start all parts in a folder, give the store once it answers, stop what was started."""
    mon, front, fsid = free_port(), free_port(), str(uuid.uuid4())
    (home / "ceph.conf").write_text(CONF.format(home=home, fsid=fsid, mon=mon))
    _make_keyring(home)
    _call(home, "monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{mon}/0]", home / "monmap")
    for name in ("mon", "osd"):
        (home / name).mkdir()
    with ExitStack() as parts:
        _call(home, "ceph-mon", "--mkfs", "-i", "a", "--monmap", home / "monmap", "--keyring", home / "keyring")
        parts.enter_context(_part(home, "ceph-mon", "-i", "a"))
        osd = str(uuid.uuid4())
        _call(home, "ceph", "osd", "new", osd)
        _call(home, "ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        parts.enter_context(_part(home, "ceph-osd", "-i", "0"))
        listening = f"beast endpoint=127.0.0.1:{front}"
        radosgw = parts.enter_context(_part(home, "radosgw", "-n", "client.admin", "--rgw_frontends", listening))
        endpoint = f"http://127.0.0.1:{front}"
        _wait_for(endpoint, radosgw, home)
        owner, publisher, stranger = (_add(home, name, endpoint) for name in ("owner", "publisher", "stranger"))
        yield Ceph(endpoint, owner=owner, publisher=publisher, stranger=stranger)


def _make_keyring(home: Path) -> None:
    """One file holds the keys of all parts, and what each may do."""
    ring = home / "keyring"
    _call(home, "ceph-authtool", "--create-keyring", ring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    for name in ("client.admin", "osd.0"):
        caps = [word for part in ("mon", "osd", "mgr") for word in ("--cap", part, "allow *")]
        _call(home, "ceph-authtool", ring, "--gen-key", "-n", name, *caps)


def _add(home: Path, name: str, endpoint: str) -> Account:
    account = Account(name=name, key=f"{name}-key", secret=uuid.uuid4().hex, endpoint=endpoint)
    _call(
        home, "radosgw-admin", "user", "create", "--uid", name, "--display-name", name,
        "--access-key", account.key, "--secret-key", account.secret,
    )  # fmt: skip
    return account


def _call(home: Path, *words: str | Path) -> None:
    done = subprocess.run(
        _line(home, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LONGEST, check=False
    )
    assert done.returncode == 0, f"{words[0]}: {done.stdout}"


@contextmanager
def _part(home: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Keep one part running; what it says goes into the folder."""
    with (home / f"{words[0]}.out").open("wb") as said:
        process = subprocess.Popen(_line(home, *words, "-f"), stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.kill()  # nothing in it is to be kept
            process.wait(10)


def _line(home: Path, *words: str | Path) -> list[str]:
    program, *rest = map(str, words)
    told = [] if program in {"monmaptool", "ceph-authtool"} else ["-c", str(home / "ceph.conf")]
    return [program, *told, *rest]


def _wait_for(endpoint: str, server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + LONGEST
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(endpoint, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    said = "".join(path.read_text(errors="replace")[-2000:] for path in sorted(home.glob("*.log")))
    raise AssertionError(f"radosgw does not answer: {said}")
