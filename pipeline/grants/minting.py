"""Mints a grant of the kind that the settings speak of, for a first file and, if asked, for all that it leads to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pipeline.errors import PermanentError, SettingsError
from pipeline.grants.grant import Grant, Minter, folder_of
from pipeline.installation import Installation
from pipeline.publish.numbered import parsed
from pipeline.settings import Settings


def mint(installation: Installation, path: str, *, at: datetime, ttl: timedelta, with_pages: bool) -> Grant:
    """Open the folder of `path`, the first file of a tenant, of the platform or of the export.

    Raises SettingsError where nothing says who would check a grant, PermanentError where there is no such file.
    """
    minter = _minter(installation.settings)
    pages = pages_of(installation, path) if with_pages else []
    return minter.mint(path, pages, at=at, ttl=ttl)


def _minter(settings: Settings) -> Minter:
    if settings.cloudfront_key_id and settings.cloudfront_private_key:
        from pipeline.grants.cloudfront import CloudFront  # noqa: PLC0415  botocore takes its time to import

        return CloudFront(str(settings.public_url), settings.cloudfront_key_id, settings.cloudfront_private_key)
    if settings.link_secret:
        from pipeline.grants.secure_link import SecureLinks  # noqa: PLC0415

        return SecureLinks(str(settings.public_url), settings.link_secret)
    if settings.store_url.startswith("s3://"):
        from pipeline.grants.presigned import Presigned  # noqa: PLC0415

        return Presigned(settings.store_url)
    raise SettingsError(
        "--signed: nothing that serves the files checks a grant. For nginx set TENANTCAST_LINK_SECRET and "
        "TENANTCAST_PUBLIC_URL, for CloudFront TENANTCAST_CLOUDFRONT_KEY_ID; an s3:// store needs neither."
    )


def pages_of(installation: Installation, path: str) -> list[str]:
    """Give the paths of all that a first file lists, through index pages too, in the order in which it does."""
    folder, found = folder_of(path), dict[str, None]()
    waiting = [path]
    while waiting:
        document = parsed(installation.store.get(waiting.pop(0)))
        if document is None:
            raise PermanentError("What is to be opened is not in the store, or cannot be read. Publish first: run.")
        for page in _listed(document):
            place = f"{folder}/{page}"
            if place not in found:
                found[place] = None
                waiting += [place] if page.rsplit("/", 1)[-1].startswith("index") else []
    return list(found)


def _listed(document: dict[str, Any]) -> list[str]:
    """Give the relative paths in a dashboard, a summary, an index page or a manifest."""
    pages = document.get("pages", [])
    kinds = list(pages.values()) if isinstance(pages, dict) else [pages]
    return [entry["path"] for kind in [*kinds, document.get("files", [])] for entry in kind]
