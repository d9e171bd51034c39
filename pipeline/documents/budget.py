"""The byte budget: a dashboard fits the first flight of a connection; over it, lists get shorter in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.documents.encode import compress, digest, to_json, unstamped
from pipeline.documents.lists import LISTED, Lengths
from pipeline.errors import UnusableError

Entry = TypeVar("Entry")

DASHBOARD_BYTES = 14_000
PAGE_BYTES = 30_000
MEDIAN_BYTES = 6_000  # of all dashboards
# Stamps change from run to run and must not change what is listed, so they are left out of what is measured: a seq and
# thirteen times, most of them alike.
STAMP_BYTES = 500
SURELY_FITS = DASHBOARD_BYTES - 2 * STAMP_BYTES  # with its stamps, so that it need not be packed without them to see it
SHORTER = (5, 3, 1, 0)
FEWER_PAGES = (20, 10, 5, 1)


def lengths() -> Iterator[Lengths]:
    """Give the lengths to try: all lists of one length get shorter in turn before one of them gets shorter again.

    The list of quotas comes last, and is twice as long as the others, as it is at its longest.
    """
    longest = LISTED
    yield Lengths()
    for length in SHORTER:
        yield Lengths(length, longest, longest, quotas=2 * longest)
        yield Lengths(length, length, longest, quotas=2 * longest)
        yield Lengths(length, length, length, quotas=2 * longest)
        yield Lengths(length, length, length, quotas=2 * length)
        longest = length
    for pages in FEWER_PAGES:
        yield Lengths(longest, longest, longest, pages, quotas=2 * longest)


@dataclass(frozen=True)
class Fitted:
    """A document that fits, packed, the lengths of its lists, and the hash of what it says, apart from its stamps.

    `packed` is None for the one that is up: what it says has not changed, so it has not been packed again.
    """

    packed: bytes | None
    lengths: Lengths
    content_hash: str


def fitted(shaped: Callable[[Lengths], dict[str, Any]], *, up: str | None = None) -> Fitted:
    """Give the first document that fits; the same rows give the same lengths, whatever the stamps.

    `up` is the hash of the one that is up. Raises UnusableError where nothing is left to shorten: names have no limit
    in the source.
    """
    content = b""
    for tried in lengths():
        document = shaped(tried)
        content = unstamped(document)
        if (content_hash := digest(content)) == up:
            return Fitted(None, tried, content_hash)
        packed = compress(to_json(document))
        if len(packed) <= SURELY_FITS or packed_bytes(content) <= DASHBOARD_BYTES - STAMP_BYTES:
            return Fitted(packed, tried, content_hash)
    raise UnusableError(
        f"dashboard.json: {packed_bytes(content) + STAMP_BYTES:,} bytes with every list at its shortest, and at most "
        f"{DASHBOARD_BYTES:,} may be published; its last good files stay. Shorten the tenant's name, plan or id."
    )


def packed_bytes(content: bytes) -> int:
    """Give a size that these bytes do not exceed when packed; small ones are not packed to see it."""
    return len(content) if len(content) <= DASHBOARD_BYTES - STAMP_BYTES else len(compress(content))


def check_page(path: str, packed: bytes) -> None:
    """Raise UnusableError for a page over the budget: its rows are bounded, the tenant's id in it is not."""
    if len(packed) > PAGE_BYTES:
        raise UnusableError(
            f"{path}: {len(packed):,} bytes, and at most {PAGE_BYTES:,} may be published; its last good files stay. "
            "Shorten the tenant's id."
        )


def cut(
    entries: Sequence[Entry], shaped: Callable[[int, Sequence[Entry]], dict[str, Any]], *, most: int
) -> Iterator[tuple[int, Sequence[Entry], dict[str, Any]]]:
    """Cut entries into pages of `most`, or fewer where names are long: where each begins, its entries, its document."""
    for start in range(0, len(entries), most):
        yield from _halved(start, entries[start : start + most], shaped)


def _halved(
    start: int, entries: Sequence[Entry], shaped: Callable[[int, Sequence[Entry]], dict[str, Any]]
) -> Iterator[tuple[int, Sequence[Entry], dict[str, Any]]]:
    document, half = shaped(start, entries), len(entries) // 2
    if not half or fits_page(document):
        yield start, entries, document
        return
    yield from _halved(start, entries[:half], shaped)
    yield from _halved(start + half, entries[half:], shaped)


def fits_page(document: dict[str, Any]) -> bool:
    """Say whether a document has room in a page; small ones are not packed to see it."""
    content = to_json(document)
    return len(content) <= PAGE_BYTES or len(compress(content)) <= PAGE_BYTES
