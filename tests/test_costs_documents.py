"""`cost_breakdown` and the pages of costs, by pure functions: they add up, whatever the numbers are."""

from __future__ import annotations

import gzip
import json
import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.documents.budget import PAGE_BYTES
from pipeline.documents.cost_change import Known, split
from pipeline.documents.cost_pages import COLUMNS, CostPage, cost_pages, place_of
from pipeline.documents.costs import cost_breakdown, draft_costs
from pipeline.documents.encode import compress, content_hash, to_json
from pipeline.documents.lists import Lengths
from pipeline.documents.money import added, apportioned, exact, minor_digits, money, units
from pipeline.documents.rows import CostLine, CostPart, Costs

DAY = date(2026, 3, 9)
START = datetime(2026, 3, 1, tzinfo=UTC)
Json = dict[str, Any]


def part(item: str, amount: str | None = None, **more: Any) -> CostPart:
    """Lines of an item: of a quantity of 1, and in naira, unless told otherwise."""
    known = None if amount is None else Decimal(amount)
    made = CostPart(item, 1, Decimal(1), "NGN" if known else None, known, known, None, DAY, DAY)
    return replace(made, **({} if known is not None else {"missing": "no_price"}) | more)


def section(now: list[CostPart], before: list[CostPart] = [], currency: str = "NGN", **lengths: int) -> Json:  # noqa: B006
    """The section as a dashboard has it; the draft goes through JSON, as it does when it is kept."""
    draft = json.loads(to_json(dict(draft_costs(Costs(now, before), currency))))
    return cost_breakdown(draft, Lengths(**lengths))


# Rounding


def test_rounding_is_once_and_a_half_goes_away_from_zero() -> None:
    assert [units(Decimal(text), 2) for text in ("0.005", "0.0049", "-0.005", "1.015", "2.675")] == [1, 0, -1, 102, 268]
    assert [money(1234, digits) for digits in (0, 2, 3)] == ["1234", "12.34", "1.234"]
    assert [money(whole, 2) for whole in (0, -1, 10**30)] == ["0.00", "-0.01", "1" + "0" * 28 + ".00"]
    assert [exact(Decimal(text)) for text in ("1E+3", "0.500", "0.00", "15")] == ["1000", "0.5", "0", "15"]
    assert [minor_digits(each) for each in ("NGN", "USD", "JPY", "XOF", "XAF", "UGX", "RWF", "TND", "LYD", "QQQ")] == [
        *(2, 2, 0, 0, 0, 0, 0, 3, 3, 2)
    ]


def test_parts_go_down_and_the_largest_remainders_up_ties_by_name() -> None:
    thirds = dict.fromkeys("cab", Decimal(1) / 3)
    assert apportioned(thirds, 100, 2) == {"a": 34, "b": 33, "c": 33}
    assert apportioned({"a": Decimal("0.001"), "b": Decimal("0.009")}, 1, 2) == {"a": 0, "b": 1}
    assert apportioned({"a": Decimal("-0.004"), "b": Decimal("0.004")}, 0, 2) == {"a": 0, "b": 0}
    assert apportioned({}, 0, 2) == {}
    assert sum(apportioned({"a": Decimal(0), "b": Decimal(0)}, -5, 2).values()) == -5


amounts = st.decimals(0, 10**12, places=6) | st.sampled_from([Decimal("0.1"), Decimal("0.005"), Decimal(10**27)])


@given(st.dictionaries(st.text(max_size=3), amounts, min_size=1), st.sampled_from([0, 2, 3]))
def test_parts_add_up_to_the_rounded_sum_each_within_one_unit(parts: dict[str, Decimal], digits: int) -> None:
    whole = units(added(parts.values()), digits)
    rounded = apportioned(parts, whole, digits)
    assert sum(rounded.values()) == whole
    for name, amount in parts.items():
        assert abs(Decimal(rounded[name]).scaleb(-digits) - amount) < Decimal(1).scaleb(-digits)
        assert rounded[name] == 0 or amount


# The section


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    found = section([part("ai_tokens_a", "0.1"), part("api_calls", "0.2")])
    assert found["total"] == "0.30"
    assert found["breakdown"]["ai_tokens"] == {"total": "0.10", "by_model": {"a": "0.10"}, "other_models": None}
    many = section([part(f"ai_tokens_{n}", "0.001") for n in range(1000)])
    assert many["total"] == many["breakdown"]["ai_tokens"]["total"] == "1.00"


