"""Documents are pure: rows in, the same bytes out; nothing is made up where nothing is known."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.documents import sketch
from pipeline.documents.dashboard import dashboard, draft_periods, total, trend_points
from pipeline.documents.encode import compress, content_hash, page_name, to_json
from pipeline.documents.lists import LISTED, Lengths
from pipeline.documents.numbers import change, instant, percent, plain, ratio, whole_of
from pipeline.documents.pages import detail_page, index_page
from pipeline.documents.rows import PERIODS, Endpoint, Latency, Listed, PageRow, Period, Point, Tenant, Usage, Whole

THROUGH = datetime(2026, 3, 10, 12, tzinfo=UTC)
AMOUNTS = st.decimals(0, 10**12, allow_nan=False, allow_infinity=False, places=6)
DAYS = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}


def tenant(*, usage: Sequence[Usage] = (), endpoints: Sequence[Endpoint] = (), **series: dict[int, Point]) -> Tenant:
    """A tenant with the same usage and endpoints in every period; its series by grain (`quarter` stands for 6h)."""
    models = [each for each in usage if each.quota_type.startswith("ai_tokens_")]
    kinds = [each for each in usage if each not in models]
    whole = Whole(len(endpoints), sum(each.requests for each in endpoints), sum(each.errors for each in endpoints))
    periods = {
        name: Period(
            THROUGH - timedelta(days=DAYS[name]),
            THROUGH,
            endpoints[0].latency if endpoints else Latency(),
            [each for each in endpoints if each.rank <= LISTED],
            whole,
            first(models),
            together(models),
            first(kinds),
            together(kinds),
        )
        for name in PERIODS
    }
    named = {"6h" if grain == "quarter" else grain: points for grain, points in series.items()}
    return Tenant("t1", "T1", "pro", "Africa/Lagos", periods, named)


def first(usage: Sequence[Usage]) -> list[Usage]:
    """The kinds that are read: the ten largest."""
    return sorted(usage, key=lambda each: (-each.amount, each.quota_type))[:LISTED]


def together(usage: Sequence[Usage]) -> Whole:
    amount = sum((each.amount for each in usage), Decimal(0))
    return Whole(len(usage), sum(each.records for each in usage), amount=amount)


def shape_periods(shaped: Tenant) -> dict[str, Any]:
    found: dict[str, Any] = document(shaped)["periods"]
    return found


def document(shaped: Tenant, **stamps: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"seq": 1, "data_through": THROUGH, "currency": "NGN", "pages": {"hourly": [], "daily": []}}
    return dashboard(shaped, periods=draft_periods(shaped, given["currency"]), **(given | stamps))


def metric(shaped: Tenant, name: str, period: str = "24h") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in shape_periods(shaped)[period]["metrics"] if each["name"] == name)
    return found


# Numbers


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (0, 0, None),  # nothing before: there is no percentage
        (5, 0, None),
        (None, 5, None),
        (5, None, None),
        (0, 5, -100.0),
        (5, 5, 0.0),
        (3, 2, 50.0),
        (1, 3, -66.67),
        (Decimal("0.1"), Decimal("0.3"), -66.67),
        (10**18 + 1, 10**18, 0.0),
    ],
)
def test_change_in_percent(now: Any, before: Any, expected: float | None) -> None:
    assert change(now, before) == expected


def test_shares_and_averages_are_rounded_once_and_null_of_nothing() -> None:
    assert percent(1, 3) == 33.33
    assert percent(2, 3) == 66.67
    assert percent(0, 7) == 0.0
    assert percent(0, 0) is None
    assert ratio(Decimal("0.001"), 3, 3) == 0.0
    assert ratio(Decimal("90210"), 88, 2) == 1025.11
    assert ratio(0, 0, 3) is None


@given(part=st.integers(0, 2**63), whole=st.integers(1, 2**63))
@example(part=1, whole=800)  # 0.125: a half goes to the even digit
@example(part=3, whole=800)
@example(part=203, whole=20_000)  # 1.015, which no float is
def test_a_share_of_counts_is_what_decimals_give(part: int, whole: int) -> None:
    assert percent(part, whole) == percent(Decimal(part), whole)


@given(times=st.integers(1, 10_000), part=AMOUNTS, whole=AMOUNTS.filter(bool))
def test_a_whole_number_of_times_is_exact(times: int, part: Decimal, whole: Decimal) -> None:
    assert whole_of(times, part, whole) == times * Fraction(part) // Fraction(whole)


def test_rates_of_the_largest_and_smallest_amounts_can_be_written() -> None:
    """Amounts up to 1e30 and down to 1e-16383 come out of the rollups; a tenant with such a row is published."""
    assert ratio(Decimal("1e30"), 1, 2) == 1e30
    assert ratio(Decimal(10**15) - Decimal("0.004"), 1, 3) == pytest.approx(1e15)
    assert percent(Decimal("1e30"), Decimal("1e-30")) == 1e62
    assert change(Decimal("1e30"), Decimal("1e-16383")) is None
    assert percent(Decimal("1e-16383"), Decimal("1e30")) == 0.0


def test_amounts_are_exact_where_they_are_whole() -> None:
    for amount, written in [
        (Decimal("1000.000"), b"1000"),
        (Decimal("1E+3"), b"1000"),
        (Decimal("0"), b"0"),
        (Decimal("1.5"), b"1.5"),
        (Decimal(2**53 + 1), b"9007199254740993"),
        (Decimal(2**63 - 1), b"9223372036854775807"),
    ]:
        assert to_json({"a": plain(amount)}) == b'{"a":%s}' % written


@pytest.mark.parametrize(
    "amount", [Decimal(2**64), Decimal("1e30"), Decimal(-(2**70)), Decimal("1e30") - Decimal("0.5")]
)
def test_an_amount_past_64_bits_can_still_be_written(amount: Decimal) -> None:
    """The raw tables may hold up to 1e30: such a row must not stop a publish."""
    assert json.loads(to_json({"a": plain(amount)}))["a"] == pytest.approx(float(amount))


def test_times_are_written_in_utc() -> None:
    assert instant(datetime(2026, 3, 10, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-03-09T23:30:00Z"


# The dashboard


def test_a_tenant_with_nothing_has_zeros_where_things_are_counted_and_nulls_where_they_are_not_known() -> None:
    for name, points in {"24h": 24, "7d": 28, "30d": 30, "90d": 90}.items():
        found = shape_periods(tenant())[name]
        assert found["api_usage"] == {"total": 0, "client_errors": 0, "server_errors": 0}
        assert found["ai_tokens"] == {"total": 0, "by_model": {}, "other_models": None}
        assert found["response_times"] == {
            "avg_ms": None, "p50_ms": None, "p95_ms": None, "p99_ms": None, "count": 0, "relative_error": 0.01,
        }  # fmt: skip
        assert found["error_rates"] == {"total_pct": None, "client_pct": None, "server_pct": None}
        assert found["top_endpoints"] == []
        assert found["other_endpoints"] is None
        assert found["other_usage"] == []
        assert found["other_kinds"] is None
        assert [(each["name"], each["value"], each["change_pct"]) for each in found["metrics"]] == [
            ("api_requests", 0, None),
            ("ai_tokens", 0, None),
            ("error_rate", None, None),
            ("avg_response_time", None, None),
        ]
        assert [each["trend"] for each in found["metrics"]] == [[0] * points] * 2 + [[None] * points] * 2
        assert found["cost_breakdown"]["trend"] == (None if name == "24h" else ["0.00"] * int(name[:-1]))
        assert found["usage_trend"]["api_requests"] == found["usage_trend"]["ai_tokens"] == [0] * points


def test_a_period_counts_its_own_places_and_compares_with_as_many_before() -> None:
    hours = {place: Point(requests=10**place) for place in (1, 24, 25, 48)}
    days = {place: Point(requests=place) for place in (1, 7, 8, 14, 30, 31, 60, 90, 91, 180)}
    shaped = tenant(hour=hours, day=days)
    values = {name: metric(shaped, "api_requests", name)["value"] for name in PERIODS}
    assert values == {"24h": 10 + 10**24, "7d": 1 + 7, "30d": 1 + 7 + 8 + 14 + 30, "90d": 60 + 31 + 60 + 90}
    assert metric(shaped, "api_requests", "7d")["change_pct"] == change(8, 8 + 14)
    assert metric(shaped, "api_requests", "30d")["change_pct"] == change(60, 31 + 60)
    assert metric(shaped, "api_requests", "90d")["change_pct"] == change(241, 91 + 180)


def test_trends_run_from_the_oldest_to_the_newest() -> None:
    points = {1: Point(requests=1), 24: Point(requests=24), 30: Point(requests=30), 90: Point(requests=90)}
    for name, oldest in (("24h", 24), ("30d", 30), ("90d", 90)):
        found = [point.requests for point in trend_points(name, points)]
        assert (len(found), found[0], found[-1]) == (oldest, oldest, 1)
    quarters = {0: Point(requests=7), 27: Point(requests=1)}
    found = [point.requests for point in trend_points("7d", quarters)]
    assert (len(found), found[0], found[-1]) == (28, 7, 1)


def test_rates_and_averages_are_of_the_sums_never_of_other_rates() -> None:
    """Trap 16: rounded once, at the end."""
    shaped = tenant(
        hour={
            1: Point(requests=1, client_errors=1, duration_ms_sum=Decimal(100), duration_count=1),
            2: Point(requests=99, server_errors=1, duration_ms_sum=Decimal("99.1234"), duration_count=99),
            25: Point(requests=4, server_errors=1, duration_ms_sum=Decimal(4), duration_count=4),
        }
    )
    found = shape_periods(shaped)["24h"]
    assert found["error_rates"] == {"total_pct": 2.0, "client_pct": 1.0, "server_pct": 1.0}
    assert found["response_times"]["avg_ms"] == 1.991
    assert metric(shaped, "error_rate")["change_pct"] == -92.0, "from 25 % to 2 %"
    assert metric(shaped, "avg_response_time")["change_pct"] == 99.12, "from 1 ms to 1.991234 ms"
    assert metric(shaped, "error_rate")["trend"][-2:] == [1.01, 100.0]


def test_no_change_is_told_from_a_rate_of_nothing() -> None:
    """Requests before without an error: the rate was 0, from which there is no percentage."""
    shaped = tenant(hour={1: Point(requests=2, server_errors=1), 25: Point(requests=9)})
    assert metric(shaped, "error_rate")["change_pct"] is None
    assert metric(tenant(hour={25: Point(requests=9, server_errors=9)}), "error_rate")["change_pct"] is None


def test_models_are_ranked_by_tokens_then_name_and_ten_are_listed() -> None:
    usage = [Usage(f"ai_tokens_m{number:02}", Decimal(7), 1) for number in range(12, 0, -1)]
    usage += [
        Usage("ai_tokens_top", Decimal("10.5"), 4),
        Usage("storage_gb", Decimal("2.5"), 2),
        Usage("a", Decimal(9), 1),
    ]
    found = shape_periods(tenant(usage=usage, hour={1: Point(ai_tokens=Decimal("94.5"))}))["24h"]
    assert list(found["ai_tokens"]["by_model"]) == ["top", *(f"m{number:02}" for number in range(1, 10))]
    assert found["ai_tokens"]["by_model"]["top"] == {"tokens": 10.5, "requests": 4, "avg_tokens_per_request": 2.62}
    assert found["ai_tokens"]["total"] == 94.5, "all of them, not the ten that are listed"
    assert found["other_usage"] == [
        {"quota_type": "a", "amount": 9, "records": 1},
        {"quota_type": "storage_gb", "amount": 2.5, "records": 2},
    ]


def test_endpoints_stand_in_order_of_rank_with_shares_of_all_requests() -> None:
    slow = Latency(p95_key=sketch.key(250), us_min=1, us_max=10**9)
    endpoints = [Endpoint("/b", 2, 30, 3, Latency()), Endpoint("/a", 1, 30, 0, slow), Endpoint("/c", 3, 30, 0, slow)]
    found = shape_periods(tenant(endpoints=endpoints, hour={1: Point(requests=90)}))["24h"]
    assert found["other_endpoints"] is None
    assert found["top_endpoints"] == [
        {
            "endpoint": "/a",
            "requests": 30,
            "share_pct": 33.33,
            "p95_ms": pytest.approx(250, rel=0.01),
            "error_pct": 0.0,
        },
        {"endpoint": "/b", "requests": 30, "share_pct": 33.33, "p95_ms": None, "error_pct": 10.0},
        {
            "endpoint": "/c",
            "requests": 30,
            "share_pct": 33.33,
            "p95_ms": pytest.approx(250, rel=0.01),
            "error_pct": 0.0,
        },
    ]


def test_what_a_list_leaves_out_is_said_and_adds_up() -> None:
    endpoints = [Endpoint(f"/{rank:02}", rank, 100 - rank, rank % 3, Latency()) for rank in range(1, 15)]
    usage = [Usage(f"ai_tokens_m{number:02}", Decimal("0.1"), number) for number in range(14)]
    usage += [Usage(f"kind_{number:02}", Decimal(1), number) for number in range(13)]
    requests = sum(each.requests for each in endpoints)
    shaped = tenant(usage=usage, endpoints=endpoints, hour={1: Point(requests=requests, ai_tokens=Decimal("1.4"))})
    for length in (10, 5, 1, 0):
        lengths = Lengths(length, length, length)
        found = document(shaped, lengths=lengths)["periods"]["24h"]
        listed, other = found["top_endpoints"], found["other_endpoints"]
        assert other["endpoints"] == 14 - len(listed)
        assert other["requests"] + sum(each["requests"] for each in listed) == requests
        errors = sum(each.errors for each in endpoints[length:])
        assert other["error_pct"] == percent(errors, other["requests"])
        assert other["share_pct"] == percent(other["requests"], requests)
        models, others = found["ai_tokens"]["by_model"], found["ai_tokens"]["other_models"]
        assert others == {
            "models": 14 - length,
            "tokens": plain(Decimal("0.1") * (14 - length)),
            "requests": sum(range(14)) - sum(each["requests"] for each in models.values()),
        }
        assert found["other_kinds"] == {"kinds": 13 - length, "records": sum(range(length, 13))}


def test_percentiles_never_leave_what_was_seen() -> None:
    key = sketch.key(100)
    assert sketch.clamped(key, us_min=100_000, us_max=100_000) == 100.0
    assert sketch.clamped(key, us_min=0, us_max=99_001) == 99.001
    assert sketch.clamped(sketch.ZERO_KEY, us_min=0, us_max=0) == 0.0
    assert sketch.clamped(None, us_min=1, us_max=2) is None


def test_periods_stand_in_one_order_whatever_order_they_were_read_in() -> None:
    shaped = tenant()
    turned = replace(shaped, periods=dict(reversed(shaped.periods.items())))
    assert to_json(document(turned)) == to_json(document(shaped))
    assert list(document(turned)["periods"]) == list(PERIODS)


def test_the_sum_of_no_points_is_nothing() -> None:
    assert total([]) == Point()


# Pages


def test_a_page_has_one_place_in_every_column_for_each_row() -> None:
    busy = Point(3, 1, 1, Decimal("4.000"), 3, Decimal(12))
    rows = [
        PageRow(THROUGH, busy, Latency(sketch.key(1), sketch.key(2), sketch.key(2), 1000, 2000, 3)),
        PageRow(THROUGH + timedelta(hours=1), Point(ai_tokens=Decimal("0.5")), Latency()),
    ]
    page = detail_page("hourly", "t1", rows, page_from=THROUGH, page_to=THROUGH + timedelta(days=1))
    assert page == {
        "schema": 1, "kind": "hourly", "tenant_id": "t1",
        "from": "2026-03-10T12:00:00Z", "to": "2026-03-11T12:00:00Z",
        "bucket_start": ["2026-03-10T12:00:00Z", "2026-03-10T13:00:00Z"],
        "requests": [3, 0], "client_errors": [1, 0], "server_errors": [1, 0], "ai_tokens": [12, 0.5],
        "duration_count": [3, 0], "avg_ms": [1.333, None],
        "p50_ms": [1.0, None], "p95_ms": [pytest.approx(2, rel=0.01), None], "p99_ms": [pytest.approx(2, rel=0.01), None],
    }  # fmt: skip
    days = detail_page("daily", "t1", [replace(rows[1], at="2026-03-10")], page_from=THROUGH, page_to=THROUGH)
    assert days["day"] == ["2026-03-10"]
    assert "bucket_start" not in days


def test_an_index_lists_pages_as_the_dashboard_does() -> None:
    page = Listed("hourly/2026-01-01.abc.json", "2026-01-01", THROUGH, THROUGH + timedelta(days=1), 812)
    listed = {"path": page.path, "from": "2026-03-10T12:00:00Z", "to": "2026-03-11T12:00:00Z", "bytes": 812}
    assert index_page("hourly", "t1", [page])["pages"] == [listed]
    assert document(tenant(), pages={"hourly": [page], "daily": []})["pages"] == {"hourly": [listed], "daily": []}


# Bytes


def test_stamps_do_not_change_the_hash() -> None:
    first = document(tenant())
    later = tenant()
    moved = {
        name: replace(period, start=period.start + timedelta(hours=1), end=period.end + timedelta(hours=1))
        for name, period in later.periods.items()
    }
    second = document(replace(later, periods=moved), seq=99, data_through=THROUGH + timedelta(hours=1))
    assert to_json(second) != to_json(first)
    assert content_hash(second) == content_hash(first)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a document that hold a plain value."""
    if isinstance(value, dict):
        return [found for name, held in value.items() for found in paths_of(held, (*path, name))]
    if isinstance(value, list):
        return [found for place, held in enumerate(value) for found in paths_of(held, (*path, place))]
    return [path]


