"""The page in a real browser: its numbers are the document's, and nothing else is asked, run or shown."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Shown, chromium, served
from tests.sample_documents import HOSTILE, SHAPES, Json, Sample, dashboard, publish, status

pytestmark = pytest.mark.real

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 13:00 in Lagos
NOW = THROUGH + timedelta(minutes=24)
SAMPLES = {
    "plain": Sample("Kobo Ledger"),
    "empty": Sample("Brand New Ltd", plan=None, size=0),
    "huge": Sample("Société Générale des Télécommunications de l’Ouest", plan="enterprise", size=90_000),
    "hostile": Sample(HOSTILE, hostile=True),
    "nowhere": Sample("Olympus", timezone="Mars/Olympus"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def store(tmp_path: Path) -> Path:
    files = {path_of(key): dashboard(sample, data_through=THROUGH) for key, sample in SAMPLES.items()}
    publish(tmp_path, {"v1/status.json": status(data_through=THROUGH), **files})
    return tmp_path


@pytest.fixture
def url(store: Path) -> Iterator[str]:
    with served(store) as url:
        yield url


Show = Callable[..., Shown]


@pytest.fixture
def show(browser: Any, url: str) -> Iterator[Show]:
    """Opens a tenant; at the end nothing may have gone wrong on any page, and no other host been asked."""
    opened: list[Shown] = []

    def show_one(fragment: str, *, width: int = 1280, now: datetime = NOW, **options: Any) -> Shown:
        plain = {"locale": "en-NG", "viewport": {"width": width, "height": 800}, "service_workers": "block"}
        options = plain | options
        page = browser.new_context(**options).new_page()
        page.clock.set_fixed_time(now)
        opened.append(Shown(page, url))
        return opened[-1].open(fragment)

    yield show_one
    for shown in opened:
        shown.close()


def path_of(key: str) -> str:
    return f"v1/t/{key}/dashboard.json"


def rest(others: Json | None, *names: str) -> list[float | None]:
    """What a list leaves out is said under it, where that is anything."""
    return [others[name] for name in names] if others else []


def money(found: Json) -> list[Any]:
    """The amounts of a cost in the page's order, as text."""
    numbers: list[Any] = [found["total"], found["previous"]["total"]]
    if not found["complete"]:
        numbers = [found["coverage_pct"], *([found["missing_more"]] if found["missing_more"] else []), *numbers]
    nothing = found["total"] == found["previous"]["total"] == "0.00"
    if found["change"] and not nothing:
        numbers += [found["previous"]["total"], *found["change"].values(), found["total"]]
    for part in found["breakdown"].values():  # the samples have the dearest first
        if part["total"] != "0.00":
            numbers += [part["total"], *part.get("by_model", {}).values()]
            numbers += rest(part.get("other_models"), "models", "total")
    return numbers + rest(found["other_items"], "items", "total")


def as_sent(numbers: list[Any]) -> list[str | None]:
    return [
        None if number is None else f"{number:g}" if isinstance(number, float) else str(number) for number in numbers
    ]


def expected(period: Json) -> dict[str, list[float | None]]:
    """The document's numbers in the page's order, a section each."""
    usage, tokens, times, rates = (period[name] for name in ("api_usage", "ai_tokens", "response_times", "error_rates"))
    models, endpoints, cost = list(tokens["by_model"].values()), period["top_endpoints"], period["cost_breakdown"]
    return {
        "#metrics": [
            None if one[name] is None else float(one[name])
            for one in [*period["metrics"], {**cost, "value": cost["total"]}]
            for name in ("value", "change_pct")
        ],
        "#chart": [usage["total"], tokens["total"]],
        "#response_times": [times[name] for name in ("p50_ms", "avg_ms", "p95_ms", "p99_ms")]
        + ([times["count"]] if times["count"] else []),
        "#error_rates": [
            rates["total_pct"],
            *(usage["client_errors"], rates["client_pct"]),
            *(usage["server_errors"], rates["server_pct"]),
        ],
        "#top_endpoints": [one[name] for one in endpoints for name in ("requests", "share_pct", "p95_ms", "error_pct")]
        + rest(period["other_endpoints"], "endpoints", "requests", "share_pct", "error_pct"),
        "#ai_tokens": [one[name] for one in models for name in ("tokens", "requests", "avg_tokens_per_request")]
        + rest(tokens["other_models"], "models", "tokens", "requests"),
        "#other_usage": [one[name] for one in period.get("other_usage", []) for name in ("amount", "records")]
        + rest(period.get("other_kinds"), "kinds", "records"),
    }


