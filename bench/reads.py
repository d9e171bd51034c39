"""(g) Three ways to read what documents are made of: rows, COPY into Arrow, JSON that the database builds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import orjson
import psycopg
import pyarrow as pa
from pyarrow import csv
from sqlalchemy.dialects.postgresql.psycopg import dialect

from bench.measuring import paired, say, timed
from bench.scenes import END, Scenes, demo
from pipeline.database.connection import driver, rows
from pipeline.database.queries import query
from pipeline.documents.ranked_pages import MOST
from pipeline.documents.rows import PERIODS
from pipeline.installation import Installation
from pipeline.publish.publisher import BATCH, WORK_MEM

TENANTS = 2_000
ROWS_AT_SCALE_1 = 2_000_000
ROUNDS = 5
LIMITS = """\
The statements that give a dashboard its endpoints and its series, for all tenants, batch by batch as the publisher
asks. Each way ends in Python values row by row, which is what shaping takes. The ways take turns; a ratio is the median
over the rounds. Beside them stands the statement alone, its rows counted in the database and not sent: what no way can
save."""


@dataclass(frozen=True)
class Question:
    """One statement of `sql/documents`, and its values for a batch of tenants."""

    name: str
    values: Mapping[str, Any]

    @property
    def statement(self) -> str:
        """The statement with psycopg's placeholders."""
        return str(query(self.name).compile(dialect=dialect()))


Way = Callable[[Any, Question], int]


def _as_rows(connection: Any, asked: Question) -> int:
    return len([tuple(row) for row in rows(connection, asked.name, **asked.values)])


def _as_arrow(connection: Any, asked: Question) -> int:
    """COPY takes no values, so they are written into the statement, quoted by the driver."""
    packed = pa.BufferOutputStream()
    with psycopg.ClientCursor(driver(connection)) as cursor:
        statement = f"copy ({asked.statement}) to stdout with (format csv, header)"
        with cursor.copy(statement, dict(asked.values)) as coming:
            for part in coming:
                packed.write(part)
    content = packed.getvalue()
    return len(csv.read_csv(pa.BufferReader(content)).to_pylist()) if content.size else 0


def _as_json(connection: Any, asked: Question) -> int:
    statement = f"select coalesce(json_agg(r), '[]')::text from ({asked.statement}) as r"
    [(content,)] = driver(connection).execute(statement, dict(asked.values)).fetchall()
    return len(orjson.loads(content))


def _alone(connection: Any, asked: Question) -> int:
    """The offset keeps the planner from leaving out what nobody counts."""
    statement = f"select count(r) from ({asked.statement} offset 0) as r"
    [(found,)] = driver(connection).execute(statement, dict(asked.values)).fetchall()
    return int(found)


WAYS: dict[str, Way] = {
    "rows (ours)": _as_rows, "COPY to Arrow": _as_arrow, "JSON in SQL": _as_json, "the statement alone": _alone,
}  # fmt: skip


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    made = min(scenes.rows, ROWS_AT_SCALE_1)
    print(f"reads: {TENANTS:,} tenants of the demo, about {made:,} rows\n{LIMITS}")
    say("the demo")
    with demo("bench_reads", made / ROWS_AT_SCALE_1, tenants=TENANTS) as installation:
        for name in ("documents/endpoints", "documents/series"):
            _compare(installation, name)


def _compare(installation: Installation, name: str) -> None:
    with installation.database.transaction() as connection:
        [[tenants]] = driver(connection).execute("select array_agg(tenant_id) from pipeline.tenant_state").fetchall()
    batches = [tenants[start : start + BATCH] for start in range(0, len(tenants), BATCH)]
    asked = [Question(name, _values(name, batch)) for batch in batches]
    found = {way: _ask(installation, WAYS[way], asked) for way in WAYS}
    assert len(set(found.values())) == 1, found
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way_name, way in WAYS.items():
            seconds[way_name].append(timed(partial(_ask, installation, way, asked)))
    ours, *_ = seconds.values()
    print(f"  {name}: {found['rows (ours)']:,} rows in {len(batches)} batches")
    for way_name, taken in seconds.items():
        print(f"    {way_name:<20} {median(taken):7.2f} s {paired(ours, taken):6.2f} x ours")


def _values(name: str, tenants: list[Any]) -> dict[str, Any]:
    at = {"tenants": tenants, "through": END}
    return at | ({"long": True} if name.endswith("series") else {"most": MOST, "periods": list(PERIODS)})


def _ask(installation: Installation, way: Way, asked: list[Question]) -> int:
    found = 0
    for each in asked:
        with installation.database.transaction("REPEATABLE READ") as connection:
            connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
            found += way(connection, each)
    return found
