"""The examination: every check in its turn; one that cannot be made is a finding, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection

from pipeline.database.connection import Database, driver, execute, rows
from pipeline.doctor import (
    forgetting,
    keeping,
    ledger,
    marking,
    place,
    prices,
    quotas,
    rejected,
    server,
    source,
    subscriptions,
    tenants,
    ticks,
)
from pipeline.doctor.facts import Check, Facts, read_facts
from pipeline.doctor.finding import SEVERITIES, Diagnosis, Finding
from pipeline.errors import TenantcastError
from pipeline.installation import Installation
from pipeline.publish.keys import without_keys

TIMEOUT = "20s"
ON_SOURCE = (Check("invalid_index", "invalid_indexes", source.judge_invalid, ("oids",)),)
ON_TRIGGERS = (
    Check("triggers", "triggers", marking.judge_triggers, ("oids",)),
    Check("triggers_off", "replica_roles", marking.judge_replica_roles),
    Check("subscription", "subscribed", marking.judge_subscribed, ("oids",)),
)
ON_STATE = (
    Check("publication", "published", marking.judge_published),
    Check("tick", "runs", ticks.judge_ticks, ("now",)),
    Check("killed", "killed", ticks.judge_killed, ("now",)),
    Check("marks", "overdue", ledger.judge_overdue, ("through",)),
    Check("future", "future", ledger.judge_future, ("now",)),
    Check("queue", "queue", ledger.judge_queue),
    Check("autovacuum", "vacuum", ledger.judge_vacuum),
    Check("transaction", "transactions", ledger.judge_transactions, ("oids", "now")),
    Check("prepared", "prepared", ledger.judge_prepared, ("now",)),
    Check("partitions", "partitions", keeping.judge_partitions),
    Check("detaching", "detaching", keeping.judge_detaching, ("oids",)),
    Check("detached", "detached", keeping.judge_detached),
    Check("stale", "stale", tenants.judge_stale),
    Check("zone", "zones", tenants.judge_zones),
    Check("rotation", "rotation", tenants.judge_rotation),
    Check("collecting", "uncollected", keeping.judge_uncollected, ("kept",)),
    Check("unknown_tenants", "strangers", tenants.judge_strangers, ("week",)),
    Check("forgetting", "forgetting", forgetting.judge_unfinished),
    Check("quotas", "quotas", quotas.judge_quotas),
    Check("subscriptions", "subscriptions", subscriptions.judge_subscriptions),
    Check("subscription_rates", "subscription_rates", subscriptions.judge_rates, ("currency", "statuses", "week")),
    Check("rejected", "rejected", rejected.judge_rejected, ("now",)),
    Check("overlapping_prices", "overlapping_prices", prices.judge_overlapping),
    Check("unusable_prices", "unusable_prices", prices.judge_unusable),
    Check("rates", "rates", prices.judge_rates, ("currency", "week")),
    Check("unknown_costs", "unpriced", prices.judge_unpriced, ("week",)),
)
ON_RAW_ROWS = (Check("purging", "purged", keeping.judge_purged, ("not_before",)),)


class Examination:
    """Findings as they come, and what has been looked at."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checks: list[str] = []

    def make(self, name: str, check: Callable[[], Iterable[Finding]]) -> None:
        """Make one check; what keeps it from being made is found instead."""
        self.checks.append(name)
        try:
            self.findings += check()
        except TenantcastError as error:
            self.findings.append(_unjudged(name, error))

    def end(self) -> Diagnosis:
        """Give all findings, the worst first."""
        ordered = sorted(self.findings, key=lambda finding: SEVERITIES.index(finding.severity))
        return Diagnosis(findings=ordered, checks=self.checks)


