"""The platform's documents by themselves: sums of money as written, and how large they get."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.documents.budget import PAGE_BYTES
from pipeline.documents.money import minor_digits
from pipeline.documents.platform import Told
from pipeline.documents.platform_money import MOVEMENTS, by_plan, margin, moved, recurring, rounded, total_of
from pipeline.documents.platform_pages import mrr_page, shown_day
from pipeline.documents.platform_rows import (
    Activity,
    Day,
    Health,
    Money,
    Month,
    MrrDay,
    Period,
    Plan,
    Ranked,
    Recurring,
    Rejected,
    Unpriced,
    Window,
)
from pipeline.errors import UnusableError
from pipeline.platform.reading import Platform
from pipeline.platform.shaping import Changes, File, shape

THROUGH = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = date(2026, 3, 10)
DAY = timedelta(days=1)
TOLD = Told(4711, THROUGH, "NGN", "Africa/Lagos", "default-1")
LATIN = "abcdefghijklmnopqrstuvwxyz0123456789-_/."
ANY = LATIN + "".join(chr(code) for code in range(0x4E00, 0x5E00))

amounts = st.decimals(min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=7)
positive = st.decimals(min_value=0, max_value=Decimal("1e15"), places=7)
currencies = st.sampled_from(("NGN", "JPY", "KWD", "CLF"))


# Money


@given(positive, st.dictionaries(st.sampled_from(MOVEMENTS), amounts), currencies)
def test_opening_and_movements_make_the_total_as_written(
    opening: Decimal, movements: dict[str, Decimal], currency: str
) -> None:
    closing = opening + sum(movements.values())
    written = moved(opening, closing, movements, currency)
    assert list(written) == list(MOVEMENTS)
    total = Decimal(str(rounded(opening, currency))) + sum(Decimal(each) for each in written.values())
    assert total == Decimal(str(rounded(closing, currency)))
    unit = Decimal(1).scaleb(-minor_digits(currency))
    assert all(abs(Decimal(written[name]) - amount) <= unit for name, amount in movements.items())


@given(st.lists(st.one_of(st.none(), positive), max_size=40), currencies, st.integers(0, 25))
def test_plans_make_the_total_as_written_listed_or_not(
    brings: list[Decimal | None], currency: str, listed: int
) -> None:
    plans = [Plan(f"p{n}", 1, 2, amount, unpriced=2 if amount is None else 0) for n, amount in enumerate(brings)]
    found = recurring(Recurring(closing=plans), currency=currency, definition="default-1", plans=listed)
    others = found["other_plans"] or {"plans": 0, "count": 0, "revenue": None}
    shown = [each["revenue"] for each in found["by_plan"]] + [others["revenue"]]
    if found["total"] is None:
        assert brings
        assert set(shown) == {None}
    else:
        assert sum(Decimal(each) for each in shown if each is not None) == Decimal(found["total"])
    assert len(found["by_plan"]) + others["plans"] == len(plans)
    assert sum(each["count"] for each in found["by_plan"]) + others["count"] == 2 * len(plans)
    assert found["unpriced"] == 2 * brings.count(None)
    ranked = [Decimal(each["revenue"]) for each in found["by_plan"] if each["revenue"] is not None]
    assert ranked == sorted(ranked, reverse=True)


def test_cents_that_are_left_go_to_the_largest_remainders() -> None:
    """Trap 16: three thirds of 100 are 33.34, 33.33, 33.33, and not 99.99."""
    plans = [Plan(name, 1, 1, Decimal(100) / 3, 0) for name in "cab"]
    assert by_plan(plans, "NGN") == {"a": "33.34", "b": "33.33", "c": "33.33"}


@given(positive, st.one_of(st.none(), positive), st.integers(0, 1), st.integers(0, 1), currencies)
def test_margin_is_the_difference_of_what_is_written(
    days: Decimal, cost: Decimal | None, unknown: int, unpriced: int, currency: str
) -> None:
    found = margin(Money(cost, unknown), Money(days, unpriced), currency)
    assert found["revenue_complete"] == (not unpriced)
    if unknown or unpriced:
        assert (found["margin"], found["margin_pct"]) == (None, None)
    else:
        assert Decimal(found["margin"]) == Decimal(found["revenue"]) - Decimal(
            rounded(cost or Decimal(0), currency) or 0
        )
        assert (found["margin_pct"] is None) == (Decimal(found["revenue"]) == 0)


@given(st.lists(positive, min_size=2, max_size=12), currencies)
def test_each_day_of_a_page_opens_with_what_the_day_before_closes_with(levels: list[Decimal], currency: str) -> None:
    days = [
        MrrDay(TODAY + n * DAY, [Plan("p", 1, 1, before, 0)], {"expansion": now - before}, [Plan("p", 1, 1, now, 0)])
        for n, (before, now) in enumerate(pairwise(levels))
    ]
    shown = [shown_day(each, currency) for each in days]
    page = mrr_page(Month("2026-03", THROUGH, THROUGH, shown), currency=currency, definition="default-1")
    assert page["opening"][1:] == page["closing"][:-1]
    for place, opening in enumerate(page["opening"]):
        moves = sum(Decimal(page[name][place]) for name in MOVEMENTS)
        assert Decimal(opening) + moves == Decimal(page["closing"][place])
    assert page["plans"]["mrr"] == page["closing"]


def test_nothing_is_not_known_and_not_known_is_not_nothing() -> None:
    assert total_of([]) == 0
    assert total_of([Plan("p", 1, 1, None, unpriced=1)]) is None
    assert total_of([Plan("p", 1, 1, None, unpriced=1), Plan("q", 1, 1, Decimal(5), 0)]) == 5
    found = recurring(Recurring([Plan("p", 1, 1, None, unpriced=1)]), currency="NGN", definition="default-1", plans=9)
    assert (found["total"], found["by_plan"][0]["revenue"], found["arpa"]) == (None, None, None)


def test_a_plan_that_nobody_is_on_any_more_is_not_listed_and_says_nothing_of_the_others() -> None:
    left, unknown = Plan("left", 0, 0, Decimal(0), 0), Plan("p", 1, 1, None, unpriced=1)
    assert (total_of([left]), total_of([left, unknown])) == (0, None)
    found = recurring(Recurring([left, unknown]), currency="NGN", definition="default-1", plans=9)
    assert found["by_plan"] == [{"plan": "p", "count": 1, "revenue": None}]
    assert found["other_plans"] is None


def test_numbers_beyond_28_digits_are_exact() -> None:
    """Trap 16: where Python's own context would round."""
    large = Decimal("123456789012345678901234567890123.455")
    assert rounded(large, "NGN") == "123456789012345678901234567890123.46"
    plans = [Plan("a", 1, 1, large, 0), Plan("b", 1, 1, Decimal("123456789012345678901234567890123.456"), 0)]
    found = recurring(Recurring(plans), currency="NGN", definition="default-1", plans=9)
    assert [each["plan"] for each in found["by_plan"]] == ["b", "a"]
    assert found["total"] == "246913578024691357802469135780246.91"


