"""Object stores: a folder that a static server can serve, or S3."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pipeline.errors import PermanentError, SettingsError, TransientError
from pipeline.publish.content import is_zipped

DRAFT = ".draft-"
ABSENT = ""  # the version of a file that is not there


@dataclass(frozen=True)
class Draft:
    """What a write left behind that was killed before its file got its name; `age` in seconds."""

    path: str
    age: float


@dataclass(frozen=True)
class Held:
    """A file as it is in a store; `version` is the store's name for just this content."""

    content: bytes
    version: str


class ChangedError(TransientError):
    """Something else is up than what was to be replaced; `up` is what, None where nothing is."""

    def __init__(self, path: str, up: Held | None) -> None:
        super().__init__(f"{path} has changed in the store while it was to be written. Run it again.")
        self.up = up


class Store(Protocol):
    """Where published files go. Paths are relative to the store's root, `v1/...`; content is gzip, unless Parquet."""

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        """Write one file whole, or not at all; give its version.

        `over` is the version that it may take the place of, ABSENT for none; by default it takes any. Raises
        ChangedError where another is up, unless that has this very content: a write whose answer was lost has arrived.
        """

    def look(self, path: str) -> Held | None:
        """Give a file with its version; None where there is none."""

    def get(self, path: str) -> bytes | None:
        """Give a file's bytes; None where there is none."""

    def has_second_name(self, path: str) -> bool:
        """Say whether a file is all right under its second name, where the store gives it one."""

    def delete(self, path: str) -> None:
        """Remove a file; a missing one is no error."""

    def list(self, folder: str) -> Iterator[str]:
        """Give the paths of all files below a folder, those of one folder in a row."""

    def drafts(self, folder: str) -> Iterator[Draft]:
        """Give what killed writes have left below a folder."""

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
    """A folder. Each file that is gzip is there under its own name, and under `name.gz` for nginx's gzip_static.

    The second name is a relative symbolic link, so that one rename replaces both at once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        """Write aside and rename: a reader sees the old file or the new one, also after a loss of power.

        Without the flushes the database could say that a file is up of which the disk has the name only. Who replaces
        a certain version holds the folder's lock.
        """
        del cache_control  # the server that serves the folder says it
        target = self.root / path
        try:
            _make(target.parent)
            with contextlib.nullcontext() if over is None else _locked(target.parent):
                up = None if over is None else self.look(path)
                if up and up.content != content and up.version != over:
                    raise ChangedError(path, up)
                if over and not up:
                    raise ChangedError(path, None)
                self._write(target, content)
        except OSError as error:
            raise _refused(target, error) from None
        return _version(content)

    def _write(self, target: Path, content: bytes) -> None:
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=DRAFT)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o644)
                file.flush()
                _be_later(file.fileno(), target)
                os.fsync(file.fileno())
            os.replace(draft, target)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(draft).unlink()
            raise
        if is_zipped(target.name) and not _leads_to(target):
            _name_twice(target)
        _flush(target.parent)

    def get(self, path: str) -> bytes | None:
        """Give a file's bytes."""
        up = self.look(path)
        return up.content if up else None

    def look(self, path: str) -> Held | None:
        """Read a file; its version is a hash of its content."""
        try:
            content = (self.root / path).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PermanentError(
                f"The store cannot be read: {self.root / path}: {error.strerror}. Check the file and its owner."
            ) from None
        return Held(content, _version(content))

    def has_second_name(self, path: str) -> bool:
        """Say whether `name.gz` leads to the file beside it."""
        return not is_zipped(path) or _leads_to(self.root / path)

    def delete(self, path: str) -> None:
        """Remove both names."""
        for name in (f"{path}.gz", path):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                (self.root / name).unlink()

    def list(self, folder: str) -> Iterator[str]:
        """Walk the folder, the second names left out, right or wrong; what vanishes meanwhile is not there."""
        for entry in _walk(self.root / folder):
            is_second = entry.name.endswith(".gz") and os.path.lexists(entry.path.removesuffix(".gz"))
            if not is_second and not entry.name.startswith(DRAFT):
                yield str(Path(entry.path).relative_to(self.root))

    def drafts(self, folder: str) -> Iterator[Draft]:
        """Walk the folder."""
        for entry in _walk(self.root / folder):
            if entry.name.startswith(DRAFT):
                with contextlib.suppress(FileNotFoundError):
                    age = time.time() - entry.stat(follow_symlinks=False).st_mtime
                    yield Draft(str(Path(entry.path).relative_to(self.root)), age)

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


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep others, also other processes, from replacing files in a folder meanwhile."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _leads_to(target: Path) -> bool:
    """Say whether the second name of a file is the link that it should be."""
    try:
        return str(Path(f"{target}.gz").readlink()) == target.name
    except OSError:  # there is none, or it is a file
        return False


def _name_twice(target: Path) -> None:
    """Put the second name in its place, whatever is there: a link made aside and renamed."""
    draft = target.parent / f"{DRAFT}{secrets.token_hex(8)}"
    draft.symlink_to(target.name)
    try:
        draft.replace(f"{target}.gz")
    except BaseException:
        draft.unlink()
        raise


def _be_later(handle: int, target: Path) -> None:
    """Date a draft at least a second after what it replaces: nginx tells versions apart by the second, and the size."""
    with contextlib.suppress(FileNotFoundError):
        second = int(target.stat().st_mtime) + 1
        if os.fstat(handle).st_mtime < second:
            os.utime(handle, (second, second))


def _make(folder: Path) -> None:
    """Make a folder and those above it, each name on disk before anything is put into it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush(folder.parent)


def _flush(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Give all files below a folder, folder by folder; what vanishes meanwhile is passed over."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield entry


def _refused(path: Path, error: OSError) -> PermanentError:
    return PermanentError(
        f"The store cannot be written: {path}: {error.strerror}. Check TENANTCAST_STORE_URL and the folder's owner."
    )
