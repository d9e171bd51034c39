"""Marking: what keeps a change of a raw row from being seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.installation import Installation
from pipeline.reconcile.window import describe

REPAIR = "python -m pipeline reconcile --repair"


def check_marking(installation: Installation) -> Iterator[Finding]:
    """Say what is seen of a source that is only read."""
    if sentence := describe(installation):
        yield Finding(
            name="marking",
            severity="note",
            what=sentence,
            why="Triggers would see every change at once; a comparison sees what is there when it looks.",
            fix="Have the rest compared each night, by the Dag tenantcast_daily or cron:",
            paste=REPAIR,
        )


def judge_triggers(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge triggers that are missing or do not fire."""
    del facts
    by_relation: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_relation[row.relation].append(row)
    for relation, lacking in by_relation.items():
        off = [row.name for row in lacking if row.enabled is not None]
        gone = [row.name for row in lacking if row.enabled is None]
        said = [f"{', '.join(off)} disabled"] * bool(off) + [f"{', '.join(gone)} missing"] * bool(gone)
        yield Finding(
            name="triggers",
            severity="error",
            what=f"{relation}: marking triggers {' and '.join(said)}",
            why="Rows that change are not marked, so rollups and files do not follow them.",
            fix="The next run puts all four back and marks the whole table, as it does for a new partition. Whatever "
            "took them away will do it again: find it first.",
            paste="python -m pipeline run",
        )


def judge_subscribed(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge raw tables that logical replication writes to."""
    del facts
    for row in rows:
        yield Finding(
            name="subscription",
            severity="warning",
            what=f"{row.relation} is filled by subscription {row.subscription}",
            why="Logical replication fires no statement-level triggers, not even those set to ALWAYS: what it "
            "writes is not marked.",
            fix="Set TENANTCAST_MARKING=reconcile: each tick then compares the last hours instead. And once, for "
            "what has gone unseen:",
            paste=REPAIR,
        )


def judge_published(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge publications that would stop the tick from deleting marks."""
    del facts
    for row in rows:
        paste = "\n".join(f"alter table {relation} replica identity full;" for relation in row.relations)
        advice = "List the tables that are to be published instead of FOR ALL TABLES, or, for this one:"
        yield Finding(
            name="publication",
            severity="error",
            what=f"publication {row.publication} takes in {', '.join(row.relations)}, which have no primary key",
            why="PostgreSQL refuses to delete from a published table whose rows nothing identifies: every tick fails.",
            fix=advice if row.of_all_tables else "Take them out of the publication, or:",
            paste=paste,
        )


def judge_replica_roles(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge roles whose sessions begin with triggers off."""
    for row in rows:
        role = f"role {row.role}" if row.role else "all roles"
        place = f"in database {row.database}" if row.database else "in all databases"
        subject = f"role {row.role}" if row.role else f"database {row.database or facts.database}"
        within = f" in database {row.database}" if row.role and row.database else ""
        yield Finding(
            name="triggers_off",
            severity="error",
            what=f"session_replication_role is replica for {role} {place}",
            why="Its sessions fire no triggers: what they change is not marked.",
            fix="Take the setting away, then find and mark what has gone unseen:",
            paste=f"alter {subject}{within} reset session_replication_role;\n{REPAIR}",
        )