# Size


def word(dice: random.Random, letters: str, length: int) -> str:
    return "".join(dice.choices(letters, k=length))


def tenants_of(dice: random.Random, count: int, letters: str, length: int) -> list[Ranked]:
    return [
        Ranked(
            id=str(dice.getrandbits(128)),
            name=word(dice, letters, length),
            plan=word(dice, letters, 10),
            requests=dice.randrange(10**9),
            ai_tokens=Decimal(dice.randrange(10**12)),
            cost=Money(Decimal(dice.randrange(10**12)) / 1000, dice.randrange(2)),
            mrr=Decimal(dice.randrange(10**9)) / 100,
            mrr_days=Money(Decimal(dice.randrange(10**11)) / 100),
        )
        for _ in range(count)
    ]


def plans_of(dice: random.Random, count: int, letters: str, length: int) -> list[Plan]:
    return [
        Plan(
            f"{n}{word(dice, letters, length)}", 50, 1 + dice.randrange(98), Decimal(dice.randrange(10**9)) / 10_000, 0
        )
        for n in range(count)
    ]


def platform(
    *, tenants: int = 3000, letters: str = LATIN, length: int = 24, plans: int = 8, months: int = 14, seed: int = 0
) -> Platform:
    """A platform with random numbers, which do not compress."""
    dice = random.Random(seed)
    ranks = tenants_of(dice, tenants, letters, length)
    kinds = plans_of(dice, plans, letters, length)
    moves = {name: Decimal(dice.randrange(10**9)) / 1000 for name in MOVEMENTS}
    periods = [
        Period(
            window=Window(name, days, THROUGH - days * DAY, THROUGH, TODAY - days * DAY, TODAY, TODAY - DAY),
            now=activity(dice),
            before=activity(dice),
            mrr=Recurring(kinds, kinds, moves, 17, Money(Decimal(dice.randrange(10**12)) / 100)),
            cost=Money(Decimal(dice.randrange(10**12)) / 1000, 0),
            top=dice.sample(ranks, min(20, len(ranks))),
            hours=[activity(dice) for _ in range(24)] if days == 1 else (),
            by_day=[day(dice, TODAY - step * DAY) for step in range(days)] if days > 1 else (),
            rejected=[Rejected("api_requests", f"reason_{n}", dice.randrange(10**6)) for n in range(10)],
        )
        for name, days in (("24h", 1), ("7d", 7), ("30d", 30), ("90d", 90))
    ]
    return Platform(
        periods=periods,
        health=Health(
            stale=[f"{dice.getrandbits(256):064x}" for _ in range(tenants)],
            unpriced=[
                Unpriced(f"ai_tokens_{word(dice, letters, length)}", "no_price", 9, 90, TODAY, TODAY) for _ in range(20)
            ],
            unpriced_items=500,
            unpriced_tenants=tenants,
        ),
        ranks=ranks,
        days=[month(number, [day(dice, first(number) + step * DAY) for step in range(28)]) for number in range(months)],
        mrr_days=[
            month(number, [MrrDay(first(number) + step * DAY, kinds, moves, kinds) for step in range(28)])
            for number in range(months)
        ],
    )


