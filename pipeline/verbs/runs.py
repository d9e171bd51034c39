"""Lists the last runs: when, how long, what they did, what they left and why, and how they ended."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline.database.connection import rows
from pipeline.installation import Installation
from pipeline.layout import amount_of_bytes, counted, labelled, span
from pipeline.publish.keys import without_keys
from pipeline.runs import json_time, require_installed
from pipeline.verbs.reporting import add_json, show

HELP = "list what the last runs did"
COLUMN = 39
MOST = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--limit", type=_limit, default=30, help="how many (default: %(default)s)")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """List them, the newest first."""
    require_installed(installation.database)
    with installation.database.transaction() as connection:
        found = [dict(row._mapping) for row in rows(connection, "runs/latest", most=arguments.limit)]
    for each in found:
        each["error"] = without_keys(each["error"]) if each["error"] else None
    show(arguments, {"runs": [_plain(each) for each in found]}, _lines(found))
    return 0


def _lines(found: list[dict[str, Any]]) -> Iterator[str]:
    if not found:
        yield "No run yet. Run: python -m pipeline run"
    for each in found:
        took = "" if each["seconds"] is None else span(each["seconds"])
        label = f"{json_time(each['started_at'])}  {each['verb']:<8} {took:>6}"
        yield from labelled(label, f"{_state(each)}{'; '.join(_did(each))}", column=COLUMN, indent=0)


def _state(each: Mapping[str, Any]) -> str:
    if each["state"] == "done":
        return ""
    error = f": {each['error']}" if each["error"] else ""
    return f"{each['state'].upper()}{error} "


def _did(each: Mapping[str, Any]) -> Iterator[str]:
    """Say what a run did in a few parts; what it did none of is left out."""
    if each["reason"]:
        yield f"reason: {each['reason']}"
    if each["data_through"]:
        yield f"through {json_time(each['data_through'])}"
    counts = (
        ("marks", "mark", "marks"),
        ("buckets", "bucket redone", "buckets redone"),
        ("days", "day", "days"),
        ("tenants_changed", "tenant changed", "tenants changed"),
        ("tenants_queued", "tenant queued", "tenants queued"),
        ("tenants_published", "tenant looked at", "tenants looked at"),
        ("files_unchanged", "file unchanged", "files unchanged"),
        ("tenants_failed", "tenant failed", "tenants failed"),
        ("waiting_marks", "mark waits for its hour to end", "marks wait for their hour to end"),
    )
    for name, one, many in counts:
        if each[name]:
            yield counted(each[name], one, many)
    if each["files_written"]:
        yield f"{counted(each['files_written'], 'file')} written ({amount_of_bytes(each['bytes_written'] or 0)})"
    if each["oldest"]:
        yield f"oldest {json_time(each['oldest'])}"
    if each["rejected"]:
        yield "rejected " + ", ".join(f"{reason} {count:,}" for reason, count in each["rejected"].items())
    if each["held_back_by"]:
        yield "held back by " + ", ".join(str(one) for one in each["held_back_by"])


def _plain(each: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return json_time(value)
        return float(value) if isinstance(value, Decimal) else value

    return {name: plain(value) for name, value in each.items()}


def _limit(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= MOST:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1 to {MOST:,}")
    return int(word)
