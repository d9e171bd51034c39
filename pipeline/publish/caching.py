"""How long a browser and an edge may keep each file."""

from __future__ import annotations

from datetime import timedelta

STATUS = "public, max-age=30, stale-if-error=86400"
FRESH, WHILE_ASKING, ON_ERROR = 60, 3600, 86400
DASHBOARD = f"public, max-age={FRESH}, stale-while-revalidate={WHILE_ASKING}, stale-if-error={ON_ERROR}"
LONGEST_SHOWN = timedelta(seconds=FRESH + WHILE_ASKING + ON_ERROR)  # that a cache may still show a dashboard of before
SCHEMA = "public, max-age=3600"
EDGE = timedelta(days=1)  # that an edge may keep a page that is gone from the store
PAGE = f"public, max-age=31536000, s-maxage={EDGE.total_seconds():.0f}, immutable"


def cache_control(path: str) -> str:
    """Give the Cache-Control of a published path."""
    if path.startswith("v1/schema/") or path == "v1/tenantcast.d.ts":
        return SCHEMA
    name = path.rsplit("/", 1)[-1]
    first = dict.fromkeys(("dashboard.json", "summary.json", "manifest.json"), DASHBOARD)
    return {"status.json": STATUS, **first}.get(name, PAGE)


def private_cache_control(path: str) -> str:
    """Give it for an answer to a grant: nothing may keep that but who asked."""
    _, *rest = cache_control(path).split(", ")
    return ", ".join(["private", *(each for each in rest if not each.startswith("s-maxage"))])
