"""The pages of kind `costs`: a month's lines by day, item and price, as many pages as they need. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from pipeline.documents.budget import cut
from pipeline.documents.numbers import instant
from pipeline.documents.rows import CostLine
from pipeline.documents.version import SCHEMA

COSTS = "costs"
LINES = 400
COLUMNS = (
    "day",
    "item",
    "price_from",
    "quantity",
    "unit_size",
    "unit_price",
    "currency",
    "native_amount",
    "fx_rate",
    "fx_date",
    "fx_source",
    "amount",
    "missing",
)


@dataclass(frozen=True)
class CostPage:
    """One page: its name, [start, end) of its first to its last day, and its document."""

    page: str
    start: datetime
    end: datetime
    document: dict[str, Any]


def cost_pages(tenant_id: str, month: str, lines: Sequence[CostLine]) -> list[CostPage]:
    """Give the pages of a month, its lines in order: the first has the month's name, the others a number behind it.

    Pages are filled from the first day on, so that full ones keep their content while the month goes on.
    """
    cuts = cut(lines, lambda _, some: _document(tenant_id, some), most=LINES)
    return [
        CostPage(f"{month}-{number}" if number > 1 else month, some[0].starts_at, some[-1].ends_at, document)
        for number, (_, some, document) in enumerate(cuts, 1)
    ]


def month_of(page: str) -> str:
    """Give the month that a page holds lines of."""
    return page[:7]


@lru_cache(8192)  # the tenants have pages of the same days and months
def place_of(page: str) -> tuple[int, ...]:
    """Give what pages of one kind are in order by: their numbers, so that the tenth follows the ninth."""
    return tuple(int(number) for number in re.findall(r"\d+", page))


def _document(tenant_id: str, lines: Sequence[CostLine]) -> dict[str, Any]:
    """Give a page in columns of one length, a place a line; quantities and money are decimal strings."""
    return {
        "schema": SCHEMA,
        "kind": COSTS,
        "tenant_id": tenant_id,
        "from": instant(lines[0].starts_at),
        "to": instant(lines[-1].ends_at),
        **{column: [getattr(line, column) for line in lines] for column in COLUMNS},
    }
