"""Files in the store that no ledger knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Row

from pipeline.database.connection import rows
from pipeline.installation import Installation
from pipeline.publish.keys import folder
from pipeline.publish.numbered import parsed
from pipeline.publish.tombstones import is_tombstone, tombs
from pipeline.reconcile.file_report import UNKNOWN, Difference, shown
from pipeline.reconcile.standing import folders

TENANTS = "v1/t"
BATCH = 1000

Owners = Mapping[str, Row[Any]]  # whose a folder is


def find_owners(installation: Installation, asked: Sequence[str] | None) -> dict[str, Row[Any]]:
    """Give the folders of all tenants, or of those asked for, by their keys; the ledger also knows those of before."""
    ids = list(asked) if asked is not None else None
    with installation.database.transaction() as connection:
        tenants = {row.tenant_id: row for row in rows(connection, "published/owners", ids=ids)}
        noted = {
            folder(row.key): tenants[row.tenant_id]
            for row in rows(connection, "published/keys", ids=ids)
            if row.tenant_id in tenants  # or it has come since
        }
    return noted | {place: tenant for tenant in tenants.values() for place in folders(installation, tenant)}


def listed(installation: Installation, owners: Owners, asked: Sequence[str] | None) -> Iterator[list[str]]:
    """Give the paths of what is in the store, some at a time: all, or the folders of the tenants asked for."""
    store = installation.store
    paths = iter(
        store.list(TENANTS) if asked is None else (path for place in sorted(owners) for path in store.list(place))
    )
    while batch := list(islice(paths, BATCH)):
        yield batch


def unknown(installation: Installation, owners: Owners, paths: Iterable[str]) -> list[str]:
    """Give those paths that the ledger does not hold, be it as superseded, and where no tombstone stands."""
    asked = list(paths)
    tenants = {owner.tenant_id for owner in (owners.get(place(path)) for path in asked) if owner}
    with installation.database.transaction() as connection:
        known = {row.path for row in rows(connection, "published/paths", tenants=list(tenants))}
    known |= {path for path in tombs(installation).keys() & set(asked) if _is_buried(installation, path)}
    return [path for path in asked if path not in known]


def _is_buried(installation: Installation, path: str) -> bool:
    return is_tombstone(parsed(installation.store.get(path)))


def place(path: str) -> str:
    """Give the tenant's folder that a path lies in."""
    return "/".join(path.split("/", 3)[:3])


def difference(owners: Owners, path: str) -> Difference:
    """Say that a file is unknown: by its name within its tenant's folder, or whole if it is nobody's."""
    owner = owners.get(place(path))
    whole, name = shown(path), shown(path.removeprefix(f"{place(path)}/"))
    kind, _, file = name.rpartition("/")
    page = file.split(".", 1)[0]
    return Difference(
        tenant_id=owner.id if owner else None,
        kind=kind or page,
        page=page if kind else "",
        what=UNKNOWN,
        name=name if owner else whole,
    )


def removable(installation: Installation, owners: Owners, paths: Sequence[str]) -> list[str]:
    """Give those of some unknown paths that no dashboard lists, each dashboard before what it lists."""
    found: list[str] = []
    for where in dict.fromkeys(map(place, paths)):
        mine = [path for path in paths if place(path) == where]
        dashboard = f"{where}/dashboard.json"
        if unknown(installation, owners, [dashboard]):
            found.append(dashboard)
            found += [path for path in mine if path != dashboard]
            continue
        led_to = _led_to(installation, where)
        found += [path for path in mine if led_to is not None and path not in led_to]
    return found


def _led_to(installation: Installation, where: str) -> set[str] | None:
    """Give the paths that a folder's dashboard leads to; none where it lists nothing, None where it cannot be read."""
    packed = installation.store.get(f"{where}/dashboard.json")
    document = parsed(packed)
    if document is None:
        return None if packed is not None else set()
    if is_tombstone(document):
        return set()
    try:
        waiting = [f"{where}/{page['path']}" for pages in document["pages"].values() for page in pages]
        found: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path in found:
                continue
            found.add(path)
            if path.rsplit("/", 1)[1].startswith("index"):
                older = parsed(installation.store.get(path))
                if older is None:
                    return None
                waiting += [f"{where}/{page['path']}" for page in older["pages"]]
    except (KeyError, TypeError, AttributeError):
        return None
    return found
