"""Turns one tenant's rows into the files that have to be written: only those whose numbers changed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pipeline.documents.budget import check_page, fitted
from pipeline.documents.cost_pages import COSTS, cost_pages, month_of, place_of
from pipeline.documents.dashboard import dashboard, draft_periods
from pipeline.documents.encode import compress, page_name, to_json
from pipeline.documents.lists import Lengths
from pipeline.documents.pages import INDEX, INDEXED, detail_page, index_name, index_page
from pipeline.documents.ranked_pages import RANKINGS, is_cut, rank_place, ranked_pages, whole_draft
from pipeline.documents.rows import PERIODS, CostLine, Listed
from pipeline.publish.keys import folder
from pipeline.publish.reading import Current, Job, Page
from pipeline.publish.stores import ABSENT

KINDS = ("hourly", "daily", "weekly", "monthly", *RANKINGS, COSTS)


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
    shortened: str | None = None  # of a dashboard: which lists, and to how many entries
    version: str | None = None  # of a dashboard in the store: before it is written, of what it takes the place of


@dataclass
class Changes:
    """What has to happen to one tenant's files: pages first, then the dashboard; then what is gone."""

    pages: list[File] = field(default_factory=list)
    dashboard: File | None = None
    gone: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    to_keep: dict[str, Any] | None = None  # newly drafted periods of whole days
    former: Changes | None = None  # the same of its files under the key of the previous secret

    def each(self) -> list[Changes]:
        """Give these changes, and after them the former ones if there are any."""
        return [self, self.former] if self.former else [self]

    def files(self) -> list[File]:
        """Give the files in the order in which they must be written, the former ones last."""
        return [file for part in self.each() for file in part.own_files()]

    def own_files(self) -> list[File]:
        """Give those under the key itself."""
        return [*self.pages, self.dashboard] if self.dashboard else self.pages


def shape(job: Job, *, keys: Sequence[str], seq: int, data_through: datetime, currency: str) -> Changes:
    """Give the changes of one tenant's files, under the first of the keys and, if there is a second, under that too.

    The job must have a tenant.
    """
    changes, *former = (
        _shape(replace(job, current=current), key=key, seq=seq, data_through=data_through, currency=currency)
        for key, current in zip(keys, (job.current, job.former), strict=False)
    )
    changes.former = former[0] if former else None
    return changes


def _shape(job: Job, *, key: str, seq: int, data_through: datetime, currency: str) -> Changes:
    assert job.tenant is not None
    changes = Changes()
    periods = draft_periods(job.tenant, currency) | (job.kept or {})
    pages = _Pages(job, folder(key), changes, periods)
    pages.shape_asked()
    if not job.kept:
        changes.to_keep = {name: periods[name] for name in periods if name != "24h"}

    def shaped(lengths: Lengths) -> dict[str, Any]:
        assert job.tenant is not None
        return dashboard(
            job.tenant,
            seq=seq,
            data_through=data_through,
            currency=currency,
            periods=periods,
            pages={kind: pages.shown(kind, lengths) for kind in KINDS},
            lengths=lengths,
        )

    path, up = f"{folder(key)}/dashboard.json", job.current.get(("dashboard", ""))
    found = fitted(shaped, up=up.content_hash if up and up.path == path else None)
    pages.keep(found.lengths)
    if found.packed is None:
        changes.unchanged += 1
    else:
        changes.dashboard = File(
            path, found.packed, "dashboard", "", found.content_hash, None, None, found.lengths.shortened(),
            version=_replaced(up, path, seq),
        )  # fmt: skip
    return changes


@dataclass(frozen=True)
class _Shaped:
    """A page as the dashboard lists it, and its file if it has to be written: None if it is up with this content."""

    listed: Listed
    file: File | None