def test_the_sum_is_rounded_not_the_parts() -> None:
    """Trap 16."""
    found = section([part(f"ai_tokens_{name}", "0.004") for name in "abc"])
    assert found["total"] == "0.01"
    assert found["breakdown"]["ai_tokens"]["by_model"] == {"a": "0.01", "b": "0.00", "c": "0.00"}


def test_a_quadrillion_tokens_cost_what_they_cost() -> None:
    found = section(
        [part("ai_tokens_a", str(Decimal(10**15) * Decimal("0.000000000000000001234567"))), part("x", "9" * 30)]
    )
    assert found["breakdown"]["ai_tokens"]["total"] == "0.00"
    assert found["total"] == "9" * 30 + ".00"
    large = section([part("ai_tokens_a", str(10**15 + 1)), part("ai_tokens_b", "0.01")])
    assert large["total"] == "1000000000000001.01"


def test_nothing_used_costs_nothing_and_nothing_known_is_null() -> None:
    """Trap 11."""
    nothing = section([])
    assert (nothing["total"], nothing["complete"], nothing["coverage_pct"]) == ("0.00", True, None)
    assert nothing["breakdown"] == {
        "ai_tokens": {"total": "0.00", "by_model": {}, "other_models": None},
        "api_calls": {"total": "0.00"},
    }
    assert nothing["change"] == {"usage": "0.00", "price": "0.00", "fx": "0.00"}
    unknown = section([part("ai_tokens_a", quantity=Decimal("1200.50"), first_day=date(2026, 3, 2))])
    assert (unknown["total"], unknown["complete"], unknown["coverage_pct"]) == (None, False, 0.0)
    assert unknown["missing"] == [
        {
            "item": "ai_tokens_a",
            "reason": "no_price",
            "quantity": "1200.5",
            "first_day": "2026-03-02",
            "last_day": "2026-03-09",
        }
    ]
    assert unknown["breakdown"] == {
        "ai_tokens": {"total": None, "by_model": {"a": None}, "other_models": None},
        "api_calls": {"total": "0.00"},
    }
    assert unknown["change"] is None


def test_what_is_known_is_added_up_and_says_that_it_is_not_all() -> None:
    found = section(
        [
            part("ai_tokens_a", "10.00", lines=7),
            part("ai_tokens_a", lines=2),
            part("ai_tokens_b"),
            part("api_calls", "1"),
        ]
    )
    assert (found["total"], found["complete"], found["coverage_pct"]) == ("11.00", False, 72.73)
    assert found["breakdown"]["ai_tokens"]["by_model"] == {"a": "10.00", "b": None}
    assert [(each["item"], each["reason"]) for each in found["missing"]] == [
        ("ai_tokens_a", "no_price"),
        ("ai_tokens_b", "no_price"),
    ]
    nearly = section([part("api_calls", "1", lines=10**6), part("x")])
    assert nearly["coverage_pct"] == 99.99


def test_lists_are_shortened_and_say_so() -> None:
    models = [part(f"ai_tokens_{n:02}", f"{n}.00") for n in range(1, 13)]
    unknown = [part(f"ai_tokens_u{n}", quantity=Decimal(n)) for n in range(12)]
    others = [part(f"k{n:02}", f"{n}.00") for n in range(1, 13)]
    found = section([*models, *unknown, *others])
    assert list(found["breakdown"]["ai_tokens"]["by_model"]) == [f"{n:02}" for n in range(12, 2, -1)]
    assert found["breakdown"]["ai_tokens"]["other_models"] == {"models": 14, "total": "3.00"}
    assert found["other_items"] == {"items": 2, "total": "3.00"}
    assert (len(found["missing"]), found["missing_more"]) == (10, 2)
    assert found["missing"][0]["item"] == "ai_tokens_u11"
    short = section([*models, *unknown], models=0, kinds=0)
    assert short["breakdown"]["ai_tokens"] == {
        "total": "78.00", "by_model": {}, "other_models": {"models": 24, "total": "78.00"},
    }  # fmt: skip
    assert (short["missing"], short["missing_more"]) == ([], 12)
    assert section(unknown, models=1)["breakdown"]["ai_tokens"]["other_models"] == {"models": 11, "total": None}


