"""Every document that the code under test publishes is held to its published schema, whatever the test is about."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from pipeline.contract.documents import DOCUMENTS, FOLDER, contract_files, documents_at
from pipeline.contract.version import TYPES
from pipeline.publish.s3 import S3Store
from pipeline.publish.stores import FileStore

STORES = (FileStore.put.__module__, S3Store.put.__module__)
CALLERS = 4  # a store that a test puts in between, and a function that it calls


@cache
def validators() -> dict[str, jsonschema_rs.Draft202012Validator]:
    """The published schemas, compiled, by the names of their documents."""
    files = contract_files()
    return {
        each.name: jsonschema_rs.Draft202012Validator(
            json.loads(files[f"{FOLDER}/{each.name}.json"]), validate_formats=True
        )
        for each in DOCUMENTS
    }


def describes(path: str) -> bool:
    """Whether a file is a schema, or the types: it says what documents hold and is none."""
    return path == TYPES or path.startswith(f"{FOLDER}/")


def problems_of(path: str, content: bytes) -> list[str]:
    """What is wrong with a file as it is stored; nothing of what is no document."""
    if path.endswith(".parquet") or describes(path):
        return []
    names = [each.name for each in documents_at(path)]
    if not names:
        return [f"{path}: pipeline/contract/documents.py has no document there. Define it, and what it holds."]
    document = json.loads(gzip.decompress(content))
    if any(validators()[name].is_valid(document) for name in names):
        return []
    return [
        f"{path}: {'.'.join(map(str, each.instance_path))}: {each.message:.300}. pipeline/contract/ defines {names[0]}."
        for each in validators()[names[0]].iter_errors(document)
    ]


@dataclass
class Seen:
    """What has been put in this process: what is wrong with what the publisher wrote, and every file as it was written.

    What a test puts there itself, such as a broken file, is its own.
    """

    problems: list[str] = field(default_factory=list)
    files: set[tuple[str, int]] = field(default_factory=set)

    def hold_to_contract(self) -> None:
        """Have all stores look at what is written from now on."""
        for store in (FileStore, S3Store):
            store.put = _looking(store.put, self)  # type: ignore[method-assign]

    def left_by_others(self, folder: Path) -> list[str]:
        """What is wrong with files below a folder that other processes wrote."""
        found: list[str] = []
        for root in folder.rglob("v1"):
            for file in filter(Path.is_file, root.rglob("*.json")):
                path, content = str(file.relative_to(root.parent)), file.read_bytes()
                if (path, hash(content)) not in self.files:
                    found += problems_of(path, content)
        return found

    def take(self) -> list[str]:
        """Give what is wrong since the last time."""
        found, self.problems = self.problems, []
        return found


def _looking(put: Callable[..., Any], seen: Seen) -> Callable[..., Any]:
    def looked(store: Any, path: str, content: bytes, *given: Any, **named: Any) -> Any:
        seen.files.add((path, hash(content)))
        if _is_published():
            seen.problems += problems_of(path, content)
        return put(store, path, content, *given, **named)

    return looked


def _is_published() -> bool:
    """Whether the publisher writes, be it through a store of a test's own."""
    frame = sys._getframe(2)
    for _ in range(CALLERS):
        name = frame.f_globals["__name__"]
        if name.startswith("pipeline.") and name not in STORES:
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False