@dataclass
class _Pages:
    """The pages of one tenant: `changes` collects what has to be written and what is gone."""

    job: Job
    folder: str
    changes: Changes
    periods: Mapping[str, Any]  # as drafted
    up: dict[str, list[Listed]] = field(default_factory=dict)  # what will be up of each kind by time, newest first
    listing: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # are up, and depend on lengths
    rankings: dict[tuple[str, str], list[_Shaped]] = field(default_factory=dict)  # by kind and period
    indexes: dict[tuple[str, ...], list[_Shaped]] = field(default_factory=dict)  # by the pages that they list

    def shape_asked(self) -> None:
        """Shape the pages asked for."""
        up: dict[str, dict[str, Listed]] = defaultdict(dict)
        for (kind, page), current in self.job.current.items():
            if kind in RANKINGS or page.startswith(INDEX):
                self.listing[kind].append(page)
            elif kind in KINDS:
                up[kind][page] = current.listed
        for (kind, page), asked in self.job.pages.items():
            if asked.rows:
                up[kind][page] = self._take(self._detail(kind, page, asked))
            elif up[kind].pop(page, None):
                self.changes.gone.append((kind, page))
        for month, lines in self.job.cost_months.items():
            self._shape_costs(month, lines, up[COSTS])
        self.up = {kind: sorted(up[kind].values(), key=lambda each: place_of(each.page))[::-1] for kind in up}
        self.up |= {kind: [] for kind in KINDS if kind not in up}

    def _shape_costs(self, month: str, lines: Sequence[CostLine], up: dict[str, Listed]) -> None:
        """Shape the pages of a month; it may have had more of them before."""
        before = [page for page in up if month_of(page) == month]
        for each in cost_pages(self.job.info.id, month, lines):
            up[each.page] = self._take(self._shaped(COSTS, each.page, each.document, each.start, each.end))
            before = [page for page in before if page != each.page]
        for page in before:
            del up[page]
            self.changes.gone.append((COSTS, page))

    def shown(self, kind: str, lengths: Lengths) -> list[Listed]:
        """Give the first pages, and after them the first index page of the others where there are any."""
        listed = self._listed(kind, lengths)
        indexes = self._indexes(kind, listed[lengths.pages :])
        return [*listed[: lengths.pages], *(index.listed for index in indexes[-1:])]

    def keep(self, lengths: Lengths) -> None:
        """Have ranked and index pages written that go with the lengths; those that are no longer listed are gone."""
        for kind in KINDS:
            ranked = self._ranked(kind, lengths)
            listed = self._listed(kind, lengths)
            names = {self._take(each).page for each in [*ranked, *self._indexes(kind, listed[lengths.pages :])]}
            self.changes.gone += [(kind, page) for page in self.listing.get(kind, ()) if page not in names]

    def _listed(self, kind: str, lengths: Lengths) -> list[Listed]:
        """Give all pages of a kind: the newest first, or by rank."""
        return [each.listed for each in self._ranked(kind, lengths)] if kind in RANKINGS else self.up[kind]

    def _ranked(self, kind: str, lengths: Lengths) -> list[_Shaped]:
        """Give the pages of the lists that the first screen cuts off at these lengths, the first ranks first."""
        if kind not in RANKINGS:
            return []
        cut = [period for period in PERIODS if is_cut(kind, self.periods[period], lengths)]
        pages = [each for period in cut for each in self._ranking(kind, period)]
        return sorted(pages, key=lambda each: rank_place(each.listed.page))

    def _ranking(self, kind: str, period: str) -> list[_Shaped]:
        """Give the pages of one list; a period that still holds has those that are up."""
        if (kind, period) not in self.rankings:
            assert self.job.tenant is not None
            draft = whole_draft(kind, self.periods[period], self.job.tenant.periods.get(period))
            if draft is None:
                up = [held for (each, page), held in self.job.current.items() if each == kind and _is_of(period, page)]
                made = [_Shaped(held.listed, None) for held in up]
            else:
                pages = ranked_pages(kind, self.job.info.id, period, draft)
                made = [self._shaped(kind, each.page, each.document, None, None) for each in pages]
            self.rankings[kind, period] = made
        return self.rankings[kind, period]

    def _indexes(self, kind: str, older: Sequence[Listed]) -> list[_Shaped]:
        """Give the index pages of pages that are not shown, the last ones first; each lists the one before.

        They are filled from the last on, so that a full one keeps its content.
        """
        if not older:
            return []
        key = (kind, *(each.path for each in older))
        if key not in self.indexes:
            made: list[_Shaped] = []
            last = older[::-1]
            for start in range(0, len(last), INDEXED):
                entries = last[start : start + INDEXED][::-1]
                before = [index.listed for index in made[-1:]]
                document = index_page(kind, self.job.info.id, [*entries, *before])
                span = entries[-1].page_from, entries[0].page_to
                made.append(self._shaped(kind, index_name(len(made)), document, *span))
            self.indexes[key] = made
        return self.indexes[key]

    def _detail(self, kind: str, page: str, asked: Page) -> _Shaped:
        assert asked.page_from is not None
        assert asked.page_to is not None
        document = detail_page(kind, self.job.info.id, asked.rows, page_from=asked.page_from, page_to=asked.page_to)
        return self._shaped(kind, page, document, asked.page_from, asked.page_to)

    def _shaped(
        self, kind: str, page: str, document: dict[str, Any], start: datetime | None, end: datetime | None
    ) -> _Shaped:
        content = to_json(document)
        relative = f"{kind}/{page_name(page, content)}"
        up = self.job.current.get((kind, page))
        if up and up.path == f"{self.folder}/{relative}":
            return _Shaped(up.listed, None)
        packed = compress(content)
        check_page(relative, packed)
        digest = relative.rsplit(".", 2)[1]
        file = File(f"{self.folder}/{relative}", packed, kind, page, digest, start, end)
        return _Shaped(Listed(relative, page, start, end, len(packed)), file)

    def _take(self, shaped: _Shaped) -> Listed:
        """Have a page written, unless it is up with this very content; give how it is listed."""
        if shaped.file:
            self.changes.pages.append(shaped.file)
        else:
            self.changes.unchanged += 1
        return shaped.listed


def _is_of(period: str, page: str) -> bool:
    return page.startswith(f"{period}-")


def _replaced(up: Current | None, path: str, seq: int) -> str | None:
    """Give the version that a dashboard takes the place of; None has the store asked: a higher seq wrote it."""
    if up is None or up.path != path:
        return ABSENT
    return up.version if up.seq <= seq else None
