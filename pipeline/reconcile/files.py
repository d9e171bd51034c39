"""Published files against the ledger of files, and the ledger against the rollups; and the repair of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from pipeline.database.connection import execute, execute_many, rows
from pipeline.errors import PermanentError
from pipeline.installation import Installation
from pipeline.publish.contract import renew_contract
from pipeline.publish.due import STATUS, documents_version, status_hash
from pipeline.publish.numbered import parsed, seq_of
from pipeline.publish.publisher import BATCH, WORK_MEM, slots_awaited, still_held
from pipeline.publish.tombstones import bury, tombs
from pipeline.publish.writers import THREADS
from pipeline.reconcile import contract_files, platform_files, strays
from pipeline.reconcile.file_report import MISNAMED, Difference, FilesReport
from pipeline.reconcile.standing import (
    DASHBOARD,
    Look,
    Standing,
    against_ledger,
    against_rollups,
    look_at,
    read_standings,
)
from pipeline.runs import json_time, require_installed

DRAFT_SECONDS = 3600.0
UNDECIDED = "What looks like a difference may be its work, so nothing can be said yet. Reconcile again once it is done."


@dataclass
class _Seen:
    """One tenant, looked at."""

    standing: Standing
    looks: list[Look]
    differences: list[Difference] = field(default_factory=list)


def compare_files(installation: Installation, tenants: Sequence[str] | None = None) -> FilesReport:
    """Compare the files of all tenants, or of those given by their ids, as of the last status.json.

    Nothing is locked while nothing differs: publishers go on. What looks like a difference is looked at again while no
    publisher is at work, so that none is mistaken for one. Raises BusyError where one stays at work for too long,
    PermanentError for an unknown tenant or where all that is published is in another store or under other keys.
    """
    require_installed(installation.database)
    installation.store.check()
    report = FilesReport(asked=tuple(tenants) if tenants is not None else None)
    _check_place(installation)
    owners = strays.find_owners(installation, report.asked)
    wanted = list({owner.tenant_id: None for owner in owners.values()})
    _check_known(report, {owner.id for owner in owners.values()})
    _compare_status(installation, report)
    with installation.progress.step("Comparing files", total=len(wanted), unit="tenants") as step:
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            _compare_batch(installation, batch, report)
            step.advance(len(batch))
    if report.asked is None and report.data_through:
        _compare_platform(installation, report)
        _compare_contract(installation, report)
    _compare_listing(installation, owners, report)
    return report


def repair_files(installation: Installation, report: FilesReport) -> None:
    """Have the ledger forget what is not in the store as it should be, and make the tenants due; take strays away.

    The next publish then puts everything right. Judges anew what it touches, with no publisher at work; twice is once.
    Raises BusyError as `compare_files` does.
    """
    tenants = report.to_redo
    with installation.progress.step("Repairing files", total=len(tenants), unit="tenants") as step:
        for start in range(0, len(tenants), BATCH):
            batch = tenants[start : start + BATCH]
            _redo(installation, batch, report)
            step.advance(len(batch))
    if report.platform_differs:
        with _alone(installation):
            platform_files.forget(installation, platform_files.look_at_all(installation))
    if report.contract_differs:
        with _alone(installation):
            renew_contract(installation.store)
    if report.is_ahead:
        installation.progress.say(
            "Files that are not in the ledger stay: status.json carries a number that this database has not given, so "
            "another one may publish here, or this one was restored. Publish, then reconcile again."
        )
        return
    _remove_strays(installation, report)


def _check_place(installation: Installation) -> None:
    """Refuse to judge files that lie elsewhere: the ledger then speaks of another place."""
    with installation.database.transaction() as connection:
        noted: str = execute(connection, "published/said").one().documents_version
    if noted and noted.partition(":")[2] != documents_version(installation).partition(":")[2]:
        raise PermanentError(
            "Files: what is published lies in another store, or under the keys of another secret. "
            "Publish here first, then reconcile."
        )


def _check_known(report: FilesReport, ids: set[str]) -> None:
    for tenant in report.asked or ():
        if tenant not in ids:
            raise PermanentError(
                f"Tenant {tenant!r} is not known. Its row must be in the tenants table, and `run` must have seen it."
            )


def _compare_status(installation: Installation, report: FilesReport) -> None:
    """Compare status.json; while it is written its publisher holds the slots."""
    if _status_problem(installation, report):
        with _alone(installation):
            problem = _status_problem(installation, report)
        if problem:
            report.note([Difference(None, "status", "", problem)])


def _status_problem(installation: Installation, report: FilesReport) -> str | None:
    with installation.database.transaction() as connection:
        said = execute(connection, "published/said").one()
    report.data_through = said.published_through
    packed = installation.store.get(STATUS)
    document = parsed(packed)
    if document is None and packed is None:
        return "status.json is missing" if said.published_through else None
    if document is None:
        return "status.json cannot be read"
    seq, through = seq_of(document), document.get("data_through")
    report.seq, report.is_ahead = max(report.seq, seq), seq > said.seq
    if not 0 < seq <= said.seq:
        return "status.json has a seq that this database has not given"
    if through != json_time(said.published_through):
        return "status.json has another data_through than the database"
    if said.status_hash and status_hash(packed or b"") not in (said.status_hash, said.status_planned):
        return "status.json is not as this database wrote it"
    return _second_name_problem(installation)


def _second_name_problem(installation: Installation) -> str | None:
    return None if installation.store.has_second_name(STATUS) else f"status.json: {MISNAMED}"


def _compare_platform(installation: Installation, report: FilesReport) -> None:
    """Compare the platform's files; while they are written their publisher holds the slots."""
    looks = platform_files.look_at_all(installation)
    if platform_files.differences(looks):
        with _alone(installation):
            looks = platform_files.look_at_all(installation)
    found = platform_files.differences(looks)
    report.files += len(looks)
    report.bytes += sum(look.size for look in looks)
    report.platform_differs = bool(found)
    report.note(found)


