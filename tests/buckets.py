"""An S3 server for every test, moto's, and buckets on it that remember every write."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
# Nothing of the machine's own configuration, and no question to a cloud's metadata address.
ALONE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_CONFIG_FILE": "/nonexistent",
}
UNUSED = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", *CREDENTIALS)


def free_port() -> int:
    """Give a port of loopback that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running_moto(home: Path) -> Iterator[str]:
    """Start the server; give its address; stop it."""
    port = free_port()
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
        try:
            wait_for(port, server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(10)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers that was started."""
    for _ in range(300):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, "moto_server ended at once"
        time.sleep(0.1)
    raise AssertionError("moto_server does not answer")


class Bucket:
    """A bucket that remembers every write, looked at with a client of its own."""

    def __init__(self, endpoint: str) -> None:
        self.name = f"test-{uuid.uuid4().hex[:12]}"
        self.client: Any = boto3.session.Session().client("s3", endpoint_url=endpoint)
        self.client.create_bucket(Bucket=self.name)
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def writes(self) -> dict[str, list[str]]:
        """Give the versions of every object, by key."""
        found: dict[str, list[str]] = {}
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.name):
            for version in page.get("Versions", []):
                found.setdefault(version["Key"], []).append(version["VersionId"])
        return found

    def object(self, key: str) -> dict[str, Any]:
        """Give an object with its headers; `Content` holds its bytes."""
        found: dict[str, Any] = self.client.get_object(Bucket=self.name, Key=key)
        return found | {"Content": found["Body"].read()}