def changed(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy of a document with another value in one place."""
    copy: Any = json.loads(json.dumps(value))
    holder = copy
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = "something else"
    return copy


def test_every_other_field_changes_the_hash() -> None:
    """Also those of models that are called as a stamp is."""
    usage = [Usage(f"ai_tokens_{name}", Decimal(5), 2) for name in ("m", "seq", "start", "end", "data_through")]
    endpoints = [Endpoint("end", 1, 1, 0, Latency(5, 6, 7, 1, 9, 3))]
    page = Listed("hourly/a.b.json", "a", THROUGH, THROUGH, 8)
    whole = document(tenant(usage=usage, endpoints=endpoints), pages={"hourly": [page], "daily": [page]})
    before = content_hash(whole)
    stamps = {("seq",), ("data_through",)}
    stamps |= {("periods", name, edge) for name in PERIODS for edge in ("start", "end")}
    stamps |= {("periods", name, "usage_trend", "start") for name in PERIODS}
    places = paths_of(whole)
    assert len(places) > 600
    assert stamps < set(places)
    for path in places:
        assert (content_hash(changed(whole, path)) == before) == (path in stamps), path


def test_the_same_document_gives_the_same_bytes_at_any_time() -> None:
    content = to_json(document(tenant()))
    packed = compress(content)
    time.sleep(1.01)  # the clock in a gzip header counts seconds
    assert compress(to_json(document(tenant()))) == packed
    assert packed[4:8] == b"\0\0\0\0", "the header's clock stands still"
    assert not packed[3] & 0x08, "no file name in the header"
    assert gzip.decompress(packed) == content
    assert len(packed) < len(content) / 3


def test_a_page_is_named_for_its_content() -> None:
    name = page_name("2026-03-10", b'{"a":1}')
    assert name == "2026-03-10.015abd7f5cc5.json"
    assert page_name("2026-03-10", b'{"a":2}') != name
