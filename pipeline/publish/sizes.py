"""How large what is published is, by the ledgers of files, and whether that keeps to the byte budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import Database, rows
from pipeline.documents.budget import DASHBOARD_BYTES, MEDIAN_BYTES, PAGE_BYTES
from pipeline.layout import counted, labelled
from pipeline.runs import require_installed

MOST = 10
COLUMN = 26
DASHBOARD = ("tenants", "dashboard")


@dataclass(frozen=True)
class Kind:
    """One kind of file, of the tenants or of the platform; sizes in bytes, gzip, None where none is up."""

    owner: str
    kind: str
    files: int
    bytes: int
    median: int | None
    largest: int | None
    superseded: int  # still in the store until they are collected
    superseded_bytes: int

    @property
    def budget(self) -> int:
        """How large one file may be at most."""
        return DASHBOARD_BYTES if (self.owner, self.kind) == DASHBOARD else PAGE_BYTES


@dataclass(frozen=True)
class Dashboard:
    """One tenant's dashboard: its size, and which of its lists are shorter than usual."""

    tenant: str
    bytes: int
    shortened: str | None


@dataclass(frozen=True)
class Sizes:
    """All that is published: the kinds, the largest dashboards, and the largest with shortened lists of how many."""

    kinds: Sequence[Kind]
    nearest: Sequence[Dashboard]
    shortened: Sequence[Dashboard]
    shortened_in_all: int

    @property
    def dashboards(self) -> Kind | None:
        """The dashboards together; None where none is up."""
        return next((each for each in self.kinds if (each.owner, each.kind) == DASHBOARD and each.files), None)

    def problems(self) -> Iterator[str]:
        """Say what is over its budget, and what to do."""
        for each in self.kinds:
            if each.largest and each.largest > each.budget:
                yield (
                    f"{each.kind} of {each.owner}: the largest has {each.largest:,} bytes, and at most {each.budget:,} "
                    "are published; so it is not this version's. Run: python -m pipeline reconcile --repair"
                )
        found = self.dashboards
        if found and found.median and found.median > MEDIAN_BYTES:
            yield (
                f"dashboard.json: the median one has {found.median:,} bytes, over its budget of {MEDIAN_BYTES:,}. "
                "Names take the room: give endpoints that carry ids a template ([endpoints] in docs/operator.md)."
            )

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return {
            "kinds": [asdict(each) | {"budget": each.budget} for each in self.kinds],
            "median_budget": MEDIAN_BYTES,
            "nearest": [asdict(each) for each in self.nearest],
            "shortened": [asdict(each) for each in self.shortened],
            "shortened_in_all": self.shortened_in_all,
            "problems": list(self.problems()),
        }


def read_sizes(database: Database) -> Sizes:
    """Read the ledgers; no file is looked at."""
    require_installed(database)
    with database.transaction() as connection:
        kinds = [Kind(**row._mapping) for row in rows(connection, "published/sizes")]
        nearest, _ = _largest(connection, only_shortened=False)
        shortened, in_all = _largest(connection, only_shortened=True)
    return Sizes(kinds, nearest, shortened, in_all)


def _largest(connection: Connection, *, only_shortened: bool) -> tuple[list[Dashboard], int]:
    found = rows(connection, "published/largest", only_shortened=only_shortened, most=MOST)
    return [Dashboard(row.tenant, row.bytes, row.shortened) for row in found], found[0].in_all if found else 0


def tell(sizes: Sizes) -> Iterator[str]:
    """Say it to people: a line a kind, then the dashboards that are nearest their budget, then what is over one."""
    if not any(each.files or each.superseded for each in sizes.kinds):
        yield "Nothing is published. Run: python -m pipeline run"
        return
    yield "bytes, gzip".ljust(COLUMN) + _cells("files", "all", "median", "largest", "budget")
    for each in sizes.kinds:
        name = each.kind if each.owner == DASHBOARD[0] else f"{each.kind} of the {each.owner}"
        yield name.ljust(COLUMN) + _cells(each.files, each.bytes, each.median, each.largest, each.budget)
    superseded = sum(each.superseded for each in sizes.kinds), sum(each.superseded_bytes for each in sizes.kinds)
    yield "superseded".ljust(COLUMN) + _cells(*superseded)
    if sizes.dashboards:
        yield ""
        yield f"The median dashboard.json has {sizes.dashboards.median:,} bytes, its budget is {MEDIAN_BYTES:,}."
        yield f"Nearest to the {DASHBOARD_BYTES:,} of one:"
        yield from _lines(sizes.nearest)
        if sizes.shortened:
            more = f"; the largest {len(sizes.shortened)}" if len(sizes.shortened) < sizes.shortened_in_all else ""
            yield f"Lists shorter than usual, to keep to it: {counted(sizes.shortened_in_all, 'tenant')}{more}:"
            yield from _lines(sizes.shortened)
        else:
            yield "No list is shorter than usual."
    yield from (f"OVER BUDGET: {problem}" for problem in sizes.problems())


def _lines(dashboards: Sequence[Dashboard]) -> Iterator[str]:
    for each in dashboards:
        shorter = f"; at most {each.shortened}" if each.shortened else ""
        yield from labelled(each.tenant, f"{each.bytes:,} ({each.bytes / DASHBOARD_BYTES:.0%}){shorter}", column=COLUMN)


def _cells(*cells: int | str | None) -> str:
    return "".join(f"{each:>12,}" if isinstance(each, int) else f"{each or '-':>12}" for each in cells)
