"""The byte budget: no dashboard over 14,000 bytes, no page over 30,000, nothing left out without saying so."""

from __future__ import annotations

import bisect
import gzip
import json
import random
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.documents.budget import DASHBOARD_BYTES, PAGE_BYTES
from pipeline.documents.pages import INDEXED
from pipeline.documents.rows import PERIODS, Endpoint, Latency, Listed, PageRow, Period, Point, Tenant, Usage, Whole
from pipeline.errors import UnusableError
from pipeline.installation import Installation
from pipeline.publish.keys import address
from pipeline.publish.reading import Current, Job, Page
from pipeline.publish.shaping import Changes, File, shape
from pipeline.reconcile.strays import _led_to
from pipeline.run import run
from tests.conftest import NOW, Sql, published

THROUGH = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = "k" * 43
LATIN = string.ascii_letters + string.digits + "-_./%?&=#@"
ANY = "".join(chr(code) for code in [*range(0x4E00, 0x9FA5), *range(0x1F300, 0x1F5FF)])


def word(dice: random.Random, letters: str, length: int = 300) -> str:
    return "".join(dice.choices(letters, k=length))


def worst(dice: random.Random, letters: str, *, name: str = "T") -> Tenant:
    """A tenant all of whose names are long and random, and whose numbers are long and all different."""
    return Tenant("t1", name, "pro", "Africa/Lagos", {each: busy(dice, letters) for each in PERIODS}, wide(dice))


def busy(dice: random.Random, letters: str) -> Period:
    endpoints = [
        Endpoint(word(dice, letters), rank, dice.randrange(10**12), 17, Latency(5, 6, 7, 1, 10**9, 3))
        for rank in range(1, 11)
    ]
    models = [Usage("ai_tokens_" + word(dice, letters, 290), amount(dice), dice.randrange(10**9)) for _ in range(10)]
    kinds = [Usage(word(dice, letters), amount(dice), dice.randrange(10**9)) for _ in range(10)]
    requests = sum(each.requests for each in endpoints) + 1_000_003
    return Period(
        THROUGH - DAY,
        THROUGH,
        Latency(5, 600, 700, 1, 10**9, 3),
        endpoints,
        Whole(50_000, requests, 180_000),
        models,
        together(models),
        kinds,
        together(kinds),
    )


def together(usage: list[Usage]) -> Whole:
    total = sum((each.amount for each in usage), Decimal(5))
    return Whole(len(usage) + 40, sum(each.records for each in usage) + 80, amount=total)


def amount(dice: random.Random) -> Decimal:
    return Decimal(dice.randrange(10**30)) / 1000


def wide(dice: random.Random) -> dict[str, dict[int, Point]]:
    places = {"hour": range(1, 49), "day": range(1, 181), "6h": range(28)}
    return {grain: {place: heavy(dice) for place in places[grain]} for grain in places}


def heavy(dice: random.Random) -> Point:
    return Point(
        dice.randrange(10**15),
        dice.randrange(10**9),
        dice.randrange(10**9),
        Decimal(dice.randrange(10**18)),
        dice.randrange(1, 10**9),
        amount(dice),
    )


def job_of(tenant: Tenant, *, pages: int = 0) -> Job:
    """A tenant to publish, with as many pages of each kind that are up already."""
    current = {
        (kind, page): Current("", Listed(f"{kind}/{page}.{mark(page)}.json", page, at, at + DAY, 700 + at.day), "up")
        for kind in ("hourly", "daily")
        for at in (THROUGH - DAY * back for back in range(pages))
        for page in (at.date().isoformat(),)
    }
    info = cast(Any, SimpleNamespace(id=tenant.id, deleted=False, problem=None))
    return Job(tenant.id, info, tenant, current=current)


def mark(page: str) -> str:
    return word(random.Random(page), "0123456789abcdef", 12)


def shaped(job: Job, seq: int = 7, through: datetime = THROUGH) -> Changes:
    return shape(job, keys=[KEY], seq=seq, data_through=through, currency="NGN")


def opened(file: File | None) -> dict[str, Any]:
    assert file is not None
    document: dict[str, Any] = json.loads(gzip.decompress(file.content))
    return document


