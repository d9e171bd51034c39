"""Turns one tenant's rows into the files that have to be written: only those whose numbers changed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    listed = _shape_pages(job, key, changes)
    shown = {kind: _shown(job, kind, listed[kind], key, changes) for kind in KINDS}
    periods = shape_periods(job.tenant) | (job.kept or {})
    if not job.kept:
        changes.to_keep = {name: periods[name] for name in periods if name != "24h"}
    document = dashboard(
        job.tenant, seq=seq, data_through=data_through, currency=currency, periods=periods, pages=shown
    )
    digest = content_hash(document)
    up = job.current.get(("dashboard", ""))
    if up and up.content_hash == digest:
        changes.unchanged += 1
    else:
        path = f"{folder(key)}/dashboard.json"
        changes.dashboard = File(path, compress(to_json(document)), "dashboard", "", digest, None, None)
    return changes


def _shape_pages(job: Job, key: str, changes: Changes) -> dict[str, list[Listed]]:
    """Shape the pages asked for; give what will be up of each kind, newest first."""
    up: dict[str, dict[str, Listed]] = defaultdict(dict)
    for (kind, page), current in job.current.items():
        if kind in KINDS and page != INDEX:
            up[kind][page] = current.listed
    for (kind, page), asked in job.pages.items():
        if asked.rows:
            up[kind][page] = _shape_page(job, kind, page, asked, key, changes)
        elif up[kind].pop(page, None):
            changes.gone.append((kind, page))
    return {kind: sorted(up[kind].values(), key=lambda each: each.page, reverse=True) for kind in KINDS}


def _shape_page(job: Job, kind: str, page: str, asked: Page, key: str, changes: Changes) -> Listed:
    assert asked.page_from is not None
    assert asked.page_to is not None
    document = detail_page(kind, job.info.id, asked.rows, page_from=asked.page_from, page_to=asked.page_to)
    return _page_file(job, kind, page, document, key, changes, (asked.page_from, asked.page_to))


def _page_file(
    job: Job,
    kind: str,
    page: str,
    document: Mapping[str, Any],
    key: str,
    changes: Changes,
    covers: tuple[datetime, datetime],
) -> Listed:
    content = to_json(dict(document))
    relative = f"{kind}/{page_name(page, content)}"
    up = job.current.get((kind, page))
    if up and up.listed.path == relative:
        changes.unchanged += 1
        return up.listed
    packed = compress(content)
    changes.pages.append(
        File(f"{folder(key)}/{relative}", packed, kind, page, relative.rsplit(".", 2)[1], covers[0], covers[1])
    )
    return Listed(relative, page, covers[0], covers[1], len(packed))


def _shown(job: Job, kind: str, pages: Sequence[Listed], key: str, changes: Changes) -> list[Listed]:
    """Give the newest pages, and after them an index page of the older ones where there are any."""
    newest, older = list(pages[:LISTED_PAGES]), pages[LISTED_PAGES:]
    if not older:
        if (kind, INDEX) in job.current:
            changes.gone.append((kind, INDEX))
        return newest
    document = index_page(kind, job.info.id, older)
    covers = (older[-1].page_from, older[0].page_to)
    return [*newest, _page_file(job, kind, INDEX, document, key, changes, covers)]
