"""What a path is answered with: the page's own files and the published ones; nothing else has an address."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from pipeline.publish import caching
from pipeline.publish.content import content_type, is_zipped
from pipeline.serving.pages import assembled, policy_of

KEY = r"[A-Za-z0-9_-]{1,128}"
NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"  # never begins with a dot, so `..` is no name

PUBLISHED = tuple(
    (re.compile(pattern), cache_control)
    for pattern, cache_control in (
        (r"v1/status\.json", caching.STATUS),
        (rf"v1/t/{KEY}/dashboard\.json|v1/platform/{KEY}/summary\.json", caching.DASHBOARD),
        (rf"v1/(t|platform)/{KEY}/{KEY}/{NAME}\.[0-9A-Za-z]+\.json", caching.PAGE),
        (rf"v1/export/{KEY}/manifest\.json", caching.DASHBOARD),
        (rf"v1/export/{KEY}/{KEY}/month={KEY}/{NAME}\.parquet", caching.PAGE),
        (rf"v1/schema/{NAME}\.json|v1/tenantcast\.d\.ts", caching.SCHEMA),
    )
)
PAGE_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True)
class Asked:
    """What matters of a request: `target` as it stands in the request line, and two of its headers."""

    target: str
    accept_encoding: str = ""
    if_none_match: str = ""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, ready to be sent."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Found:
    """A file that has an address: its bytes, how they are stored, whether gzip gains anything, and its own headers."""

    content: bytes = field(repr=False)
    zipped: bool
    headers: Mapping[str, str]
    may_zip: bool = True


@dataclass(frozen=True)
class Site:
    """The page's folder and the store's, behind one address."""

    page: Path
    store: Path

    def answer(self, asked: Asked) -> Answer:
        """Answer a GET; one of HEAD is the same without the body."""
        path = unquote(asked.target.partition("?")[0], errors="replace").removeprefix("/")
        try:
            found = self._published(path) or self._of_page(path or "index.html")
            return plain(HTTPStatus.NOT_FOUND) if found is None else _as_asked(found, asked)
        except (OSError, RuntimeError, EOFError, zlib.error):  # unreadable, linked in a circle, not gzip
            return plain(HTTPStatus.INTERNAL_SERVER_ERROR, "this file cannot be read; publish it again")

    def _published(self, path: str) -> Found | None:
        cache_control = cache_control_of(path)
        content = cache_control and _inside(self.store, path)
        if not cache_control or not content:
            return None
        headers = {"Content-Type": content_type(path), "Cache-Control": cache_control}
        return Found(content, zipped=is_zipped(path), may_zip=is_zipped(path), headers=headers)

    def _of_page(self, name: str) -> Found | None:
        content = pages_of(self.page).get(name)
        if content is None:
            return None
        headers = {
            "Content-Type": PAGE_TYPES[Path(name).suffix],
            "Cache-Control": "no-cache",
            "Content-Security-Policy": policy_of(content),
            "Referrer-Policy": "no-referrer",
        }
        return Found(content.encode(), zipped=False, headers=headers)


def pages_of(folder: Path) -> dict[str, str]:
    """The pages made of a folder's files, by name; anew when one of these has changed."""
    files = sorted(file for file in folder.iterdir() if file.suffix in PAGE_TYPES)
    return _made(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=1)
def _made(stamped: tuple[tuple[Path, int], ...]) -> dict[str, str]:
    return assembled({file.name: file.read_text(encoding="utf-8") for file, _ in stamped})


def cache_control_of(path: str) -> str | None:
    """How long a published file may be kept; None for a path that no published file can have."""
    return next((value for pattern, value in PUBLISHED if pattern.fullmatch(path)), None)


def plain(status: HTTPStatus, words: str = "", **more: str) -> Answer:
    """An answer in plain words that nobody keeps."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return Answer(status, _sealed(headers | more), f"{words or status.phrase.lower()}\n".encode())


def _inside(folder: Path, path: str) -> bytes | None:
    """The bytes of a regular file that lies in `folder` after all links are followed."""
    root = folder.resolve()
    file = (root / path).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        return None
    return file.read_bytes()


def _as_asked(found: Found, asked: Asked) -> Answer:
    """In the encoding that the client takes; 304 without a body where it has that already."""
    zipping = found.may_zip and accepts_gzip(asked.accept_encoding)
    digest = hashlib.sha256(found.content).hexdigest()[:32]
    etag = f'"{digest}{"-gzip" if zipping else ""}"'  # strong: other bytes, other tag
    headers = {"ETag": etag, "Vary": "Accept-Encoding", **found.headers}
    if _has_already(asked.if_none_match, etag):
        return Answer(HTTPStatus.NOT_MODIFIED, _sealed(headers))
    if zipping:
        headers["Content-Encoding"] = "gzip"
    return Answer(HTTPStatus.OK, _sealed(headers), _encoded(found, zipping=zipping))


def _encoded(found: Found, *, zipping: bool) -> bytes:
    if found.zipped:
        unzipped = gzip.decompress(found.content)  # always, so that a damaged file is never passed on
        return found.content if zipping else unzipped
    return gzip.compress(found.content, mtime=0) if zipping else found.content


def _sealed(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "X-Content-Type-Options": "nosniff"}


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header takes gzip: by name, or else by `*`, with a weight above zero."""
    weights = {}
    for part in header.lower().split(","):
        coding, *parameters = (word.strip() for word in part.split(";"))
        weights[coding] = not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", word) for word in parameters)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


def _has_already(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