def test_an_item_may_be_called_as_a_stamp_or_a_component_is() -> None:
    found = section([part("seq", "1"), part("ai_tokens", "2"), part("ai_tokens_", "4")])
    assert found["breakdown"]["ai_tokens"] == {"total": "4.00", "by_model": {"": "4.00"}, "other_models": None}
    assert found["breakdown"]["seq"] == {"total": "1.00"}
    assert found["other_items"] == {"items": 1, "total": "2.00"}
    moved = section([part("seq", "2"), part("ai_tokens", "1"), part("ai_tokens_", "4")])
    assert content_hash({"cost_breakdown": found}) != content_hash({"cost_breakdown": moved})


items = st.sampled_from(["ai_tokens_a", "ai_tokens_b", "ai_tokens_c", "api_calls", "storage", "ai_tokens"])
parts_of_periods = st.lists(
    st.builds(
        lambda item, amount, rate, quantity, currency: part(
            item,
            str(amount),
            quantity=quantity,
            currency=currency,
            native_amount=None if currency is None else amount / rate,
        ),
        items,
        amounts,
        st.sampled_from([Decimal(1), Decimal("1500.25"), Decimal("0.3")]),
        st.decimals(0, 10**15, places=3),
        st.sampled_from(["NGN", "USD", None]),
    )
    | st.builds(part, items),
    unique_by=lambda each: (each.item, each.missing),
)


@given(parts_of_periods, parts_of_periods, st.sampled_from(["NGN", "JPY", "TND"]), st.integers(0, 3))
@settings(max_examples=300)
def test_lines_items_components_and_the_change_add_up(
    now: list[CostPart], before: list[CostPart], currency: str, length: int
) -> None:
    """Trap 16."""
    found = section(now, before, currency, models=length, kinds=length)
    tokens = found["breakdown"]["ai_tokens"]
    rest = [each["total"] for each in (found["other_items"], tokens["other_models"]) if each]
    percents = {found["coverage_pct"], found["change_pct"]}
    assert not floats(found) - percents
    assert not floats(dict(draft_costs(Costs(now, before), currency))) - percents
    known = [each.amount for each in now if each.amount is not None]
    assert (found["total"] is None) == (not known and bool(now))
    if found["total"] is None:
        assert set(rest) <= {None}
        return
    whole = sum(map(Fraction, known), Fraction(0)) * 10 ** minor_digits(currency)
    assert Fraction(found["total"]) == Fraction(math.floor(whole + Fraction(1, 2)), 10 ** minor_digits(currency))
    components = [each["total"] for each in found["breakdown"].values()]
    assert summed([*components, found["other_items"] and found["other_items"]["total"]]) == Fraction(found["total"])
    models = [*tokens["by_model"].values(), tokens["other_models"] and tokens["other_models"]["total"]]
    assert summed(models) == summed([tokens["total"]])
    if found["previous"]["total"] is not None:
        moved = Fraction(found["total"]) - Fraction(found["previous"]["total"])
        assert summed(found["change"].values()) == moved
    else:
        assert found["change"] is None


def summed(texts: Any) -> Fraction:
    """The sum, by other means than those that are tested."""
    return sum((Fraction(text) for text in texts if text is not None), Fraction(0))


def floats(value: Any) -> set[float]:
    """All floats in a document."""
    if isinstance(value, float):
        return {value}
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {number for each in held for number in floats(each)}


# Why it moved


def known(quantity: str, native: str, amount: str, currency: str | None = "USD") -> Known:
    return Known(Decimal(quantity), currency, Decimal(native), Decimal(amount))


def test_a_change_is_split_into_usage_price_and_rate() -> None:
    """100 units at 1 USD and 1,000 naira; then 150 at 2 USD and 1,200: 100,000 to 360,000."""
    found = split(known("150", "300", "360000"), known("100", "100", "100000"))
    assert (found.usage, found.price, found.fx) == (50_000, 150_000, 60_000)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (known("5", "5", "50"), None, (50, 0, 0)),  # new
        (None, known("5", "5", "50"), (-50, 0, 0)),  # gone
        (None, None, (0, 0, 0)),
        (known("20", "2", "40"), known("10", "1", "10"), (10, 0, 20)),  # only the rate doubled
        (known("20", "4", "40"), known("10", "1", "10"), (10, 20, 0)),  # only the price doubled
        (known("20", "40", "40", "NGN"), known("10", "1", "10"), (10, 20, 0)),  # another currency: no rate to tell
        (known("20", "0", "40", None), known("10", "1", "10"), (10, 20, 0)),  # two currencies now
        (known("20", "4", "40"), known("10", "0", "0"), (0, 40, 0)),  # was free
        (known("0", "0", "0"), known("10", "1", "10"), (-10, 0, 0)),
        (known("5", "5", "50"), known("0", "0", "0"), (50, 0, 0)),
    ],
)
def test_a_split_where_something_is_missing(now: Known | None, before: Known | None, expected: tuple[int, ...]) -> None:
    found = split(now, before)
    assert (found.usage, found.price, found.fx) == expected


