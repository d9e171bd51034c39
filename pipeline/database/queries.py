"""The files under `sql/`, by name."""

from __future__ import annotations

import re
from functools import cache

from sqlalchemy import TextClause, text

from pipeline.settings import ROOT

SQL = ROOT / "sql"
FILLED = re.compile(r"@(rollup|pipeline)\b")
HOURS = "@hours."  # what days are merged from


@cache
def source(name: str) -> str:
    """Give the text of `sql/<name>.sql`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


@cache
def query(name: str) -> TextClause:
    """Give `sql/<name>.sql` as a statement whose `:names` are bound values."""
    return text(FILLED.sub(r"\1", source(name)).replace(HOURS, "rollup."))


@cache
def query_aside(name: str) -> TextClause:
    """Give the same statement filling the temporary table of that name: one aggregation, kept or only compared."""
    return text(FILLED.sub("pg_temp", source(name)).replace(HOURS, "pg_temp.right_"))
