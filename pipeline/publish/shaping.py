"""Turns one tenant's rows into the files that have to be written: only those whose numbers changed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.documents.dashboard import LISTED_PAGES, dashboard, shape_periods
from pipeline.documents.encode import compress, content_hash, page_name, to_json
from pipeline.documents.pages import detail_page, index_page
from pipeline.documents.rows import Listed
from pipeline.publish.keys import folder
from pipeline.publish.reading import Job, Page

KINDS = ("hourly", "daily")
INDEX = "index"


@dataclass(frozen=True)
class File:
    """One file to write: its path under the store's root, its gzip bytes, and what the ledger of files keeps."""

    path: str
    content: bytes
    kind: str
    page: str
    content_hash: str
    page_from: datetime | None
    page_to: datetime | None


@dataclass
class Changes:
    """What has to happen to one tenant's files: pages first, then the dashboard; then what is gone."""

    pages: list[File] = field(default_factory=list)
    dashboard: File | None = None
    gone: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    to_keep: dict[str, Any] | None = None  # newly shaped periods of whole days

    def files(self) -> list[File]:
        """Give the files in the order in which they must be written."""
        return [*self.pages, self.dashboard] if self.dashboard else self.pages


def shape(job: Job, *, key: str, seq: int, data_through: datetime, currency: str) -> Changes:
    """Give the changes of one tenant's files; the job must have a tenant."""
    assert job.tenant is not None
    changes = Changes()
    pages = _Pages(job, folder(key), changes)
    listed = pages.shape_asked()
    shown = {kind: pages.shown(kind, listed[kind]) for kind in KINDS}
    periods = shape_periods(job.tenant) | (job.kept or {})
    if not job.kept:
        changes.to_keep = {name: periods[name] for name in periods if name != "24h"}
    document = dashboard(
        job.tenant, seq=seq, data_through=data_through, currency=currency, periods=periods, pages=shown
    )
    digest, path = content_hash(document), f"{folder(key)}/dashboard.json"
    up = job.current.get(("dashboard", ""))
    if up and (up.content_hash, up.path) == (digest, path):
        changes.unchanged += 1
    else:
        changes.dashboard = File(path, compress(to_json(document)), "dashboard", "", digest, None, None)
    return changes


@dataclass(frozen=True)
class _Pages:
    """The pages of one tenant: `changes` collects what has to be written and what is gone."""

    job: Job
    folder: str
    changes: Changes

    def shape_asked(self) -> dict[str, list[Listed]]:
        """Shape the pages asked for; give what will be up of each kind, newest first."""
        up: dict[str, dict[str, Listed]] = defaultdict(dict)
        for (kind, page), current in self.job.current.items():
            if kind in KINDS and page != INDEX:
                up[kind][page] = current.listed
        for (kind, page), asked in self.job.pages.items():
            if asked.rows:
                up[kind][page] = self._detail(kind, page, asked)
            elif up[kind].pop(page, None):
                self.changes.gone.append((kind, page))
        return {kind: sorted(up[kind].values(), key=lambda each: each.page, reverse=True) for kind in KINDS}

    def shown(self, kind: str, pages: Sequence[Listed]) -> list[Listed]:
        """Give the newest pages, and after them an index page of the older ones where there are any."""
        newest, older = list(pages[:LISTED_PAGES]), pages[LISTED_PAGES:]
        if not older:
            if (kind, INDEX) in self.job.current:
                self.changes.gone.append((kind, INDEX))
            return newest
        document = index_page(kind, self.job.info.id, older)
        return [*newest, self._listed(kind, INDEX, document, older[-1].page_from, older[0].page_to)]

    def _detail(self, kind: str, page: str, asked: Page) -> Listed:
        assert asked.page_from is not None
        assert asked.page_to is not None
        document = detail_page(kind, self.job.info.id, asked.rows, page_from=asked.page_from, page_to=asked.page_to)
        return self._listed(kind, page, document, asked.page_from, asked.page_to)

    def _listed(self, kind: str, page: str, document: dict[str, Any], start: datetime, end: datetime) -> Listed:
        """Give the page as the dashboard lists it, and have it written unless it is up with this very content."""
        content = to_json(document)
        relative = f"{kind}/{page_name(page, content)}"
        up = self.job.current.get((kind, page))
        if up and up.path == f"{self.folder}/{relative}":
            self.changes.unchanged += 1
            return up.listed
        packed = compress(content)
        digest = relative.rsplit(".", 2)[1]
        self.changes.pages.append(File(f"{self.folder}/{relative}", packed, kind, page, digest, start, end))
        return Listed(relative, page, start, end, len(packed))
