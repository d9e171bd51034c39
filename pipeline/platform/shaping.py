"""Turns what was read of the platform into the files to write: only those whose numbers changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.documents.budget import PAGE_BYTES, cut, fits_page
from pipeline.documents.encode import compress, content_hash, page_name, to_json
from pipeline.documents.numbers import instant
from pipeline.documents.pages import INDEXED, index_name
from pipeline.documents.platform import Lengths, Told, fitted, summary
from pipeline.documents.platform_pages import (
    TENANTS_A_PAGE,
    ShownDay,
    cut_days,
    daily_page,
    halved,
    index_page,
    mrr_page,
    shown_day,
    tenants_page,
)
from pipeline.documents.platform_rows import Month, MrrDay, Ranked
from pipeline.errors import UnusableError
from pipeline.platform.reading import Platform

SUMMARY = "summary"
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Current:
    """One file that is up."""

    path: str
    content_hash: str
    bytes: int


@dataclass(frozen=True)
class File:
    """One file to write: its path under the store's root, its gzip bytes, and what the ledger of files keeps."""

    path: str
    content: bytes
    kind: str
    page: str
    content_hash: str


@dataclass
class Changes:
    """What has to happen to the platform's files: pages first, then the summary; then what is gone."""

    pages: list[File] = field(default_factory=list)
    summary: File | None = None
    gone: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0

    def files(self) -> list[File]:
        """Give the files in the order in which they must be written."""
        return [*self.pages, self.summary] if self.summary else self.pages


def shape(found: Platform, told: Told, *, folder: str, current: Mapping[tuple[str, str], Current]) -> Changes:
    """Give the changes of the platform's files; raises UnusableError for one that is too large to be published."""
    pages = _Pages(folder, current)
    listed = {
        "daily": pages.daily(found, told),
        "mrr": pages.mrr(found, told),
        "tenants": pages.tenants(found.ranks, told),
    }

    def shaped(at: Lengths) -> dict[str, Any]:
        shown = {kind: pages.shown(kind, listed[kind], at.pages) for kind in listed}
        return summary(told, found.periods, found.health, pages=shown, at=at)

    document, lengths = fitted(shaped)
    names = {
        *pages.taken,
        *((kind, page) for kind in listed for page in pages.indexes(kind, listed[kind], lengths.pages)),
    }
    digest, path = content_hash(document), f"{folder}/{SUMMARY}.json"
    up = current.get((SUMMARY, ""))
    changes = Changes(
        pages=[file for name, file in pages.files.items() if name in names],
        gone=[name for name in current if name not in names and name[0] != SUMMARY],
        unchanged=sum(1 for name in names if name not in pages.files),
    )
    if up and (up.content_hash, up.path) == (digest, path):
        changes.unchanged += 1
    else:
        changes.summary = File(path, compress(to_json(document)), SUMMARY, "", digest)
    return changes


@dataclass
class _Pages:
    """All pages of the platform: `files` holds those that are not up with this very content."""

    folder: str
    current: Mapping[tuple[str, str], Current]
    files: dict[tuple[str, str], File] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)

    def daily(self, found: Platform, told: Told) -> list[Entry]:
        """Take the pages of days; give how they are listed, the newest first."""
        entries = [
            self._take("daily", month.name, daily_page(month, told.currency), _span(month)) for month in found.days
        ]
        return entries[::-1]

    def mrr(self, found: Platform, told: Told) -> list[Entry]:
        """Take the pages of MRR; give how they are listed, the newest first."""
        entries = []
        for month in found.mrr_days:

            def shaped(days: Sequence[ShownDay], month: Month[MrrDay] = month) -> dict[str, Any]:
                part = Month(month.name, month.start, month.end, days)
                return mrr_page(part, currency=told.currency, definition=told.definition)

            days = [shown_day(each, told.currency) for each in month.days]
            documents = [document for some in cut_days(days) for document in _fitting_days(some, shaped)]
            for number, document in enumerate(documents, start=1):
                name = f"{month.name}-{number}" if number > 1 else month.name
                entries.append(self._take("mrr", name, document, _span(month)))
        return entries[::-1]

    def tenants(self, ranks: Sequence[Ranked], told: Told) -> list[Entry]:
        """Take the pages of tenants; give how they are listed, the first ranks first."""

        def shaped(start: int, tenants: Sequence[Ranked]) -> dict[str, Any]:
            return tenants_page(start + 1, tenants, told.currency)

        return [
            self._take("tenants", str(number), document, {"from_rank": start + 1, "to_rank": start + len(held)})
            for number, (start, held, document) in enumerate(cut(ranks, shaped, most=TENANTS_A_PAGE), start=1)
        ]

    def shown(self, kind: str, entries: Sequence[Entry], count: int) -> list[Entry]:
        """Give the first pages, and after them the first index page of the others where there are any."""
        return [*entries[:count], *list(self.indexes(kind, entries, count).values())[-1:]]

    def indexes(self, kind: str, entries: Sequence[Entry], count: int) -> dict[str, Entry]:
        """Give the index pages of what comes after the first `count`, the last first; each lists the one before.

        They are filled from the last on, so that a full one keeps its content where pages are listed newest first.
        """
        made: dict[str, Entry] = {}
        last = entries[count:][::-1]
        for start in range(0, len(last), INDEXED):
            held = last[start : start + INDEXED][::-1]
            name = index_name(len(made))
            document = index_page(kind, [*held, *list(made.values())[-1:]])
            made[name] = self._entry(kind, name, document, _covered(held))
        return made

    def _take(self, kind: str, page: str, document: dict[str, Any], place: Entry) -> Entry:
        self.taken.add((kind, page))
        return self._entry(kind, page, document, place)

    def _entry(self, kind: str, page: str, document: dict[str, Any], place: Entry) -> Entry:
        """Give how a page is listed; have it ready to be written, unless it is up with this very content."""
        content = to_json(document)
        relative = f"{kind}/{page_name(page, content)}"
        path, up = f"{self.folder}/{relative}", self.current.get((kind, page))
        if up and up.path == path:
            self.files.pop((kind, page), None)
            return {"path": relative, **place, "bytes": up.bytes}
        packed = compress(content)
        if len(packed) > PAGE_BYTES:
            raise UnusableError(
                f"{relative} of the platform: {len(packed):,} bytes, and at most {PAGE_BYTES:,} may be published; the "
                "last good files stay. Shorten the names of plans and tenants."
            )
        self.files[kind, page] = File(path, packed, kind, page, relative.rsplit(".", 2)[1])
        return {"path": relative, **place, "bytes": len(packed)}


def _fitting_days(
    days: Sequence[ShownDay], shaped: Callable[[Sequence[ShownDay]], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Give documents that fit into a page: halved until they do."""
    document, halves = shaped(days), halved(days)
    if not halves or fits_page(document):
        yield document
        return
    for half in halves:
        yield from _fitting_days(half, shaped)


def _span(month: Month[Any]) -> Entry:
    return {"from": instant(month.start), "to": instant(month.end)}


def _covered(held: Sequence[Entry]) -> Entry:
    """Give what an index page covers: times are listed newest first, ranks from the first on."""
    if "from_rank" in held[0]:
        return {"from_rank": held[0]["from_rank"], "to_rank": held[-1]["to_rank"]}
    return {"from": held[-1]["from"], "to": held[0]["to"]}