def _compare_contract(installation: Installation, report: FilesReport) -> None:
    """Compare schemas and types; while they are written their publisher holds the slots."""
    looks = contract_files.look_at_all(installation.store)
    if contract_files.differences(looks):
        with _alone(installation):
            looks = contract_files.look_at_all(installation.store)
    found = contract_files.differences(looks)
    report.files += len(looks)
    report.bytes += sum(look.size for look in looks)
    report.contract_differs = bool(found)
    report.note(found)


def _compare_batch(installation: Installation, tenants: Sequence[Any], report: FilesReport) -> None:
    seen = _look(installation, tenants)
    doubtful = [each.standing.tenant_id for each in seen if each.differences]
    if doubtful:
        with _alone(installation):
            again = _look(installation, doubtful)
        seen = [each for each in seen if not each.differences] + again
    for each in seen:
        report.tenants += 1
        report.waiting += bool(each.standing.info.waits)
        report.files += len(each.looks)
        report.bytes += sum(look.size for look in each.looks)
        report.seq = max(report.seq, *(look.seq for look in each.looks), 0)
        report.note(each.differences)
        if each.differences:
            report.to_redo.append(each.standing.tenant_id)


def _look(installation: Installation, tenants: Sequence[Any]) -> list[_Seen]:
    """Read some tenants in one snapshot, look at their files, and judge both."""
    with installation.database.transaction("REPEATABLE READ") as connection:
        connection.exec_driver_sql(f"set local work_mem = '{WORK_MEM}'")
        standings = read_standings(connection, installation, tenants)
    seen = _look_at_files(installation, standings)
    for each in seen:
        each.differences += against_ledger(each.standing, each.looks)
        each.differences += against_rollups(installation, each.standing)
    return seen


def _look_at_files(installation: Installation, standings: Sequence[Standing]) -> list[_Seen]:
    """Look at all current files, several at a time; those of a deleted tenant are on their way out."""
    asked = [(each, entry) for each in standings for entry in each.entries if not each.info.deleted]
    looks: dict[Any, list[Look]] = {each.tenant_id: [] for each in standings}
    with ThreadPoolExecutor(THREADS) as readers:
        done = readers.map(lambda pair: (pair[0].tenant_id, look_at(installation.store, *pair)), asked)
        for tenant, look in done:
            looks[tenant].append(look)
    return [_Seen(each, looks[each.tenant_id]) for each in standings]


def _compare_listing(installation: Installation, owners: strays.Owners, report: FilesReport) -> None:
    with installation.progress.step("Listing files", unit="files") as step:
        for paths in strays.listed(installation, owners, report.asked):
            found = strays.unknown(installation, owners, paths)
            if found:
                with _alone(installation):
                    found = _still_there(installation, strays.unknown(installation, owners, found))
            report.note(strays.difference(owners, path) for path in found)
            step.advance(len(paths))
    report.drafts = sum(1 for _ in installation.store.drafts("v1"))


def _still_there(installation: Installation, paths: Sequence[str]) -> list[str]:
    """Leave out what a publisher has taken away since it was listed."""
    with ThreadPoolExecutor(THREADS) as readers:
        held = list(readers.map(lambda path: installation.store.get(path) is not None, paths))
    return [path for path, there in zip(paths, held, strict=True) if there]


def _alone(installation: Installation) -> AbstractContextManager[Connection]:
    """Hold all publishing slots, once the publisher that may be at work is done."""
    return slots_awaited(installation.database, otherwise=UNDECIDED)


def _redo(installation: Installation, tenants: Sequence[Any], report: FilesReport) -> None:
    """Forget what is wrong in the store, and make the tenants due, in one transaction."""
    with _alone(installation):
        seen = _look(installation, tenants)
        wrong = [(each.standing.tenant_id, look.entry) for each in seen for look in each.looks if look.what]
        pages = [
            {"tenant": tenant, "kind": entry.kind, "page": entry.page, "is_former": entry.is_former}
            for tenant, entry in wrong
            if entry.kind != DASHBOARD
        ]
        dashboards = [{"tenant": tenant} for tenant, entry in wrong if entry.kind == DASHBOARD]
        due = sorted(each.standing.tenant_id for each in seen)
        with installation.database.transaction() as connection:
            rows(connection, "published/lock_seen", tenants=due)
            execute_many(connection, "published/supersede", pages)
            execute_many(connection, "published/blank", dashboards)
            execute_many(connection, "published/again", [{"tenant": tenant} for tenant in due])
            execute(connection, "queue/redo", tenants=due, through=report.data_through)
            execute(connection, "published/raise_seq", seen=report.seq)


def _remove_strays(installation: Installation, report: FilesReport) -> None:
    store = installation.store
    owners = strays.find_owners(installation, report.asked)
    for paths in strays.listed(installation, owners, report.asked):
        if found := strays.unknown(installation, owners, paths):
            with _alone(installation) as holder:
                gone = strays.removable(installation, owners, strays.unknown(installation, owners, found))
                for path in gone:
                    store.delete(path)
                graves = [key for path, key in tombs(installation).items() if path in gone]
                bury(installation, graves, still_held=partial(still_held, holder))
    for draft in store.drafts("v1"):
        if draft.age > DRAFT_SECONDS:
            store.delete(draft.path)
