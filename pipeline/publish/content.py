"""As what each published file is stored and sent."""

from __future__ import annotations

JSON = "application/json"
PARQUET = "application/vnd.apache.parquet"
TYPES = "text/plain; charset=utf-8"  # of TypeScript: `video/mp2t` is what many guess of .ts


def is_zipped(path: str) -> bool:
    """Say whether a path holds gzip: all but Parquet, which is compressed inside and read in pieces."""
    return not path.endswith(".parquet")


def content_type(path: str) -> str:
    """Give the Content-Type of a published path."""
    if path.endswith(".d.ts"):
        return TYPES
    return JSON if is_zipped(path) else PARQUET
