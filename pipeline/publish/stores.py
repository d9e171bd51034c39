"""Object stores: a folder that a static server can serve, or S3."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pipeline.errors import PermanentError, SettingsError


class Store(Protocol):
    """Where published files go. Paths are relative to the store's root, `v1/...`; content is gzip."""

    def put(self, path: str, content: bytes, *, cache_control: str) -> None:
        """Write one file whole, or not at all."""

    def get(self, path: str) -> bytes | None:
        """Give a file's bytes; None where there is none."""

    def delete(self, path: str) -> None:
        """Remove a file; a missing one is no error."""

    def url(self, path: str) -> str:
        """Give the address of a file."""

    def check(self) -> None:
        """Raise an error that says what is wrong if nothing can be written."""


def open_store(url: str) -> Store:
    """Give the store that `TENANTCAST_STORE_URL` names."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileStore(Path(unquote(parts.path)))
    if parts.scheme == "s3":
        from pipeline.publish.s3 import S3Store  # noqa: PLC0415  boto3 costs a third of a second to import

        return S3Store(bucket=parts.netloc, prefix=parts.path.strip("/"))
    raise SettingsError(f"TENANTCAST_STORE_URL: {url!r} is neither file:///path nor s3://bucket/prefix.")


class FileStore:
    """A folder. Each file is there under its own name, and under `name.gz` for nginx's gzip_static.

    The second name is a relative symbolic link, so that one rename replaces both at once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, content: bytes, *, cache_control: str) -> None:
        """Write aside and rename: a reader sees the old file or the new one."""
        del cache_control  # the server that serves the folder says it
        target = self.root / path
        try:
            if not target.parent.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
            self._write(target, content)
        except OSError as error:
            raise _refused(target, error) from None

    def _write(self, target: Path, content: bytes) -> None:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o644)
            os.replace(draft, target)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(draft).unlink()
            raise
        with contextlib.suppress(FileExistsError):
            os.symlink(target.name, f"{target}.gz")  # noqa: PTH211

    def get(self, path: str) -> bytes | None:
        """Give a file's bytes."""
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, path: str) -> None:
        """Remove both names."""
        for name in (f"{path}.gz", path):
            (self.root / name).unlink(missing_ok=True)

    def url(self, path: str) -> str:
        """Give a file:// address."""
        return (self.root / path).as_uri()

    def check(self) -> None:
        """Make the folder, and write and remove a file in it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            raise _refused(self.root, error) from None


def _refused(path: Path, error: OSError) -> PermanentError:
    return PermanentError(
        f"The store cannot be written: {path}: {error.strerror}. Check TENANTCAST_STORE_URL and the folder's owner."
    )
