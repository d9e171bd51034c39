"""Reads all that the files of some tenants are made of, in one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row

from pipeline.database.connection import rows
from pipeline.documents.ranked_pages import MOST
from pipeline.documents.rows import (
    PERIODS,
    CostLine,
    Costs,
    Endpoint,
    Latency,
    Listed,
    PageRow,
    Period,
    Point,
    Tenant,
    Usage,
    Whole,
)
from pipeline.publish.costs import read_cost_days, read_cost_lines, read_costs
from pipeline.publish.quotas import read_quotas

SPANS = {"daily": "month", "weekly": "week", "monthly": "month"}  # what a kind of page is read anew by


@dataclass
class Current:
    """One file that is up: its content's hash, and how the dashboard lists it."""

    content_hash: str
    listed: Listed
    path: str
    version: str | None = None  # in the store, where that is known
    seq: int = 0  # of the publish that wrote it


@dataclass
class Job:
    """One tenant to publish: what is known of it, what is up, what may have changed."""

    tenant_id: Any
    info: Row[Any]
    tenant: Tenant | None = None
    kept: dict[str, Any] | None = None  # the drafted periods of whole days, where they still hold
    entries: list[int] = field(default_factory=list)
    to_delete: list[str] = field(default_factory=list)  # paths of a deleted tenant, the dashboard first
    current: dict[tuple[str, str], Current] = field(default_factory=dict)
    former: dict[tuple[str, str], Current] = field(default_factory=dict)  # the same under the previous secret's key
    pages: dict[tuple[str, str], Page] = field(default_factory=dict)
    cost_months: dict[str, list[CostLine]] = field(default_factory=dict)  # months to look at; none where all is gone
    is_whole: bool = False  # read as if it had never been published
    merged: dict[tuple[str, str], PageRow | None] = field(default_factory=dict)  # weeks, months: by kind and first day


@dataclass
class Page:
    """One page to look at: its rows, none where its data is gone."""

    rows: list[PageRow] = field(default_factory=list)
    page_from: datetime | None = None
    page_to: datetime | None = None


def read_jobs(
    connection: Connection, tenants: Sequence[Any], through: datetime, *, costs_open: timedelta, whole: bool = False
) -> list[Job]:
    """Give one job a tenant, in the order of `tenants`; `whole` reads each as if it had never been published.

    `costs_open` is how long after its end the prices and rates of a day can still change.
    """
    at: dict[str, Any] = {"tenants": list(tenants), "through": through}
    jobs = {
        row.tenant_id: Job(row.tenant_id, row, is_whole=whole or row.published_through is None)
        for row in rows(connection, "documents/tenants", **at)
    }
    days = _changed_days(connection, jobs, at)
    for row in rows(connection, "published/current", tenants=list(tenants)):
        job = jobs[row.tenant_id]
        (job.former if row.is_former else job.current)[row.kind, row.page] = _current(row)
    for row in rows(connection, "published/paths", tenants=[each for each in jobs if jobs[each].info.deleted]):
        jobs[row.tenant_id].to_delete.append(row.path)
    for job in jobs.values():
        if _still_holds(job, days[job.tenant_id]):
            job.kept = orjson.loads(job.info.kept_periods)
    living = {tenant: job for tenant, job in jobs.items() if not job.info.deleted and not job.info.problem}
    for asked, some in (
        (PERIODS[:1], {tenant: job for tenant, job in living.items() if job.kept}),
        (PERIODS, {tenant: job for tenant, job in living.items() if not job.kept}),
    ):
        _read_tenants(connection, some, through, asked=asked, costs_open=costs_open)
    _read_hour_pages(connection, jobs, days, through)
    closed = _days_to_look_at(jobs, days)
    for kind in SPANS:
        _read_day_pages(connection, jobs, kind, closed, through)
    _read_cost_pages(connection, jobs, _first_days(closed, "month"), through)
    return [jobs[tenant] for tenant in tenants if tenant in jobs]


def _still_holds(job: Job, days: set[date]) -> bool:
    """Say whether the kept periods of whole days are still true: no day before today has changed."""
    return job.info.kept_periods is not None and not job.is_whole and not any(day < job.info.today for day in days)


def _current(row: Row[Any]) -> Current:
    relative = row.path.split("/", 3)[3]
    listed = Listed(relative, row.page, row.page_from, row.page_to, row.bytes)
    return Current(row.content_hash, listed, row.path, row.version, row.seq)


