"""Addresses that cannot be guessed: a keyed hash of what the file is about, its id and a generation number."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from pipeline.database.connection import rows
from pipeline.errors import PermanentError
from pipeline.installation import Installation

KEY_DIGITS = 32  # 128 bits
KEY_IN_PATH = re.compile(r"\b(t/|platform/|export/)[0-9a-f]{32}\b")
MANIFEST = "manifest.json"
PREVIEW = "http://127.0.0.1:8765"


@dataclass(frozen=True)
class Address:
    """Where a tenant's files are: its key, the path and address of its dashboard.json, the previewed page."""

    tenant_id: str
    key: str
    path: str
    url: str
    page: str


@dataclass(frozen=True)
class PlatformAddress:
    """Where the platform's files are: its key, the path and address of its summary.json, the previewed page."""

    key: str
    path: str
    url: str
    page: str


def tenant_key(secret: bytes, tenant_id: str, generation: int = 1) -> str:
    """Give the key of a tenant's folder."""
    return _key(secret, b"tenant", tenant_id, generation=generation)


def export_key(secret: bytes) -> str:
    """Give the key of the folder of the Parquet export."""
    return _key(secret, b"export", "")


def platform_key(secret: bytes) -> str:
    """Give the key of the platform's folder."""
    return _key(secret, b"platform", "")


def _key(secret: bytes, kind: bytes, identity: str, *, generation: int = 1) -> str:
    """Lengths stand before the parts, so that no two (kind, id, generation) are ever the same message."""
    written = identity.encode()
    message = b"%s:%d:%s:%d" % (kind, len(written), written, generation)
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:KEY_DIGITS]


def public_name(key: str) -> str:
    """Give the hash by which public files speak of a tenant: the key itself would open its folder."""
    return hashlib.sha256(key.encode()).hexdigest()


def folder(key: str) -> str:
    """Give the folder of a tenant's files under the store's root."""
    return f"v1/t/{key}"


def export_folder(secret: bytes) -> str:
    """Give the folder of the Parquet export under the store's root."""
    return f"v1/export/{export_key(secret)}"


def platform_folder(key: str) -> str:
    """Give the folder of the platform's files under the store's root."""
    return f"v1/platform/{key}"


def platform_address(installation: Installation) -> PlatformAddress:
    """Give the address of the platform's summary."""
    key = platform_key(installation.secret)
    path = f"{platform_folder(key)}/summary.json"
    return PlatformAddress(key=key, path=path, url=installation.url(path), page=f"{PREVIEW}/operator.html#{key}")


def tenant_keys(installation: Installation, tenant_id: str, generation: int) -> tuple[str, ...]:
    """Give the key of a tenant's folder, and after it that under the previous secret while one is named."""
    return tuple(tenant_key(secret, tenant_id, generation) for secret in installation.secrets)


def address(installation: Installation, tenant_id: str) -> Address:
    """Give a tenant's address; raises PermanentError for a tenant that no tick has seen."""
    with installation.database.transaction() as connection:
        found = rows(connection, "published/generation", id=tenant_id)
        forgotten = rows(connection, "forget/known", id=tenant_id)
    if forgotten:
        raise PermanentError(
            f"Tenant {tenant_id!r} was forgotten on {forgotten[0].forgotten_at:%Y-%m-%d}: nothing is published for it."
        )
    if not found:
        raise PermanentError(
            f"Tenant {tenant_id!r} is not known. Its row must be in the tenants table, and `run` must have seen it."
        )
    key = tenant_key(installation.secret, tenant_id, found[0].generation)
    path = f"{folder(key)}/dashboard.json"
    return Address(
        tenant_id=tenant_id,
        key=key,
        path=path,
        url=installation.url(path),
        page=f"{PREVIEW}/#{key}",
    )


def without_keys(text: str) -> str:
    """Blot out the keys of tenants that a message names as parts of paths: whoever knows one can read the files."""
    return KEY_IN_PATH.sub(r"\1…", text)
