"""The source tables: there, readable, with the indexes that reading needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from pipeline.database.connection import rows
from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.errors import PermanentError
from pipeline.sources.catalog import Misfit, Relation, misfits, quoted, relation_misfits
from pipeline.sources.indexes import WANTED, Wanted

PYTHON = "python -m pipeline"


def check_source(facts: Facts) -> Iterator[Finding]:
    """Every table and column that the work needs is there and of a type it can work with."""
    try:
        found = list(misfits(facts.found, facts.settings.source, read_only=not facts.is_watched))
    except PermanentError as error:  # ids of a type that cannot be worked with
        found = [Misfit(str(error), "Alter the column, or name another one.")]
    for name, tree in facts.trees.items():
        for relation in tree:
            if relation.oid != facts.found[name].relation.oid:
                found += relation_misfits(facts.found[name], relation, read_only=not facts.is_watched)
    for misfit in (*found, *facts.moved):
        hidden = "row level security" in misfit.what
        yield Finding(
            name="row_security" if hidden else "source",
            severity="error",
            what=misfit.what,
            why="Runs stop at it, and nothing new is published until it is put right.",
            fix=misfit.fix,
            paste=f"alter role {quoted(facts.role)} bypassrls;" if hidden else "",
        )


def check_indexes(connection: Connection, facts: Facts) -> Iterator[Finding]:
    """Each raw table, or each of its partitions, has the two indexes that reading goes by."""
    owned = {row.oid: row.is_owned for row in rows(connection, "doctor/owned", oids=facts.raw_oids)}
    for name, tree in facts.trees.items():
        leaves = [relation for relation in tree if relation.kind == "r"]
        for wanted in WANTED:
            columns = [facts.found[name].mapped.column(column) for column in wanted.columns]
            found = rows(
                connection,
                "source/indexes",
                oids=[leaf.oid for leaf in leaves],
                methods=list(wanted.enough),
                columns=columns,
            )
            present = {row.oid for row in found}
            lacking = [leaf for leaf in leaves if leaf.oid not in present]
            if lacking:
                may_make = facts.is_watched and all(owned[leaf.oid] for leaf in lacking)
                yield _lacking(wanted, lacking, columns, may_make=may_make)


def _lacking(wanted: Wanted, lacking: Sequence[Relation], columns: Sequence[str], *, may_make: bool) -> Finding:
    places = ", ".join(leaf.name for leaf in lacking[:3]) + (f" and {len(lacking) - 3} more" if lacking[3:] else "")
    listed = quoted_list(columns)
    statements = [
        f"create index concurrently on {leaf.name} using {wanted.method} ({listed}){wanted.storage};"
        for leaf in lacking
    ]
    return Finding(
        name="indexes",
        severity="warning",
        what=f"{places}: no usable index on ({listed})",
        why={
            "tenant_time": "A few late rows of one tenant cost a scan of the whole table.",
            "time": "Each hour costs a scan of the whole table.",
        }[wanted.suffix],
        fix="Make it; writers are not held up:" if may_make else "As the tables' owner; writers are not held up:",
        paste=f"{PYTHON} init" if may_make else "\n".join(statements),
    )


def quoted_list(names: Sequence[str]) -> str:
    """Give columns as a statement lists them."""
    return ", ".join(quoted(name) for name in names)


def judge_invalid(found: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge indexes that a stopped build has left."""
    del facts
    for row in found:
        yield Finding(
            name="invalid_index",
            severity="warning",
            what=f"{row.relation}: index {row.name} is invalid, left by a build that was stopped",
            why="Every write pays for it, and no query uses it.",
            fix="Take it away; `init` makes those of ours anew:",
            paste=f"drop index concurrently {row.name};\n{PYTHON} init",
        )
