"""Documents to bytes: the same document gives the same bytes."""

from __future__ import annotations

import hashlib
from typing import Any

import deflate
import orjson

LEVEL = 9
STAMPS = frozenset({"seq", "data_through", "start", "end", "lag_hours"})
NAMED_BY_DATA = frozenset({"by_model", "breakdown"})  # a model or an item may be called as a stamp is
HASH_DIGITS = 12


def to_json(document: dict[str, Any]) -> bytes:
    """Write a document as compact JSON, keys in the order in which it was shaped."""
    return orjson.dumps(document)


def compress(content: bytes) -> bytes:
    """Compress with libdeflate, whose gzip header holds no clock."""
    return bytes(deflate.gzip_compress(content, LEVEL))


def content_hash(document: dict[str, Any]) -> str:
    """Give the hash of a document apart from its stamps: equal means that no number changed."""
    return digest(unstamped(document))


def digest(content: bytes) -> str:
    """Give the hash of a document that is written without its stamps."""
    return hashlib.sha256(content).hexdigest()


def unstamped(document: dict[str, Any]) -> bytes:
    """Write a document without its stamps."""
    return orjson.dumps(_without_stamps(document))


def _without_stamps(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_stamps(held) if type(held) is dict and name not in NAMED_BY_DATA else held
        for name, held in document.items()
        if name not in STAMPS
    }


def page_name(page: str, content: bytes) -> str:
    """Give a page's file name: it changes with the content, so the file may be cached for ever."""
    return f"{page}.{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}.json"
