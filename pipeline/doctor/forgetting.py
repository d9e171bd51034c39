"""Tenants that were to be forgotten, and of which something is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.layout import counted
from pipeline.runs import json_time


def judge_unfinished(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge each that was killed, refused or could not tell the edge; who it is, only who asked for it knows."""
    del facts
    for row in rows:
        yield Finding(
            name="forgetting",
            severity="error",
            what=f"a tenant was to be forgotten at {json_time(row.forgotten_at)} and is not to the end (digest "
            f"{row.digest}); the edge has not been told of {counted(row.paths, 'path')}",
            why="Files, exports, raw rows or copies at an edge may still hold its data.",
            fix="Run forget again with the same tenant and flags; its message says what is in the way.",
        )