def test_the_three_add_up_to_the_difference_of_what_is_shown() -> None:
    found = section([part("a", "0.005"), part("b", "0.1")], [part("a", "0.0049"), part("b", "0.3")])
    assert (found["total"], found["previous"]) == ("0.11", {"total": "0.30", "complete": True})
    assert summed(found["change"].values()) == Fraction("-0.19")


# The trend


def test_the_trend_adds_up_to_the_total_and_says_what_is_not_known() -> None:
    costs = Costs([part("a", "0.012"), part("b")], [part("a", "0.006")])
    found = draft_costs(costs, "NGN", [Decimal("0.004"), None, Decimal("0.004"), Decimal("0.004"), Decimal(0)])
    assert (found["total"], found["change_pct"]) == ("0.01", 100.0)
    assert found["trend"] == ["0.01", None, "0.00", "0.00", "0.00"]
    found = draft_costs(Costs([part("b")]), "NGN")
    assert (found["total"], found["change_pct"], found["trend"]) == (None, None, None)


# Pages


def lines_of(days: int, items: int, name: str = "ai_tokens_m-{:04}", amount: str = "0.{}") -> list[CostLine]:
    return [
        CostLine(
            START + timedelta(days=day),
            START + timedelta(days=day + 1),
            (START.date() + timedelta(days=day)).isoformat(),
            name.format(item),
            "2026-01-01T00:00:00Z",
            *("1200", "1000", "0.002", "USD", "0.0024", "1500.25", "2026-03-06", "CBN"),
            amount.format(day * items + item),
            None,
        )
        for day in range(days)
        for item in range(items)
    ]


def test_a_month_has_as_many_pages_as_it_needs_and_full_ones_stay() -> None:
    lines = lines_of(31, 40)
    pages = cost_pages("t1", "2026-03", lines)
    assert [page.page for page in pages] == ["2026-03", "2026-03-2", "2026-03-3", "2026-03-4"]
    assert rejoined(pages) == lines
    assert [len(page.document["day"]) for page in pages] == [400, 400, 400, 40]
    assert (pages[0].start, pages[0].end) == (START, START + timedelta(days=10))
    earlier = cost_pages("t1", "2026-03", lines[: 25 * 40])
    assert earlier[:2] == pages[:2]
    assert cost_pages("t1", "2026-03", []) == []
    assert sorted(["2026-03-10", "2026-03-9", "2026-03", "2026-02-11"], key=place_of) == [
        *("2026-02-11", "2026-03", "2026-03-9", "2026-03-10"),
    ]


def rejoined(pages: list[CostPage]) -> list[CostLine]:
    return [
        CostLine(START + timedelta(days=day), START + timedelta(days=day + 1), *values)
        for page in pages
        for values in zip(*(page.document[column] for column in COLUMNS), strict=True)
        for day in [int(values[0][-2:]) - 1]
    ]


def test_pages_of_long_names_and_long_numbers_keep_to_the_budget() -> None:
    dice = random.Random(1)
    lines = [
        replace(
            each,
            item=each.item + "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(250)),
            amount="0." + "".join(dice.choices("0123456789", k=2000)),
        )
        for each in lines_of(2, 300)
    ]
    pages = cost_pages("t1", "2026-03", lines)
    sizes = [len(compress(to_json(page.document))) for page in pages]
    assert max(sizes) <= PAGE_BYTES
    assert rejoined(pages) == lines
    assert [page.page for page in pages] == ["2026-03", *(f"2026-03-{n}" for n in range(2, len(pages) + 1))]
    assert len(gzip.decompress(compress(to_json(pages[0].document)))) > PAGE_BYTES
