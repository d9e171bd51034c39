"""Requests and usage records of one UTC day: the same for the same world and day, in whatever process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.demo.catalogue import ENDPOINTS, MODELS
from pipeline.demo.rhythm import activity, midnight
from pipeline.demo.world import World

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

STREAM = 2
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
DAY_NOISE = 0.25  # of ln(requests of a tenant and day)
STORAGE = len(MODELS)
TAIL_SHARE = 0.012  # requests that hit something slow
INCIDENT_EVERY_DAYS = 12
CLIENT_ERRORS = (400, 401, 403, 404, 422, 429)
SERVER_ERRORS = (500, 502, 503, 504)
# One row a day cannot be used: nobody's, a stranger's, two impossible durations, an impossible status.
DEFECTS = ("tenant_missing", "tenant_unknown", "duration_nan", "duration_negative", "status_unknown")


@dataclass(frozen=True)
class Rows:
    """Rows for the two event tables, with the columns of the contract except `id`."""

    api_requests: pa.Table
    usage_records: pa.Table

    @property
    def count(self) -> int:
        """Rows of both tables."""
        return len(self.api_requests) + len(self.usage_records)


@dataclass(frozen=True)
class _Requests:
    """One column a field, one element a request; `created` in microseconds since the day began."""

    tenant: Ints
    endpoint: Ints
    created: Ints
    duration: Ints  # microseconds
    status: Ints


@dataclass(frozen=True)
class _Usage:
    """As _Requests; `kind` is the index of the model, or STORAGE."""

    tenant: Ints
    kind: Ints
    amount: Floats
    created: Ints


def day_rows(world: World, day: date, *, start: datetime, end: datetime) -> Rows:
    """Give the rows of one UTC day within [start, end), in order of time."""
    rng = np.random.default_rng([world.parameters.seed, STREAM, day.toordinal()])
    expected = activity(world, day)
    requests = _requests(rng, world, expected)
    usage = _in_order(_token_records(rng, requests), _storage_records(rng, world, expected))
    first = (start - midnight(day)) // timedelta(microseconds=1)
    last = (end - midnight(day)) // timedelta(microseconds=1)
    return Rows(
        _within(_api_table(rng, world, day, requests), requests.created, first, last),
        _within(_usage_table(world, day, usage), usage.created, first, last),
    )


def _requests(rng: np.random.Generator, world: World, expected: Floats) -> _Requests:
    noise = rng.lognormal(-(DAY_NOISE**2) / 2, DAY_NOISE, (len(world.tenants), 1))
    counts = rng.poisson(expected * noise).ravel()
    hours = np.repeat(np.arange(counts.size) % 24, counts)
    tenant = np.repeat(np.arange(counts.size) // 24, counts)
    created = hours * HOUR_US + rng.integers(0, HOUR_US, tenant.size)
    order = np.argsort(created, kind="stable")
    tenant, created = tenant[order], created[order]
    endpoint = _choose(rng, _endpoint_shares(world), tenant)
    slow, failing = _incident(rng, endpoint, created)
    return _Requests(
        tenant=tenant,
        endpoint=endpoint,
        created=created,
        duration=_durations(rng, world, tenant=tenant, endpoint=endpoint, slow=slow),
        status=_statuses(rng, world, tenant, failing),
    )


def _choose(rng: np.random.Generator, shares: Floats, row: Ints) -> Ints:
    """Draw a column for each given row of `shares`, which adds up to 1: one search in all laid together."""
    width = shares.shape[1]
    ends = (np.cumsum(shares, axis=1) + np.arange(len(shares))[:, np.newaxis]).ravel()
    found = np.searchsorted(ends, row + rng.random(row.size), side="right")
    column: Ints = np.clip(found - row * width, 0, width - 1)
    return column


def _traits(world: World, stream: int) -> np.random.Generator:
    """Random numbers for what stays the same about each tenant, whatever the day."""
    return np.random.default_rng([world.parameters.seed, STREAM, 0, stream])


def _endpoint_shares(world: World) -> Floats:
    """Each tenant's own mix of endpoints: some hardly use AI, some little else."""
    usual = np.array([endpoint.share for endpoint in ENDPOINTS])
    return _traits(world, 1).dirichlet(usual * 25, len(world.tenants))


