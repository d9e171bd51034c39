"""What documents of one `schema` hold, a line a place: a change shows. `python -m tests.contract_snapshot` renews it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.contract.documents import DOCUMENTS
from pipeline.contract.json_schema import json_schema
from pipeline.documents.version import SCHEMA
from pipeline.settings import ROOT

FOLDER = ROOT / "tests" / "contract"
ADDED = "  # added"
RENEW = "Renew it: .venv/bin/python -m tests.contract_snapshot"


def path_of(schema: int = SCHEMA) -> Path:
    """Where the snapshot of a contract is."""
    return FOLDER / f"schema-{schema}.txt"


def held() -> list[str]:
    """What the documents hold as they are defined now."""
    schemas = {each.name: json_schema(each.shape) for each in DOCUMENTS}
    return sorted({line for name, schema in schemas.items() for line in lines(schema, name, schema["$defs"])})


def lines(schema: Mapping[str, Any], place: str, kinds: Mapping[str, Any], *, null: bool = False) -> Iterator[str]:
    """A line for what may stand in a place, one for each value that it is one of, and those of the places within."""
    if "$ref" in schema:
        yield from lines(kinds[schema["$ref"].rpartition("/")[2]], place, kinds, null=null)
        return
    if "anyOf" in schema:
        null = null or {"type": "null"} in schema["anyOf"]
        for each in schema["anyOf"]:
            if each != {"type": "null"}:
                yield from lines(each, place, kinds, null=null)
        return
    of = {name: schema[name] for name in ("minimum", "pattern", "format") if name in schema}
    said = [schema["type"], *([json.dumps(of, ensure_ascii=False)] if of else []), *(["or null"] if null else [])]
    yield f"{place}: {' '.join(said)}"
    for value in schema.get("enum", [schema["const"]] if "const" in schema else []):
        yield f"{place} = {json.dumps(value)}"
    for name, within in schema.get("properties", {}).items():
        yield from lines(within, f"{place}.{name}{'' if name in schema['required'] else '?'}", kinds)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from lines(schema["additionalProperties"], f"{place}.*", kinds)
    if "items" in schema:
        yield from lines(schema["items"], f"{place}[]", kinds)


def gone(before: list[str], now: list[str]) -> list[str]:
    """What a client may rely on that is no longer so."""
    return sorted({line.removesuffix(ADDED) for line in before} - set(now))


def renewed(before: list[str], now: list[str]) -> list[str]:
    """The snapshot with what is new marked as added, for the CHANGELOG to name."""
    known = {line.removesuffix(ADDED): line for line in before}
    return [known.get(line, line + ADDED if before else line) for line in now]


def main() -> None:
    """Write the snapshot; refuses where a client of the same number would break."""
    path, now = path_of(), held()
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if lost := gone(before, now):
        sys.exit("\n".join([*lost, f"These are gone or mean something else: raise SCHEMA, which is {SCHEMA}."]))
    path.write_text("\n".join(renewed(before, now)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