@pytest.mark.parametrize("key", SAMPLES)
def test_every_number_is_the_documents_in_every_period(show: Show, key: str) -> None:
    document = dashboard(SAMPLES[key], data_through=THROUGH)
    shown = show(key)
    for name in SHAPES:
        shown.choose(name)
        period = document["periods"][name]
        for selector, numbers in expected(period).items():
            assert shown.numbers(selector) == numbers, (name, selector)
        assert shown.exact("#cost_breakdown") == as_sent(money(period["cost_breakdown"])), name
        trend = period["usage_trend"]
        heights = shown.page.eval_on_selector_all(
            ".panel.requests .bars i", "all => all.map(one => parseFloat(one.style.getPropertyValue('--h')))"
        )
        top = max(trend["api_requests"]) or 1
        assert [height / (max(heights) or 1) for height in heights] == pytest.approx(
            [count / top for count in trend["api_requests"]], abs=1e-3
        )
    assert shown.page.url.endswith(f"#{key}/90d")


def test_numbers_are_written_in_the_readers_locale(show: Show) -> None:
    document = dashboard(SAMPLES["plain"], data_through=THROUGH)
    total = document["periods"]["30d"]["api_usage"]["total"]
    assert f"{total:,}" in show("plain/30d").text("#metrics")
    assert f"{total:,}".replace(",", ".") in show("plain/30d", locale="de-DE").text("#metrics")


def test_amounts_are_written_as_nigerians_read_them(show: Show) -> None:
    """Also where the browser speaks another English; no digit is lost."""
    for locale in ("en-NG", "en-US"):
        shown = show("plain/30d", locale=locale)
        assert shown.text("#cost_breakdown .value").startswith("₦15,230.75")
        assert shown.text("#metrics [data-metric=cost] .value") == "₦15,231"
        steps = shown.text("#cost_breakdown .waterfall tbody").split()
        assert [step for step in steps if "₦" in step] == [
            *("₦12,000.50", "+₦3,500.25", "-₦1,270.00", "+₦1,000.00", "₦15,230.75"),
        ]
        assert "Nigerian Naira (NGN)" in shown.text("#footer")
    shown = show("huge/30d")
    assert shown.text("#cost_breakdown .value").startswith("₦12,345,678,901,234,567,890.75")
    assert "15.230,75\u00a0₦" in show("plain/30d", locale="de-DE").text("#cost_breakdown .value")


def test_a_bridge_leads_from_what_was_to_what_is(show: Show) -> None:
    """Each bar begins where the one before ended, and the last total is as high as that."""
    shown = show("plain/30d")
    bars = shown.page.eval_on_selector_all(
        ".waterfall .bar", "all => all.map(one => [one.x.baseVal.value, one.width.baseVal.value])"
    )
    ends = [start + width for start, width in bars]
    assert ends[0] == pytest.approx(bars[1][0], abs=4)  # before, and what more usage adds to it
    assert ends[2] == pytest.approx(ends[1], abs=4)  # lower prices take from its end
    assert bars[3][0] == pytest.approx(bars[2][0], abs=4)
    assert ends[4] == pytest.approx(ends[3], abs=4)
    assert "Bars begin at" in shown.text("#cost_breakdown")


def test_a_cost_that_is_not_all_known_says_so(show: Show) -> None:
    shown = show("huge/30d")
    words = shown.text("#cost_breakdown .incomplete")
    assert "Incomplete. 99.99% of the lines have an amount" in words
    for reason in ("no exchange rate is known", "two prices were in force at once", "a new reason", "and 7 more"):
        assert reason in words
    assert shown.text("[data-metric=cost] .flag") == "incomplete"
    shown = show("nowhere/30d")
    assert "no price was in force" in shown.text("#cost_breakdown .incomplete")
    assert "2–9 Nov 2026" in shown.text("#cost_breakdown .incomplete").replace("\u2009", "")
    assert "not known" in shown.text("#cost_breakdown .value")
    assert "No comparison: the cost of this period is not known." in shown.text("#cost_breakdown")
    assert "₦0" not in shown.text("#cost_breakdown")


def test_a_tenant_that_used_nothing_cost_nothing(show: Show) -> None:
    shown = show("empty/30d")
    assert shown.text("#cost_breakdown .value").startswith("₦0.00")
    assert "Nothing was spent, as in the 30 days before." in shown.text("#cost_breakdown")
    assert shown.page.locator("#cost_breakdown .incomplete").count() == 0
    assert shown.page.is_hidden("#quota_status")


