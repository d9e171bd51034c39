"""One tenant's files: what the ledger says, what the store holds, what the rollups give."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Row

from pipeline.costs.days import open_for
from pipeline.database.connection import rows
from pipeline.documents.encode import HASH_DIGITS, content_hash
from pipeline.installation import Installation
from pipeline.publish.due import documents_version
from pipeline.publish.keys import folder, tenant_keys
from pipeline.publish.numbered import seq_of
from pipeline.publish.reading import Job, read_jobs
from pipeline.publish.shaping import shape
from pipeline.publish.stores import Store
from pipeline.reconcile.file_report import ABSENT, ALTERED, DIFFERS, MISNAMED, MISSING, SUPERFLUOUS, Difference

DASHBOARD = "dashboard"


@dataclass
class Standing:
    """One tenant, all of one snapshot; `job` is read whole, and None for one that waits or is deleted."""

    tenant_id: Any
    info: Row[Any]
    entries: list[Row[Any]] = field(default_factory=list)  # the current files by the ledger
    job: Job | None = None


@dataclass(frozen=True)
class Look:
    """What a look at one file showed: what is wrong with it, its number, and pages that it lists and that are lost."""

    entry: Row[Any]
    what: str | None = None
    size: int = 0
    seq: int = 0
    lost: Sequence[str] = ()


def read_standings(connection: Connection, installation: Installation, tenants: Sequence[Any]) -> list[Standing]:
    """Read some tenants, and whole what can be judged of them; give them in the order of their ids."""
    version = documents_version(installation)
    found = {
        row.tenant_id: Standing(row.tenant_id, row)
        for row in rows(connection, "published/compared", tenants=list(tenants), version=version)
    }
    for row in rows(connection, "published/current", tenants=list(found)):
        found[row.tenant_id].entries.append(row)
    by_hour: dict[Any, list[Any]] = defaultdict(list)
    for each in found.values():
        if not each.info.waits and not each.info.deleted:
            by_hour[each.info.through].append(each.tenant_id)
    for through, asked in by_hour.items():
        for job in read_jobs(connection, asked, through, costs_open=open_for(installation), whole=True):
            found[job.tenant_id].job = job
    return list(found.values())


def look_at(store: Store, standing: Standing, entry: Row[Any]) -> Look:
    """Compare one file in the store with what the ledger says of it."""
    packed = store.get(entry.path)
    if packed is None:
        return Look(entry, MISSING)
    try:
        content = gzip.decompress(packed)
        document = orjson.loads(content)
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError):
        return Look(entry, ALTERED, len(packed))
    if not isinstance(document, dict):
        return Look(entry, ALTERED, len(packed))
    if entry.kind == DASHBOARD and not entry.content_hash:
        return Look(entry, None, len(packed), seq_of(document))  # its write was cut off: the next publish writes it
    if entry.kind != DASHBOARD:
        right = _is_page(standing, entry, document, content)
        return Look(entry, _judged(store, entry, packed, right=right), len(packed))
    right = _is_dashboard(standing, entry, document)
    look = Look(entry, _judged(store, entry, packed, right=right), len(packed), seq_of(document))
    return look if look.what else replace(look, lost=_lost(store, standing, entry, document))


def _judged(store: Store, entry: Row[Any], packed: bytes, *, right: bool) -> str | None:
    if not right or len(packed) != entry.bytes:
        return ALTERED
    return None if store.has_second_name(entry.path) else MISNAMED


def _is_page(standing: Standing, entry: Row[Any], document: dict[str, Any], content: bytes) -> bool:
    digest = hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
    return bool(
        digest == entry.content_hash
        and entry.path.endswith(f"/{entry.kind}/{entry.page}.{digest}.json")
        and document.get("tenant_id") == standing.info.id
    )


def _is_dashboard(standing: Standing, entry: Row[Any], document: dict[str, Any]) -> bool:
    return bool(
        content_hash(document) == entry.content_hash
        and document["tenant"]["id"] == standing.info.id
        and 0 < seq_of(document) <= standing.info.seq
    )


def _lost(store: Store, standing: Standing, entry: Row[Any], document: dict[str, Any]) -> list[str]:
    """Give the listed pages that are not there, and not current by the ledger either: those are looked at anyway."""
    place = entry.path.rsplit("/", 1)[0]
    known = {entry.path for entry in standing.entries}
    listed = [page["path"] for pages in document["pages"].values() for page in pages]
    return [path for path in listed if f"{place}/{path}" not in known and store.get(f"{place}/{path}") is None]


def against_ledger(standing: Standing, looks: Sequence[Look]) -> Iterator[Difference]:
    """Give the files that are not as the ledger says, and the listed pages that are not there."""
    tenant = standing.info.id
    for look in looks:
        if look.what:
            yield Difference(tenant, look.entry.kind, look.entry.page, look.what)
        for path in look.lost:
            kind, _, name = path.partition("/")
            yield Difference(tenant, kind, name.split(".", 1)[0], MISSING)


def against_rollups(installation: Installation, standing: Standing) -> Iterator[Difference]:
    """Give what a publish of the whole tenant would write or take away."""
    tenant = standing.info.id
    if standing.info.deleted and not standing.info.waits:
        yield from (Difference(tenant, each.kind, each.page, SUPERFLUOUS) for each in standing.entries)
    job = standing.job
    if job is None or job.tenant is None:
        return
    try:
        changes = shape(
            job,
            keys=tenant_keys(installation, tenant, standing.info.generation),
            seq=standing.info.seq,
            data_through=standing.info.through,
            currency=installation.settings.currency,
        )
    except Exception:  # nothing can be made of these rollups: so the files are not what they give
        yield Difference(tenant, DASHBOARD, "", DIFFERS)
        return
    for part, current in zip(changes.each(), (job.current, job.former), strict=False):
        for file in part.own_files():
            yield Difference(tenant, file.kind, file.page, DIFFERS if (file.kind, file.page) in current else ABSENT)
        for kind, page in part.gone:
            yield Difference(tenant, kind, page, SUPERFLUOUS)


def folders(installation: Installation, tenant: Row[Any]) -> list[str]:
    """Give the folders that are or were a tenant's."""
    numbers = range(1, tenant.generation + 1)
    return [folder(key) for number in numbers for key in tenant_keys(installation, tenant.id, number)]
