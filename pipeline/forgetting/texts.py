"""What runs, loads and repricings have said of a tenant by its id or name, said again without them."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import execute, rows
from pipeline.forgetting.subject import Subject

INSTEAD = "(forgotten)"
BY_TENANT = ("failures", "unusable")  # of a report: their entries are named by ids, all others by our own words
FIELDS = {"runs": ("report", "reason", "error"), "loads": ("reason",), "repricings": ("reason",)}


def rename(connection: Connection, subject: Subject) -> int:
    """Take id and names out of every text; give how many entries held one. A word within a longer one is another."""
    words, named = _words(subject), _named(subject)
    changed = 0
    for row in rows(connection, "forget/naming_runs", words=[*words, *map(_escaped, words)]):
        said = {name: _without(row.said.get(name), named) for name in FIELDS[row.ledger]}
        if any(said[name] != row.said.get(name) for name in said):
            if "report" in said:
                said["report"] = json.dumps(said["report"])
            execute(connection, f"forget/rename_{row.ledger}", entry=row.entry, **said)
            changed += 1
    return changed


def unnamed(text: str, subject: Subject) -> str:
    """Give a text without id and names."""
    return _named(subject).sub(INSTEAD, text)


def _words(subject: Subject) -> list[str]:
    return sorted({subject.id, *subject.names} - {""}, key=len, reverse=True)


def _named(subject: Subject) -> re.Pattern[str]:
    words = [rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in _words(subject)]
    return re.compile("|".join(words) or "(?!)")  # a tenant without id and name is named by nothing


def _escaped(word: str) -> str:
    """Give a word as it stands in JSON, which is how the database looks for it."""
    return json.dumps(word, ensure_ascii=False)[1:-1]


def _without(value: Any, named: re.Pattern[str], *, by_tenant: bool = False) -> Any:
    if isinstance(value, str):
        return named.sub(INSTEAD, value)
    if isinstance(value, list):
        return [_without(each, named) for each in value]
    if isinstance(value, dict):
        return {
            _without(name, named) if by_tenant else name: _without(held, named, by_tenant=name in BY_TENANT)
            for name, held in value.items()
        }
    return value
