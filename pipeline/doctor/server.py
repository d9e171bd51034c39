"""The database server, the session that reaches it, and the role's rights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from pipeline.database.migrations import latest
from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.errors import TenantcastError
from pipeline.layout import span
from pipeline.sources.catalog import quoted
from pipeline.sources.mapping import EVENT_TABLES
from pipeline.sources.naming import render

CLOCK_SECONDS = 120


def unreachable(error: TenantcastError) -> Finding:
    """Give the finding for a database that cannot be reached, or whose catalog cannot be read."""
    return Finding(
        name="database",
        severity="error",
        what=str(error),
        why="Nothing is rolled up or published; what is up stays as it is. Writers are not held up by it.",
        fix="See that the server runs, that TENANTCAST_DATABASE_URL names it, and that the role may read what `init` "
        "made; nothing else could be looked at.",
    )


def judge_server(server: Row[Any], *, pid_at_login: int, here: datetime) -> Iterator[Finding]:
    """Judge the session: `pid_at_login` is the backend that the connection was told, `here` this machine's time."""
    if server.is_replica:
        yield Finding(
            name="replica",
            severity="error",
            what=f"database {server.database} is a replica, which nothing can be written to",
            why="Ledger and rollups live beside the raw tables.",
            fix="Name the primary in TENANTCAST_DATABASE_URL.",
        )
    if server.pid != pid_at_login:
        yield Finding(
            name="pooler",
            severity="note",
            what="the connection goes through a pooler, such as PgBouncer",
            why="A session lock would not survive it. None is used: what keeps two ticks apart ends with its "
            "transaction, so pooling by session or by transaction works, and by statement does not. `init` builds "
            "indexes outside of transactions and is best run past the pooler.",
            fix="Nothing, unless it pools by statement: then name the server itself.",
        )
    if server.timezone.upper() not in ("UTC", "ETC/UTC"):
        yield Finding(
            name="session",
            severity="warning",
            what=f"the session's time zone is {server.timezone} and should be UTC: a pooler drops what a connection "
            "asks for",
            why="Times that statements write as text would be in that zone.",
            fix="Give it to the role, and let new connections come:",
            paste=f"alter role {quoted(server.role)} in database {quoted(server.database)} set timezone = 'UTC';",
        )
    apart = abs((here - server.now).total_seconds())
    if apart >= CLOCK_SECONDS:
        yield Finding(
            name="clock",
            severity="warning",
            what=f"the clocks of this machine and of the database are {span(apart)} apart",
            why="Hours end by the database's clock, so no number is wrong, but S3 refuses requests whose time is "
            "15 minutes off.",
            fix="Have both keep time by NTP.",
        )


def judge_version(facts: Facts) -> Iterator[Finding]:
    """Judge whether `init` has set this database up, and for this version."""
    done, known = facts.schema_version, latest()
    if done == known:
        return
    if done is None:
        what = f"database {facts.database} has not been set up"
    else:
        what = f"database {facts.database} is set up for schema {done}, this version works with {known}"
    if done is not None and done > known:
        fix, paste = "Use the newer version everywhere.", ""
    else:
        fix, paste = "Set it up; that is safe on live tables, and safe to repeat:", "python -m pipeline init"
    yield Finding(
        name="init",
        severity="error",
        what=what,
        why="No verb can work with it; nothing else of it was looked at.",
        fix=fix,
        paste=paste,
    )


def judge_role(server: Row[Any], facts: Facts) -> Iterator[Finding]:
    """A role that may do everything is more than the work needs; one that sees no sessions, a little less."""
    if server.is_superuser and facts.settings.database_url:
        yield Finding(
            name="superuser",
            severity="note",
            what=f"role {server.role} is a superuser",
            why="It could turn triggers off (session_replication_role) and write where nothing of ours is; changes "
            "made with triggers off are seen by `reconcile` only.",
            fix="Before `init`, choose a role of its own. These rights suffice, once the owner of the raw tables has "
            "made the indexes on (tenant_id, created_at) and on created_at:",
            paste=grants(facts),
        )

    if not server.sees_sessions:
        yield Finding(
            name="sessions",
            severity="note",
            what=f"role {server.role} does not see what other sessions do",
            why="Transactions that hold rows back, or vacuum, are not named by `doctor`, `why` and the runs.",
            fix="As a superuser:",
            paste=f"grant pg_read_all_stats to {quoted(server.role)};",
        )


def grants(facts: Facts) -> str:
    """Give the statements that let a role `tenantcast` do all of the work but make indexes on raw tables."""
    lines = [render("doctor/grants_database", {"database": quoted(facts.database)})]
    schemas = sorted({table.mapped.schema for table in facts.found.values()})
    lines += [render("doctor/grants_schema", {"schema": quoted(schema)}) for schema in schemas]
    for name, table in facts.found.items():
        if name in EVENT_TABLES and facts.is_watched:
            relations = [relation.name for relation in facts.trees[name]]
            lines += [render("doctor/grants_watch", {"relation": relation}) for relation in relations]
        else:
            lines.append(render("doctor/grants_read", {"relation": table.relation.name}))
    return "".join(lines).rstrip()


def judge_rights(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge what the role may not do with the source tables."""
    role = quoted(facts.role)
    for row in rows:
        lacking = [
            (row.may_enter, "use its schema", f"grant usage on schema {row.schema} to {role};"),
            (row.may_read, "read it", f"grant select on {row.relation} to {role};"),
            (row.may_watch, "give it triggers", f"grant trigger on {row.relation} to {role};"),
        ]
        missing = [(what, grant) for is_there, what, grant in lacking if not is_there]
        yield Finding(
            name="rights",
            severity="error",
            what=f"{row.relation}: role {facts.role} may not {' or '.join(what for what, _ in missing)}",
            why="The next run fails on it.",
            fix="As the table's owner:",
            paste="\n".join(grant for _, grant in missing),
        )
