"""`manifest.json`, written after the files: which of them hold which month. What it does not list is not to be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipeline.documents.encode import compress, to_json
from pipeline.documents.version import SCHEMA
from pipeline.export.ledger import Entry
from pipeline.runs import json_time


def manifest(folder: str, entries: Sequence[Entry], schemas: dict[str, Any], *, data_through: datetime) -> bytes:
    """Write the manifest, gzip; `path` is relative to it, columns have Arrow's types.

    `data_through` is how far all files are true: each file has its own, for a run may have looked at some tables only.
    """
    throughs = [entry.data_through for entry in entries if entry.data_through]
    return compress(
        to_json(
            {
                "schema": SCHEMA,
                "data_through": json_time(min(throughs, default=data_through)),
                "tables": {name: _table(name, schema, entries) for name, schema in schemas.items()},
                "files": [_file(folder, entry) for entry in entries],
            }
        )
    )


def _table(name: str, schema: Any, entries: Sequence[Entry]) -> dict[str, Any]:
    mine = [entry for entry in entries if entry.table_name == name]
    return {
        "rows": sum(entry.rows for entry in mine),
        "inexact": sum(entry.inexact for entry in mine),
        "columns": {field.name: str(field.type) for field in schema},
    }


def _file(folder: str, entry: Entry) -> dict[str, Any]:
    return {
        "table": entry.table_name,
        "month": entry.month,
        "path": entry.path.removeprefix(f"{folder}/"),
        "rows": entry.rows,
        "bytes": entry.bytes,
        "data_through": json_time(entry.data_through),
    }