def _incident(rng: np.random.Generator, endpoint: Ints, created: Ints) -> tuple[Floats, Floats]:
    """Give each request's slowness factor and chance of a server error; on most days nothing happens."""
    happens = rng.random() < 1 / INCIDENT_EVERY_DAYS
    begins = rng.integers(5 * HOUR_US, 20 * HOUR_US)
    lasts = rng.integers(HOUR_US // 4, 3 * HOUR_US)
    broken = rng.random(len(ENDPOINTS)) < 0.4
    hit = happens & (created >= begins) & (created < begins + lasts) & broken[endpoint]
    return np.where(hit, 4.0, 1.0), np.where(hit, 0.3, 0.004)


def _durations(rng: np.random.Generator, world: World, *, tenant: Ints, endpoint: Ints, slow: Floats) -> Ints:
    medians = np.log([endpoint.median_ms * 1000 for endpoint in ENDPOINTS])
    sigmas = np.array([endpoint.sigma for endpoint in ENDPOINTS])
    distance = _traits(world, 2).lognormal(0, 0.15, len(world.tenants))
    tail = np.where(rng.random(tenant.size) < TAIL_SHARE, rng.uniform(5, 25, tenant.size), 1.0)
    usual = np.exp(medians[endpoint] + sigmas[endpoint] * rng.standard_normal(tenant.size))
    return np.maximum(usual * distance[tenant] * tail * slow, 1).astype(np.int64)


def _statuses(rng: np.random.Generator, world: World, tenant: Ints, failing: Floats) -> Ints:
    careless = _traits(world, 3).beta(1.2, 35, len(world.tenants))  # share of 4xx, about 3 %
    luck = rng.random(tenant.size)
    client = rng.choice(CLIENT_ERRORS, tenant.size, p=(0.25, 0.15, 0.05, 0.3, 0.15, 0.1))
    server = rng.choice(SERVER_ERRORS, tenant.size, p=(0.5, 0.2, 0.2, 0.1))
    good = np.where(rng.random(tenant.size) < 0.25, 201, 200)
    chance = careless[tenant]
    return np.select([luck < failing, luck < failing + chance], [server, client], good)


def _token_records(rng: np.random.Generator, requests: _Requests) -> _Usage:
    """One record for each successful request to an AI endpoint, when it ends."""
    names = [model.name for model in MODELS]
    shares = np.zeros((len(ENDPOINTS), len(MODELS)))
    for row, endpoint in enumerate(ENDPOINTS):
        for name, share in endpoint.models:
            shares[row, names.index(name)] = share
    used = (shares.sum(axis=1)[requests.endpoint] > 0) & (requests.status < 300)
    model = _choose(rng, shares, requests.endpoint[used])
    medians = np.log([model.median_tokens for model in MODELS])
    sigmas = np.array([model.sigma for model in MODELS])
    tokens = np.ceil(np.exp(medians[model] + sigmas[model] * rng.standard_normal(model.size)))
    # Within the day that made it: else a slice that begins at midnight would miss it.
    ended = np.minimum(requests.created[used] + requests.duration[used], DAY_US - 1)
    return _Usage(requests.tenant[used], model, tokens, ended)


def _storage_records(rng: np.random.Generator, world: World, expected: Floats) -> _Usage:
    """One record a day, in gigabytes, for each tenant that does anything."""
    tenant = np.flatnonzero(expected.max(axis=1) > 0)
    weight = np.array([tenant.weight for tenant in world.tenants])[tenant]
    gigabytes = np.round(400 * np.sqrt(weight) * rng.lognormal(0, 0.05, tenant.size), 3)
    created = 13 * HOUR_US + rng.integers(0, HOUR_US, tenant.size)
    return _Usage(tenant, np.full(tenant.size, STORAGE), gigabytes, created)


def _api_table(rng: np.random.Generator, world: World, day: date, requests: _Requests) -> pa.Table:
    tenant, status = requests.tenant.copy(), requests.status.copy()
    duration, nobody = requests.duration / 1000, np.zeros(tenant.size, dtype=bool)
    if tenant.size:
        row = int(rng.integers(tenant.size))
        match DEFECTS[day.toordinal() % len(DEFECTS)]:
            case "tenant_missing":
                nobody[row] = True
            case "tenant_unknown":
                tenant[row] = len(world.tenants)
            case "duration_nan":
                duration[row] = np.nan
            case "duration_negative":
                duration[row] = -duration[row]
            case "status_unknown":
                status[row] = 999
    return pa.table(
        {
            "tenant_id": _names(world.ids, tenant, nobody),
            "endpoint": _names([endpoint.path for endpoint in ENDPOINTS], requests.endpoint),
            "status_code": status.astype(np.int32),
            "duration_ms": duration,
            "created_at": _times(day, requests.created),
        }
    )


def _in_order(some: _Usage, others: _Usage) -> _Usage:
    """Both together, in order of time."""
    created = np.concatenate([some.created, others.created])
    order = np.argsort(created, kind="stable")
    return _Usage(
        tenant=np.concatenate([some.tenant, others.tenant])[order],
        kind=np.concatenate([some.kind, others.kind])[order],
        amount=np.concatenate([some.amount, others.amount])[order],
        created=created[order],
    )


def _usage_table(world: World, day: date, usage: _Usage) -> pa.Table:
    kinds = [*(model.quota_type for model in MODELS), "storage_gb"]
    return pa.table(
        {
            "tenant_id": _names(world.ids, usage.tenant),
            "quota_type": _names(kinds, usage.kind),
            "amount": usage.amount,
            "created_at": _times(day, usage.created),
        }
    )


def _names(values: Sequence[str], index: Ints, missing: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(values, pa.string()).take(pa.array(index, mask=missing))


def _times(day: date, created: Ints) -> pa.Array:
    epoch = (midnight(day) - midnight(date(1970, 1, 1))) // timedelta(microseconds=1)
    return pa.array(created + epoch, pa.timestamp("us", tz="UTC"))


def _within(table: pa.Table, created: Ints, first: int, last: int) -> pa.Table:
    if first <= 0 and last >= DAY_US:
        return table
    return table.filter(pa.array((created >= first) & (created < last)))