def test_quotas_say_in_words_how_they_stand(show: Show) -> None:
    shown = show("plain")
    said = [" ".join(words.split()) for words in shown.page.locator(".quota").all_inner_texts()]
    assert said[0].startswith("API calls Within limit 1,204 of 10,000 a month 12.04% Resets 1 Dec")
    assert "AI tokens, gpt-4 Near the limit 850,000 of 1,000,000 a month 85%" in said[1].replace(".00%", "%")
    assert "Used up about 25 Nov" in said[1]
    assert "09:00 at this pace" in said[1], "the tenant's own time"
    assert "emails Limit reached 310 of 300 a day" in said[2]
    assert "storage_gb Unlimited 12.5 so far" in said[3]
    assert "sms Limit reached 3 of 0: none allowed" in said[4]
    assert "at this pace" not in " ".join([said[0], *said[2:]])
    meters = shown.page.locator("[role=meter]")
    assert [meters.nth(place).get_attribute("aria-valuenow") for place in range(meters.count())] == [
        *("12.04", "85", "100", "100"),
    ]
    assert meters.nth(2).get_attribute("aria-valuetext") == "310 of 300 used: Limit reached"
    assert "and 2 other quotas" in show("huge").text("#quota_status")


@pytest.mark.parametrize("key", SAMPLES)
def test_nothing_lacks_what_a_screen_reader_needs(show: Show, key: str) -> None:
    shown = show(f"{key}/30d")
    assert shown.lacking() == {}
    assert show("").lacking() == {}


def test_freshness_and_period_are_told_in_the_tenants_time(show: Show) -> None:
    shown = show("plain", timezone_id="America/New_York")
    assert shown.text("#freshness") == "Complete to 13:00 Lagos time, 24 minutes ago"
    assert shown.text("#range").replace("\u2009", " ") == "22 Nov, 13:00 – 23 Nov, 13:00"
    shown.choose("7d")
    assert shown.text("#range").replace("\u2009", "") == "16–22 Nov 2026"
    assert shown.text(".axis").split("\n")[0] == "Mon 16"
    assert shown.page.is_hidden("#warning")
    assert shown.page.title() == "Kobo Ledger: usage"


def test_an_unknown_zone_is_shown_in_utc(show: Show) -> None:
    assert show("nowhere").text("#freshness") == "Complete to 12:00 UTC, 24 minutes ago"


@pytest.mark.parametrize("period", SHAPES)
def test_a_file_that_is_not_stale_is_true_as_of_the_status(show: Show, store: Path, period: str) -> None:
    """Its stamps stay behind when no number changes; the page moves them on."""
    written = THROUGH - timedelta(hours=15)  # the evening before, in Lagos
    publish(store, {path_of("empty"): dashboard(SAMPLES["empty"], data_through=written, seq=4700)})
    moved = show(f"empty/{period}")
    publish(store, {path_of("empty"): dashboard(SAMPLES["empty"], data_through=THROUGH)})
    renewed = show(f"empty/{period}")
    for selector in ("#freshness", "#range", ".axis"):
        assert moved.text(selector) == renewed.text(selector)
    assert moved.page.is_hidden("#warning")
    assert len([asked for asked in moved.asked if asked.endswith("dashboard.json")]) == 2, "looked at again"
    assert len([asked for asked in renewed.asked if asked.endswith("dashboard.json")]) == 1


@pytest.mark.parametrize(
    "named", ["plain", hashlib.sha256(b"plain").hexdigest(), hashlib.sha256(b"plain").hexdigest()[:32]]
)
def test_a_stale_tenant_is_warned_of(show: Show, store: Path, named: str) -> None:
    written = THROUGH - timedelta(hours=2)
    publish(
        store,
        {
            path_of("plain"): dashboard(SAMPLES["plain"], data_through=written, seq=4709),
            "v1/status.json": status(data_through=THROUGH, stale=(named,)),
        },
    )
    shown = show("plain")
    assert shown.text("#freshness") == "Complete to 11:00 Lagos time, 2 hours ago"
    assert "last update of these numbers failed" in shown.text("#warning")
    assert show("huge").page.is_hidden("#warning")


def test_old_numbers_are_warned_of(show: Show) -> None:
    shown = show("plain", now=THROUGH + timedelta(hours=50))
    assert shown.text("#freshness").replace(" at", ",") == "Complete to 23 Nov, 13:00 Lagos time, 2 days ago"
    assert "Updates are late" in shown.text("#warning")