def _changed_days(connection: Connection, jobs: dict[Any, Job], at: dict[str, Any]) -> dict[Any, set[date]]:
    """Give the days whose pages have to be looked at: all of them for a tenant that was never published."""
    days: dict[Any, set[date]] = defaultdict(set)
    for row in rows(connection, "queue/read", **at):
        jobs[row.tenant_id].entries.append(row.entry_id)
        if row.day is not None:
            days[row.tenant_id].add(row.day)
    for row in rows(connection, "documents/dropped_days", tenants=list(jobs)):
        days[row.tenant_id].add(row.day)
    fresh = [tenant for tenant, job in jobs.items() if job.is_whole]
    if fresh:
        for row in rows(connection, "documents/all_days", tenants=fresh):
            days[row.tenant_id].add(row.day)
    return days


def _read_tenants(
    connection: Connection, jobs: dict[Any, Job], through: datetime, *, asked: Sequence[str], costs_open: timedelta
) -> None:
    if not jobs:
        return
    at: dict[str, Any] = {"tenants": list(jobs), "through": through, "periods": list(asked)}
    usage: dict[tuple[Any, str, bool], list[Row[Any]]] = defaultdict(list)
    for row in rows(connection, "documents/usage", most=MOST, **at):
        usage[row.tenant_id, row.period, row.is_model].append(row)
    endpoints: dict[tuple[Any, str], list[Row[Any]]] = defaultdict(list)
    for row in rows(connection, "documents/endpoints", most=MOST, **at):
        endpoints[row.tenant_id, row.period].append(row)
    costs = read_costs(connection, list(jobs), through, periods=asked, open_for=costs_open)
    cost_days = read_cost_days(connection, list(jobs), through) if len(asked) > 1 else {}
    periods: dict[Any, dict[str, Period]] = defaultdict(dict)
    for row in rows(connection, "documents/windows_of", **at):
        place = row.tenant_id, row.period
        periods[row.tenant_id][row.period] = _period(
            row,
            endpoints=endpoints[place],
            models=usage[*place, True],
            kinds=usage[*place, False],
            costs=costs.get(place, Costs()),
        )
    series: dict[Any, dict[str, dict[int, Point]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows(connection, "documents/series", tenants=list(jobs), through=through, long=len(asked) > 1):
        series[row.tenant_id][row.grain][row.place] = _point(row)
    quotas = read_quotas(connection, list(jobs), through)
    for tenant, job in jobs.items():
        if tenant in periods:
            job.tenant = Tenant(
                id=job.info.id,
                name=job.info.name,
                plan=job.info.plan,
                timezone=job.info.timezone,
                periods=periods[tenant],
                series=series[tenant],
                quotas=quotas[tenant].first,
                all_quotas=quotas[tenant].count,
                cost_days=cost_days.get(tenant, {}),
            )


def _period(
    window: Row[Any],
    *,
    endpoints: Sequence[Row[Any]],
    models: Sequence[Row[Any]],
    kinds: Sequence[Row[Any]],
    costs: Costs,
) -> Period:
    """Make a period of its rows; the first of each list is all together, and missing where there is nothing."""
    return Period(
        start=window.starts_at,
        end=window.ends_at,
        latency=_latency(endpoints[0]) if endpoints else Latency(),
        endpoints=[Endpoint(row.endpoint, row.rank, row.requests, row.errors, _latency(row)) for row in endpoints[1:]],
        all_endpoints=_all_endpoints(endpoints),
        models=_listed_usage(models),
        all_models=_all_usage(models),
        kinds=_listed_usage(kinds),
        all_kinds=_all_usage(kinds),
        costs=costs,
    )


def _all_endpoints(found: Sequence[Row[Any]]) -> Whole:
    return Whole(found[0].endpoints, found[0].requests, found[0].errors) if found else Whole()


def _listed_usage(found: Sequence[Row[Any]]) -> list[Usage]:
    return [Usage(row.quota_type, row.amount, row.records) for row in found[1:]]


def _all_usage(found: Sequence[Row[Any]]) -> Whole:
    return Whole(found[0].kinds, found[0].records, amount=found[0].amount) if found else Whole()


def _point(row: Row[Any]) -> Point:
    return Point(
        requests=row.requests,
        client_errors=row.client_errors,
        server_errors=row.server_errors,
        duration_ms_sum=row.duration_ms_sum,
        duration_count=row.duration_count,
        ai_tokens=row.ai_tokens,
    )


def _latency(row: Row[Any]) -> Latency:
    return Latency(
        p50_key=row.p50_key,
        p95_key=row.p95_key,
        p99_key=row.p99_key,
        us_min=row.us_min,
        us_max=row.us_max,
        duration_count=row.duration_count,
    )


def _read_hour_pages(
    connection: Connection, jobs: dict[Any, Job], days: dict[Any, set[date]], through: datetime
) -> None:
    asked = [(tenant, day) for tenant in jobs for day in sorted(days[tenant]) if jobs[tenant].tenant]
    for tenant, day in asked:
        jobs[tenant].pages["hourly", day.isoformat()] = Page()
    if asked:
        tenants, wanted = zip(*asked, strict=True)
        at = {"tenants": list(tenants), "days": list(wanted), "through": through}
        _fill_pages(jobs, "hourly", rows(connection, "documents/page_hours", **at))


def _days_to_look_at(jobs: dict[Any, Job], days: dict[Any, set[date]]) -> dict[Any, set[date]]:
    """Give the days that pages of days are looked at for: changed ones, and those that closed since the last publish.

    None where the periods of whole days still hold: then no day that is over is another one.
    """
    asked = {}
    for tenant, job in jobs.items():
        if job.tenant and not job.kept:
            closed = job.info.published_day
            since = (job.info.today - closed).days if closed else 0
            asked[tenant] = days[tenant] | {closed + timedelta(days=each) for each in range(since)}
    return asked


def _first_days(days: dict[Any, set[date]], span: str) -> list[tuple[Any, date]]:
    """Give the weeks or months of tenants' days, by their first days."""
    return [(tenant, day) for tenant in days for day in sorted({_first_day(each, span) for each in days[tenant]})]


def _first_day(day: date, span: str) -> date:
    return day.replace(day=1) if span == "month" else day - timedelta(days=day.weekday())


def _read_day_pages(
    connection: Connection, jobs: dict[Any, Job], kind: str, days: dict[Any, set[date]], through: datetime
) -> None:
    """Read the days of months, or merge weeks and months and read what else stands on their pages."""
    asked = _first_days(days, SPANS[kind])
    for tenant, first in asked:
        jobs[tenant].pages[kind, _page_of(kind, first)] = Page()
        if kind != "daily":
            jobs[tenant].merged[kind, first.isoformat()] = None
    if asked:
        at = {"kind": kind, "tenants": [tenant for tenant, _ in asked], "days": [first for _, first in asked]}
        found = rows(connection, "documents/page_days", span=SPANS[kind], through=through, **at)
        kept = rows(connection, "documents/page_rows", **at) if kind != "daily" else ()
        _fill_pages(jobs, kind, [row for row in kept if _is_kept(jobs[row.tenant_id], kind, row.at)])
        _fill_pages(jobs, kind, found)
        for tenant, first in asked:
            jobs[tenant].pages[kind, _page_of(kind, first)].rows.sort(key=lambda line: str(line.at))


def _is_kept(job: Job, kind: str, first: str) -> bool:
    """Say whether a week or month still is as it was merged: none is of a tenant that is read whole."""
    return not job.is_whole and (kind, first) not in job.merged


def _page_of(kind: str, first: date) -> str:
    """Name the page of a month of days, of a week, of a month."""
    if kind == "weekly":
        return f"{first.isocalendar().year:04}"
    return first.isoformat()[: 7 if kind == "daily" else 4]


def _read_cost_pages(
    connection: Connection, jobs: dict[Any, Job], asked: Sequence[tuple[Any, date]], through: datetime
) -> None:
    lines = read_cost_lines(connection, asked, through)
    for tenant, month in asked:
        page = month.isoformat()[:7]
        jobs[tenant].cost_months[page] = lines[tenant, page]


def _fill_pages(jobs: dict[Any, Job], kind: str, found: Sequence[Row[Any]]) -> None:
    for row in found:
        job = jobs[row.tenant_id]
        page, line = job.pages[kind, row.page], PageRow(row.at, _point(row), _latency(row), row.days)
        page.rows.append(line)
        page.page_from, page.page_to = row.starts_at, row.ends_at
        if (kind, row.at) in job.merged:
            job.merged[kind, row.at] = line