@pytest.mark.parametrize("letters", [LATIN, ANY], ids=["latin", "any"])
@pytest.mark.parametrize("pages", [0, 100])
@pytest.mark.parametrize("seed", range(3))
def test_the_worst_tenant_keeps_to_the_budget_and_says_what_it_leaves_out(letters: str, pages: int, seed: int) -> None:
    dice = random.Random(seed)
    tenant = worst(dice, letters, name=word(dice, letters))
    changes = shaped(job_of(tenant, pages=pages))
    assert changes.dashboard is not None
    assert len(changes.dashboard.content) <= DASHBOARD_BYTES
    found = opened(changes.dashboard)
    assert found["tenant"]["name"] == tenant.name
    for name, period in found["periods"].items():
        rows = tenant.periods[name]
        listed = sum(each["requests"] for each in period["top_endpoints"])
        assert len(period["top_endpoints"]) < 10
        assert listed + period["other_endpoints"]["requests"] == rows.all_endpoints.requests
        assert len(period["top_endpoints"]) + period["other_endpoints"]["endpoints"] == 50_000
        models = period["ai_tokens"]["by_model"]
        assert len(models) + period["ai_tokens"]["other_models"]["models"] == 50
        assert len(period["other_usage"]) + period["other_kinds"]["kinds"] == 50
    assert len(found["pages"]["hourly"]) == min(pages, 36)


def test_the_same_rows_give_the_same_lists_whatever_the_stamps() -> None:
    """What is listed must not hang on the digits of a seq: the file would be written again for nothing.

    Names of one length after another lead past the place where a list gets shorter.
    """
    dice = random.Random(1)
    tenant = worst(dice, LATIN)
    name = word(dice, LATIN, 4000)
    longest = lists_of(tenant, "")
    moved = {
        each: replace(period, start=period.start - DAY, end=period.end + DAY) for each, period in tenant.periods.items()
    }
    shorter = bisect.bisect(range(4000), False, key=lambda length: lists_of(tenant, name[:length]) != longest)
    for length in range(shorter - 12, shorter + 6):
        first = shaped(job_of(replace(tenant, name=name[:length]))).dashboard
        later = replace(tenant, name=name[:length], periods=moved)
        second = shaped(job_of(later), seq=2**62 + 987_654_321, through=THROUGH + DAY).dashboard
        assert first is not None
        assert second is not None
        assert first.content != second.content
        assert first.content_hash == second.content_hash, length
        assert len(second.content) <= DASHBOARD_BYTES
    assert shaped(job_of(replace(tenant, name=name))).dashboard == shaped(job_of(replace(tenant, name=name))).dashboard


def lists_of(tenant: Tenant, name: str) -> list[int]:
    day = opened(shaped(job_of(replace(tenant, name=name))).dashboard)["periods"]["24h"]
    return [len(day["top_endpoints"]), len(day["ai_tokens"]["by_model"]), len(day["other_usage"])]


def test_kept_periods_give_the_same_document() -> None:
    tenant = worst(random.Random(2), LATIN)
    first = shaped(job_of(tenant))
    kept = json.loads(json.dumps(first.to_keep))
    again = job_of(replace(tenant, periods={"24h": tenant.periods["24h"]}))
    again.kept = kept
    again.current = {
        (file.kind, file.page): Current(
            file.content_hash, Listed(file.path.split("/", 3)[3], file.page, None, None, len(file.content)), file.path
        )
        for file in first.pages
    }
    second = shaped(again)
    assert first.dashboard is not None
    assert second.dashboard == first.dashboard
    assert second.to_keep is None


def test_lists_of_ordinary_names_are_never_shortened() -> None:
    dice = random.Random(3)
    tenant = worst(dice, LATIN)
    short = {name: shortened_names(period) for name, period in tenant.periods.items()}
    found = opened(shaped(job_of(replace(tenant, periods=short), pages=100)).dashboard)
    for period in found["periods"].values():
        assert [len(period[name]) for name in ("top_endpoints", "other_usage")] == [10, 10]
        assert len(period["ai_tokens"]["by_model"]) == 10


def shortened_names(period: Period) -> Period:
    return replace(
        period,
        endpoints=[replace(each, endpoint=f"/v1/{each.endpoint[:12]}") for each in period.endpoints],
        models=[replace(each, quota_type=each.quota_type[:22]) for each in period.models],
        kinds=[replace(each, quota_type=each.quota_type[:12]) for each in period.kinds],
    )


