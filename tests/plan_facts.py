"""What the planner did with the statements of a tick, as auto_explain told the very connection that ran them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event

from pipeline.installation import Installation

TOLD = (
    "load 'auto_explain'",
    "set auto_explain.log_min_duration = 0",
    "set auto_explain.log_analyze = on",
    "set auto_explain.log_timing = off",
    "set auto_explain.log_buffers = on",
    "set auto_explain.log_format = 'json'",
    "set auto_explain.log_level = 'notice'",
)
INDEX_SCANS = ("Index Scan", "Index Only Scan", "Bitmap Index Scan")


@dataclass(frozen=True)
class Scan:
    """One node that read a table: how, through which index, how often, and how many pages it touched."""

    relation: str
    how: str
    index: str | None
    condition: str
    loops: int
    pages: int


@dataclass(frozen=True)
class Plan:
    """One statement as it ran."""

    statement: str
    root: dict[str, Any]

    def scans(self, *relations: str) -> list[Scan]:
        """Give what was really read of tables whose names begin so; what was planned and never ran is left out."""
        found = [_scan(node) for node in _nodes(self.root) if node["Node Type"].endswith("Scan")]
        return [scan for scan in found if scan.loops and scan.relation.startswith(relations)]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", []):
        yield from _nodes(part)


def _scan(node: dict[str, Any]) -> Scan:
    """A bitmap heap scan is told with the index scan beneath it."""
    inner = next((part for part in node.get("Plans", []) if part["Node Type"] in INDEX_SCANS), node)
    return Scan(
        relation=node.get("Relation Name", ""),
        how=node["Node Type"],
        index=inner.get("Index Name"),
        condition=inner.get("Index Cond", ""),
        loops=node["Actual Loops"],
        pages=node["Shared Hit Blocks"] + node["Shared Read Blocks"],
    )


@contextmanager
def told_plans(installation: Installation) -> Iterator[list[Plan]]:
    """Collect the plans of all that this installation runs in the body, in new connections."""
    engine, plans = installation.database.engine, list[Plan]()

    def ask(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.autocommit = True
        for setting in TOLD:
            connection.execute(setting.encode())
        connection.autocommit = False
        connection.add_notice_handler(lambda notice: _collect(notice, plans))

    engine.dispose()
    event.listen(engine, "connect", ask)
    try:
        yield plans
    finally:
        event.remove(engine, "connect", ask)
        engine.dispose()


def _collect(notice: psycopg.errors.Diagnostic, plans: list[Plan]) -> None:
    _, found, told = (notice.message_primary or "").partition("plan:\n")
    if found:
        said = json.loads(told)
        plans.append(Plan(said["Query Text"], said["Plan"]))
