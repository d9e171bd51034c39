"""The files under `sql/`, by name."""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from pipeline.settings import ROOT

SQL = ROOT / "sql"


@cache
def source(name: str) -> str:
    """Give the text of `sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


@cache
def query(name: str) -> TextClause:
    """Give `sql/<name>.sql` as a statement whose `:names` are bound values."""
    return text(source(name))
