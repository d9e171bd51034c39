"""Which definitions these are, told without reading them: publishing asks with every status.json."""

from __future__ import annotations

import hashlib
from functools import cache

from pipeline.settings import ROOT

TYPES = "v1/tenantcast.d.ts"  # written after the schemas: its first line says of which definitions all are
HEAD = "// The documents of Tenantcast, from definitions "


@cache
def definitions() -> str:
    """Give the digest of the code that defines documents."""
    paths = sorted((ROOT / "pipeline" / "contract").glob("*.py"))
    paths.append(ROOT / "pipeline" / "documents" / "version.py")
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def definitions_said(types: str) -> str | None:
    """Give the definitions that some types say they are of; None of a text that is no such thing."""
    first = types.partition("\n")[0]
    return first.removeprefix(HEAD) if first.startswith(HEAD) else None
