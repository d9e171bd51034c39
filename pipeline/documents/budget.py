"""The byte budget: a dashboard fits the first flight of a connection; over it, lists get shorter in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipeline.documents.encode import compress, unstamped
from pipeline.documents.lists import LISTED, Lengths
from pipeline.errors import UnusableError

DASHBOARD_BYTES = 14_000
PAGE_BYTES = 30_000
MEDIAN_BYTES = 6_000  # of all dashboards
# Stamps change from run to run and must not change what is listed, so they are left out of what is measured: a seq and
# thirteen times, most of them alike.
STAMP_BYTES = 500
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


def fitted(shaped: Callable[[Lengths], dict[str, Any]]) -> tuple[dict[str, Any], Lengths]:
    """Give the first document that fits, and its lengths; the same rows give the same ones, whatever the stamps.

    Raises UnusableError where nothing is left to shorten: names have no limit in the source.
    """
    for tried in lengths():
        document = shaped(tried)
        if packed_bytes(document) <= DASHBOARD_BYTES - STAMP_BYTES:
            return document, tried
    raise UnusableError(
        f"dashboard.json: {packed_bytes(document) + STAMP_BYTES:,} bytes with every list at its shortest, and at most "
        f"{DASHBOARD_BYTES:,} may be published; its last good files stay. Shorten the tenant's name, plan or id."
    )


def packed_bytes(document: dict[str, Any]) -> int:
    """Give a size that the document does not exceed, apart from its stamps; small ones are not packed to see it."""
    content = unstamped(document)
    return len(content) if len(content) <= DASHBOARD_BYTES - STAMP_BYTES else len(compress(content))


def check_page(path: str, packed: bytes) -> None:
    """Raise UnusableError for a page over the budget: its rows are bounded, the tenant's id in it is not."""
    if len(packed) > PAGE_BYTES:
        raise UnusableError(
            f"{path}: {len(packed):,} bytes, and at most {PAGE_BYTES:,} may be published; its last good files stay. "
            "Shorten the tenant's id."
        )
