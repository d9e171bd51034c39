"""The page in a real browser: its numbers are the document's, and nothing else is asked, run or shown."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.serving.server import Server
from pipeline.serving.site import Site
from pipeline.settings import ROOT
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
CHROMIUM = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)
Page = Any  # playwright is not among the locked packages: it comes with the parts that apt installs


class Shown:
    """A page that is open, with all that went wrong on it and all that it asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.asked: list[str] = []
        self.wrong: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda line: self.wrong.append(line.text) if line.type != "log" else None)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.add_init_script("addEventListener('securitypolicyviolation', e => console.error(e.blockedURI))")

    def open(self, fragment: str) -> Shown:
        self.page.goto(f"{self.url}#{fragment}")
        self.page.wait_for_selector("#dashboard:not([hidden]), #message:not([hidden])")
        self.page.wait_for_function("!document.querySelector('.freshness').textContent.includes('looking')")
        return self

    def text(self, selector: str) -> str:
        return str(self.page.inner_text(selector))

    def numbers(self, selector: str) -> list[float | None]:
        """The exact values of all numbers in a part of the page, in order; None for a dash."""
        return list(
            self.page.eval_on_selector_all(
                f":is({selector}) :is(data, .none)",
                "all => all.map(one => one.matches('data') ? Number(one.value) : null)",
            )
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    files = {path_of(key): dashboard(sample, data_through=THROUGH) for key, sample in SAMPLES.items()}
    publish(tmp_path, {"v1/status.json": status(data_through=THROUGH), **files})
    return tmp_path


@pytest.fixture
def url(store: Path) -> Iterator[str]:
    server = Server(Site(page=ROOT / "dashboard", store=store), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.url
    server.shutdown()
    thread.join()
    server.server_close()


Show = Callable[..., Shown]


@pytest.fixture
def show(browser: Any, url: str) -> Iterator[Show]:
    """Opens a tenant; at the end nothing may have gone wrong on any page, and no other host been asked."""
    opened: list[Shown] = []

    def show_one(fragment: str, *, width: int = 1280, now: datetime = NOW, **options: Any) -> Shown:
        options = {"locale": "en-NG", "viewport": {"width": width, "height": 800}} | options
        page = browser.new_context(**options).new_page()
        page.clock.set_fixed_time(now)
        opened.append(Shown(page, url))
        return opened[-1].open(fragment)

    yield show_one
    for shown in opened:
        assert shown.wrong == []
        assert [asked for asked in shown.asked if not asked.startswith(url)] == []
        assert shown.page.evaluate("window.hacked") is None
        shown.page.context.close()


def path_of(key: str) -> str:
    return f"v1/t/{key}/dashboard.json"


def rest(others: Json | None, *names: str) -> list[float | None]:
    """What a list leaves out is said under it, where that is anything."""
    return [others[name] for name in names] if others else []


def expected(period: Json) -> dict[str, list[float | None]]:
    """The document's numbers in the page's order, a section each."""
    usage, tokens, times, rates = (period[name] for name in ("api_usage", "ai_tokens", "response_times", "error_rates"))
    models, endpoints = list(tokens["by_model"].values()), period["top_endpoints"]
    return {
        "#metrics": [one[name] for one in period["metrics"] for name in ("value", "change_pct")],
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
        shown.page.check(f"input[value='{name}']", force=True)
        period = document["periods"][name]
        for selector, numbers in expected(period).items():
            assert shown.numbers(selector) == numbers, (name, selector)
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


def test_freshness_and_period_are_told_in_the_tenants_time(show: Show) -> None:
    shown = show("plain", timezone_id="America/New_York")
    assert shown.text("#freshness") == "Complete to 13:00 Lagos time, 24 minutes ago"
    assert shown.text("#range").replace("\u2009", " ") == "22 Nov, 13:00 – 23 Nov, 13:00"
    shown.page.check("input[value='7d']", force=True)
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
        shown.page.check(f"input[value='{name}']", force=True)
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert shown.page.locator(".axis span").count() >= 2


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
    shown.page.check("input[value='7d']", force=True)
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