def examine(installation: Installation, at: datetime | None = None) -> Diagnosis:
    """Look at everything, as of `at`, by default now; changes nothing, and nothing that is wrong is raised."""
    seen = Examination()
    seen.make("secret", lambda: place.check_secret(installation))
    seen.make("store", lambda: place.check_store(installation))
    if not any(finding.name == "store" for finding in seen.findings):
        seen.make("conditions", lambda: place.check_conditions(installation))
    seen.checks.append("database")
    try:
        facts = _look_at_server(installation, seen, at)
    except TenantcastError as error:
        seen.findings.append(server.unreachable(error))
        return seen.end()
    readable = _look_at_source(installation.database, seen, facts)
    if _is_current(seen, facts):
        _look_at_state(installation, seen, facts, _due(facts, readable=readable))
    return seen.end()


def _due(facts: Facts, *, readable: bool) -> Sequence[Check]:
    return [*(ON_TRIGGERS if facts.is_watched else ()), *ON_STATE, *(ON_RAW_ROWS if readable else ())]


def _look_at_server(installation: Installation, seen: Examination, at: datetime | None) -> Facts:
    with _reading(installation.database) as connection:
        found, here = execute(connection, "doctor/server").one(), datetime.now(UTC)
        facts = read_facts(installation, connection, at)
        pid = driver(connection).info.backend_pid
    seen.make("server", lambda: server.judge_server(found, pid_at_login=pid, here=here))
    seen.make("marking", lambda: marking.check_marking(installation))
    seen.make("role", lambda: server.judge_role(found, facts))
    return facts


def _look_at_source(database: Database, seen: Examination, facts: Facts) -> bool:
    """Give whether raw rows can be read."""
    before = len(seen.findings)
    seen.make("source", lambda: source.check_source(facts))
    seen.make("rights", lambda: _rights(database, facts))
    readable = len(seen.findings) == before
    seen.make("indexes", lambda: _indexes(database, facts))
    for check in ON_SOURCE:
        seen.make(check.name, lambda check=check: _judged(database, check, facts))  # type: ignore[misc]
    return readable


def _is_current(seen: Examination, facts: Facts) -> bool:
    found = list(server.judge_version(facts))
    seen.checks.append("init")
    seen.findings += found
    return not found


def _look_at_state(installation: Installation, seen: Examination, facts: Facts, checks: Sequence[Check]) -> None:
    if not any(finding.name == "store" for finding in seen.findings):
        seen.make("status_file", lambda: _status(installation))
    for check in checks:
        seen.make(check.name, lambda check=check: _judged(installation.database, check, facts))  # type: ignore[misc]


@contextmanager
def _reading(database: Database) -> Iterator[Connection]:
    """A transaction that can change nothing and that ends soon, whatever it meets."""
    with database.transaction() as connection:
        connection.exec_driver_sql("set transaction read only")
        connection.exec_driver_sql(f"set local statement_timeout = '{TIMEOUT}'")
        yield connection


def _judged(database: Database, check: Check, facts: Facts) -> list[Finding]:
    with _reading(database) as connection:
        found = rows(connection, f"doctor/{check.statement}", **check.values(facts))
    return list(check.judge(found, facts))


def _rights(database: Database, facts: Facts) -> list[Finding]:
    oids = [*(table.relation.oid for table in facts.found.values()), *facts.raw_oids]
    with _reading(database) as connection:
        found = rows(connection, "doctor/rights", oids=oids, marked=facts.raw_oids if facts.is_watched else [])
    return list(server.judge_rights(found, facts))


def _indexes(database: Database, facts: Facts) -> list[Finding]:
    with _reading(database) as connection:
        return list(source.check_indexes(connection, facts))


def _status(installation: Installation) -> list[Finding]:
    with _reading(installation.database) as connection:
        progress = execute(connection, "doctor/progress").one()
    return list(place.check_status(installation, progress))


def _unjudged(name: str, error: TenantcastError) -> Finding:
    return Finding(
        name=name,
        severity="warning",
        what=f"the check {name} could not be made: {without_keys(str(error))}",
        why="What is wrong there, if anything, goes unseen.",
        fix="If something of ours is missing, `init` makes it; if it took too long, try again at a quiet time.",
        paste="python -m pipeline init",
    )
