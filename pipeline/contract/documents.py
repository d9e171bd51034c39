"""All published documents: the name of each, where it lies, what it holds; and the files that say so."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pipeline.contract.json_schema import json_schema
from pipeline.contract.others import Manifest, Status, Tombstone
from pipeline.contract.pages import CostLines, Daily, Hourly, Index, Monthly, Weekly
from pipeline.contract.platform import PlatformDaily, PlatformIndex, PlatformMrr, PlatformTenants, Summary
from pipeline.contract.ranked import Endpoints, Models
from pipeline.contract.tenant import Dashboard
from pipeline.contract.typescript import typescript
from pipeline.contract.version import HEAD, TYPES, definitions

FOLDER = "v1/schema"
KEY = "[^/]+"
PAGE = r"(?!index)[^/.]+\.[0-9a-f]+\.json"
INDEX = r"index(-\d+)?\.[0-9a-f]+\.json"


@dataclass(frozen=True)
class Document:
    """One kind of document; `path` matches the whole path of each of its files."""

    name: str
    path: str
    shape: Any


DOCUMENTS = (
    Document("status", r"v1/status\.json", Status),
    Document("dashboard", rf"v1/t/{KEY}/dashboard\.json", Dashboard),
    Document("tombstone", rf"v1/t/{KEY}/dashboard\.json", Tombstone),
    Document("index", rf"v1/t/{KEY}/[a-z]+/{INDEX}", Index),
    Document("hourly", rf"v1/t/{KEY}/hourly/{PAGE}", Hourly),
    Document("daily", rf"v1/t/{KEY}/daily/{PAGE}", Daily),
    Document("weekly", rf"v1/t/{KEY}/weekly/{PAGE}", Weekly),
    Document("monthly", rf"v1/t/{KEY}/monthly/{PAGE}", Monthly),
    Document("endpoints", rf"v1/t/{KEY}/endpoints/{PAGE}", Endpoints),
    Document("models", rf"v1/t/{KEY}/models/{PAGE}", Models),
    Document("costs", rf"v1/t/{KEY}/costs/{PAGE}", CostLines),
    Document("summary", rf"v1/platform/{KEY}/summary\.json", Summary),
    Document("platform-index", rf"v1/platform/{KEY}/[a-z]+/{INDEX}", PlatformIndex),
    Document("platform-daily", rf"v1/platform/{KEY}/daily/{PAGE}", PlatformDaily),
    Document("platform-mrr", rf"v1/platform/{KEY}/mrr/{PAGE}", PlatformMrr),
    Document("platform-tenants", rf"v1/platform/{KEY}/tenants/{PAGE}", PlatformTenants),
    Document("manifest", rf"v1/export/{KEY}/manifest\.json", Manifest),
)


def documents_at(path: str) -> list[Document]:
    """Give what may lie at a path, what is expected first; nothing where no document of this contract does."""
    return [each for each in DOCUMENTS if re.fullmatch(each.path, path)]


@cache
def contract_files() -> Mapping[str, bytes]:
    """Give the files that say what documents hold, by path: a schema each, then the types of all."""
    schemas = {f"{FOLDER}/{each.name}.json": json_schema(each.shape) for each in DOCUMENTS}
    written = {path: json.dumps(schema, indent=1).encode() + b"\n" for path, schema in schemas.items()}
    types = f"{HEAD}{definitions()}\n\n{typescript(each.shape for each in DOCUMENTS)}"
    return written | {TYPES: types.encode()}