def activity(dice: random.Random) -> Activity:
    return Activity(dice.randrange(10**9), Decimal(dice.randrange(10**12)), dice.randrange(3000))


def day(dice: random.Random, at: date) -> Day:
    return Day(at, activity(dice), Money(Decimal(dice.randrange(10**12)) / 1000, 0), Decimal(dice.randrange(10**9)) / 7)


def first(number: int) -> date:
    return date(2020 + number // 12, 1 + number % 12, 1)


def month(number: int, days: list[Any]) -> Month[Any]:
    at = datetime.combine(first(number), datetime.min.time(), UTC)
    return Month(f"{first(number):%Y-%m}", at, at + 28 * DAY, days)


def shaped(found: Platform, told: Told = TOLD) -> Changes:
    return shape(found, told, folder="v1/platform/key", current={})


def opened(file: File | None) -> dict[str, Any]:
    assert file is not None
    document: dict[str, Any] = json.loads(gzip.decompress(file.content))
    return document


def pages(changes: Changes) -> Mapping[str, dict[str, Any]]:
    return {file.path.split("/", 3)[3]: opened(file) for file in changes.pages}


def test_three_thousand_tenants_keep_to_the_budget_and_nothing_is_shortened() -> None:
    found = platform()
    changes = shaped(found)
    assert max(len(file.content) for file in changes.files()) <= PAGE_BYTES
    summary, files = opened(changes.summary), pages(changes)
    assert [len(period["top_tenants"]) for period in summary["periods"].values()] == [20] * 4
    assert [len(period["mrr"]["by_plan"]) for period in summary["periods"].values()] == [8] * 4
    assert len(summary["health"]["stale"]) == 50
    assert summary["health"]["stale_tenants"] == 3000
    assert (len(summary["health"]["unknown_costs"]["items"]), summary["health"]["unknown_costs"]["more_items"]) == (
        20,
        480,
    )
    listed = [tenant for each in summary["pages"]["tenants"] for tenant in files[each["path"]]["tenant_id"]]
    assert listed == [each.id for each in found.ranks]


@pytest.mark.parametrize("letters", [LATIN, ANY], ids=["latin", "any"])
@pytest.mark.parametrize("seed", range(2))
def test_the_longest_names_shorten_lists_and_lose_nothing(letters: str, seed: int) -> None:
    """Whoever follows the pages and the indexes comes to every tenant, day and plan."""
    found = platform(tenants=400, letters=letters, length=300, plans=60, months=60, seed=seed)
    found.mrr_days = found.mrr_days[:2]
    changes = shaped(found)
    assert max(len(file.content) for file in changes.files()) <= PAGE_BYTES
    summary, files = opened(changes.summary), pages(changes)
    for period in summary["periods"].values():
        assert len(period["mrr"]["by_plan"]) + period["mrr"]["other_plans"]["plans"] == 60
    followed = {kind: follow(kind, summary["pages"][kind], files) for kind in summary["pages"]}
    assert [tenant for page in followed["tenants"] for tenant in page["tenant_id"]] == [each.id for each in found.ranks]
    assert sorted(at for page in followed["daily"] for at in page["day"]) == [
        each.day.isoformat() for held in found.days for each in held.days
    ]
    told = [
        place for page in followed["mrr"] for place in zip(page["plans"]["day"], page["plans"]["plan"], strict=True)
    ]
    assert len(told) == len(set(told)) == 2 * 28 * 60
    assert len(files) == sum(len(each) for each in followed.values()) + len([f for f in files if "/index" in f])


def follow(kind: str, entries: list[dict[str, Any]], files: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = [files[each["path"]] for each in entries]
    last = found.pop() if found and found[-1]["kind"] == f"{kind}-index" else None
    assert {page["kind"] for page in found} <= {kind}, "only the last entry is an index"
    return found + (follow(kind, last["pages"], files) if last else [])


def test_a_plan_for_every_tenant_still_has_its_page() -> None:
    """Plans that carry a customer's name: more of them on one day than one page has room for."""
    found = platform(tenants=10, plans=4000, months=1)
    found.mrr_days = [replace(found.mrr_days[0], days=found.mrr_days[0].days[:3])]
    changes = shaped(found)
    assert max(len(file.content) for file in changes.files()) <= PAGE_BYTES
    files = [page for page in pages(changes).values() if page["kind"] == "mrr"]
    told = [place for page in files for place in zip(page["plans"]["day"], page["plans"]["plan"], strict=True)]
    assert len(told) == len(set(told)) == 3 * 4000
    assert sorted(at for page in files for at in page["day"]) == [f"2020-01-0{n}" for n in (1, 2, 3)]


def test_the_same_numbers_give_the_same_summary_whatever_the_stamps() -> None:
    found = platform(tenants=50, letters=ANY, length=200)
    first_told = shaped(found).summary
    later = replace(TOLD, seq=2**52, data_through=THROUGH + timedelta(hours=1))
    moved_on = replace(found.health, lag_hours=7)
    second = shaped(replace(found, health=moved_on), later).summary
    assert first_told is not None
    assert second is not None
    assert first_told.content != second.content
    assert first_told.content_hash == second.content_hash


def test_a_name_that_no_page_has_room_for_is_said() -> None:
    found = platform(tenants=3, letters=ANY, length=30_000)
    with pytest.raises(UnusableError, match=r"of the platform: .* and at most 30,000 may be published"):
        shaped(found)