def test_names_from_outside_stay_words(show: Show) -> None:
    shown = show("hostile")
    assert shown.text("#name") == HOSTILE
    assert HOSTILE in shown.page.eval_on_selector_all("bdi", "all => all.map(one => one.textContent)")
    assert shown.page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
@pytest.mark.parametrize("key", ["plain", "empty", "huge", "hostile"])
def test_nothing_sticks_out_sideways(show: Show, key: str, width: int) -> None:
    shown = show(key, width=width)
    for name in SHAPES:
        shown.choose(name)
        assert shown.sticking_out() == [], name
        assert shown.page.locator(".axis span").count() >= 2


@pytest.mark.parametrize("width", [360, 768])
def test_a_tile_without_a_course_keeps_its_words_off_its_edge(show: Show, width: int) -> None:
    shown = show("plain/24h", width=width)
    tile = shown.page.locator("[data-metric=cost]")
    assert tile.locator(".spark").count() == 0
    room = "one => one.getBoundingClientRect().bottom - one.lastElementChild.getBoundingClientRect().bottom"
    assert tile.evaluate(room) >= 12


def test_the_chart_can_be_read_point_by_point(show: Show) -> None:
    trend = dashboard(SAMPLES["plain"], data_through=THROUGH)["periods"]["24h"]["usage_trend"]
    shown = show("plain")
    shown.page.focus(".chart")
    shown.page.keyboard.press("Home")
    words = f"13:00–14:00: {trend['api_requests'][0]:,} requests, {trend['ai_tokens'][0]:,} tokens"
    assert words in shown.text("#readout")
    assert words in shown.page.get_attribute(".chart", "aria-valuetext")
    box = shown.page.locator(".panel.tokens .bars").bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 5)
    assert f"{trend['api_requests'][23]:,} requests" in shown.text("#readout")
    shown.page.click("summary")
    shown.page.wait_for_selector("#trend-table table")  # it is filled when it has opened
    assert shown.numbers("#trend-table") == [
        number for pair in zip(trend["api_requests"], trend["ai_tokens"], strict=True) for number in pair
    ]


def test_periods_are_switched_by_the_keyboard(show: Show) -> None:
    shown = show("plain")
    shown.page.focus("input[value='24h']")
    shown.page.keyboard.press("ArrowRight")
    assert shown.page.evaluate("document.activeElement.value") == "7d"
    assert shown.page.url.endswith("#plain/7d")
    assert shown.text("#readout") == "by six hours"


def test_what_is_not_in_the_document_is_not_drawn(show: Show, store: Path) -> None:
    document = copy.deepcopy(dashboard(SAMPLES["plain"], data_through=THROUGH))
    document["periods"]["7d"] = {}
    for name in ("ai_tokens", "usage_trend", "other_usage"):
        del document["periods"]["24h"][name]
    publish(store, {path_of("plain"): document})
    shown = show("plain")
    for name in ("ai_tokens", "usage_trend", "other_usage"):
        assert shown.page.is_hidden(f"#{name}")
    assert shown.page.is_visible("#response_times")
    shown.choose("7d")
    assert "Nothing is published for this period" in shown.text("#nothing")


def test_without_a_key_the_page_says_how_to_get_one(show: Show) -> None:
    shown = show("")
    assert "python -m pipeline url TENANT" in shown.text("#message")
    assert not [asked for asked in shown.asked if "/v1/" in asked]
    show("../../v1/status.json")


def test_an_unknown_key_is_explained(show: Show) -> None:
    shown = show("nobody")
    assert "Nothing is published here" in shown.text("#message")
    assert "python -m pipeline url TENANT" in shown.text("#message")
    assert [line for line in shown.wrong if "404" not in line] == []
    shown.wrong.clear()  # the browser itself reports the 404


def test_another_schema_is_not_guessed_at(show: Show, store: Path) -> None:
    publish(store, {path_of("plain"): dashboard(SAMPLES["plain"], data_through=THROUGH) | {"schema": 2}})
    assert "cannot be read" in show("plain").text("#message")


def test_without_a_status_the_document_speaks_for_itself(show: Show, store: Path) -> None:
    (store / "v1" / "status.json").unlink()
    shown = show("plain")
    assert shown.text("#freshness") == "Complete to 13:00 Lagos time, 24 minutes ago"
    shown.wrong.clear()  # the browser itself reports the 404


def test_without_scripts_the_page_says_so(browser: Any, url: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(url)
    assert "needs JavaScript" in page.inner_text("body")
    page.context.close()