def test_a_name_that_cannot_be_shortened_is_that_tenants_failure() -> None:
    dice = random.Random(4)
    tenant = worst(dice, LATIN, name=word(dice, ANY, 10_000))
    with pytest.raises(
        UnusableError, match=r"dashboard.json: \d\d,\d{3} bytes .* at most 14,000 .* Shorten the tenant"
    ):
        shaped(job_of(tenant))


def test_pages_make_room_before_a_tenant_fails() -> None:
    dice = random.Random(5)
    tenant = worst(dice, LATIN, name=word(dice, LATIN, 10_000))
    changes = shaped(job_of(tenant, pages=100))
    found = opened(changes.dashboard)
    assert len(found["pages"]["hourly"]) < 36
    index = next(opened(file) for file in changes.pages if file.kind == "hourly")
    assert len(index["pages"]) + len(found["pages"]["hourly"]) - 1 == 100


def test_index_pages_are_chained_and_none_is_over_the_budget() -> None:
    dice = random.Random(6)
    count = 35 + 2 * INDEXED + 7
    changes = shaped(job_of(worst(dice, LATIN), pages=count))
    assert all(len(file.content) <= PAGE_BYTES for file in changes.pages)
    files = {file.path.split("/", 3)[3]: opened(file) for file in changes.pages}
    entries = opened(changes.dashboard)["pages"]["hourly"]
    seen, names = [], []
    while entries:
        paths = [each["path"] for each in entries]
        seen += [path for path in paths if path not in files]
        following = [path for path in paths if path in files]
        assert following in ([], paths[-1:]), "only the last entry is an index"
        names += [path.split(".")[0] for path in following]
        entries = files[following[0]]["pages"] if following else []
    assert names == ["hourly/index-3", "hourly/index-2", "hourly/index"]
    assert len(seen) == len(set(seen)) == count
    assert seen == sorted(seen, reverse=True), "newest first"


def test_a_new_day_leaves_full_index_pages_as_they_are() -> None:
    tenant = worst(random.Random(7), LATIN)
    before = indexes(shaped(job_of(tenant, pages=35 + INDEXED + 3)))
    job = job_of(tenant, pages=35 + INDEXED + 3)
    later = (THROUGH + DAY).date().isoformat()
    job.pages["hourly", later] = Page([PageRow(THROUGH, Point(1), Latency())], THROUGH, THROUGH + DAY)
    after = indexes(shaped(job))
    assert after["index"] == before["index"]
    assert after["index-2"] != before["index-2"]


def indexes(changes: Changes) -> dict[str, str]:
    return {file.page: file.path for file in changes.pages if file.kind == "hourly" and file.page.startswith("index")}


def test_an_index_that_is_no_longer_needed_is_gone() -> None:
    job = job_of(worst(random.Random(8), LATIN), pages=3)
    job.current["hourly", "index-2"] = Current(
        "", Listed("hourly/index-2.x.json", "index-2", THROUGH, THROUGH, 1), "up"
    )
    assert ("hourly", "index-2") in shaped(job).gone


def test_a_page_of_the_longest_numbers_keeps_to_the_budget() -> None:
    dice = random.Random(9)
    job = job_of(worst(dice, LATIN))
    for kind, count in (("hourly", 25), ("daily", 31)):
        rows = [
            PageRow(THROUGH + index * timedelta(hours=1), heavy(dice), Latency(1, 2, 3, 1, 9, 3))
            for index in range(count)
        ]
        job.pages[kind, "2026-03-10"] = Page(rows, THROUGH, THROUGH + DAY)
    pages = [file for file in shaped(job).pages if file.kind in ("hourly", "daily")]
    assert len(pages) == 2
    assert all(len(file.content) <= PAGE_BYTES / 10 for file in pages)


def test_a_chain_of_index_pages_leads_to_every_page(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.publish.shaping.INDEXED", 10)
    sql.tenant()
    for back in range(60):
        sql.request((NOW - timedelta(hours=1) - back * DAY).isoformat())
    run(ready, NOW)
    folder = address(ready, "t1").path.rsplit("/", 1)[0]
    pages = {path for path in published(ready) if path.startswith(folder) and not path.endswith("dashboard.json")}
    assert len([path for path in pages if "/hourly/index" in path]) == 3
    assert _led_to(ready, folder) == pages
    assert run(ready, NOW).publish.files_written == 0
