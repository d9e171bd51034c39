"""Documents that carry a `seq`: which of two is the newer one."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import orjson

LARGEST_SEQ = 2**53 - 1  # what a browser counts exactly


def parsed(packed: bytes | None) -> dict[str, Any] | None:
    """Give the document in a file; None where there is no file, or none that can be read."""
    try:
        document = orjson.loads(gzip.decompress(packed or b""))
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
        return None
    return document if isinstance(document, dict) else None


def seq_of(document: dict[str, Any]) -> int:
    """Give a document's number; 0 where it has none that can have been given out."""
    seq = document.get("seq")
    return seq if isinstance(seq, int) and 0 <= seq <= LARGEST_SEQ else 0
