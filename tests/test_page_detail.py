"""What the tenant's page fetches on demand: history as a chart and a table, whole lists, the days of a cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Shown, chromium, served, until
from tests.sample_documents import Json, Sample, dashboard, publish, status
from tests.sample_pages import with_pages

pytestmark = pytest.mark.real

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 13:00 in Lagos
NOW = THROUGH + timedelta(minutes=24)
FILES = with_pages("kobo", dashboard(Sample("Kobo Ledger"), data_through=THROUGH), through=THROUGH)
COLUMNS = {
    "requests": ("requests",),
    "tokens": ("ai_tokens",),
    "errors": ("client_errors", "server_errors"),
    "times": ("p99_ms", "p95_ms", "p50_ms", "avg_ms"),
}
AT = {"hourly": "bucket_start", "daily": "day", "weekly": "first_day", "monthly": "first_day"}
Show = Callable[[], Shown]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    publish(root, {"v1/status.json": status(data_through=THROUGH), **FILES})
    return root


@pytest.fixture(scope="module")
def browser_at(store: Path) -> Iterator[tuple[Any, str]]:
    with served(store) as url, chromium() as browser:
        yield browser, url


@pytest.fixture
def shown(browser_at: tuple[Any, str]) -> Iterator[Shown]:
    browser, url = browser_at
    page = browser.new_context(
        locale="en-NG", service_workers="block", viewport={"width": 1280, "height": 400}
    ).new_page()
    page.clock.set_fixed_time(NOW)
    shown = Shown(page, url).open("kobo")
    yield shown
    shown.close()


def history(shown: Shown) -> None:
    """Scroll to where people look; until then nothing of it is fetched."""
    shown.page.locator("#history").scroll_into_view_if_needed()
    shown.page.wait_for_selector("#history .over-time")


def turned(shown: Shown, words: str) -> None:
    until(shown.page, f"document.querySelector('#history .turn p').textContent.startsWith('{words}')")


def pages(kind: str, count: int) -> list[Json]:
    return [FILES[f"v1/t/kobo/{kind}/{place}.0123456789ab.json"] for place in range(count)]


def newest_first(found: list[Json], at: str, columns: tuple[str, ...]) -> list[list[float | None]]:
    rows = [row for page in found for row in zip(page[at], *(page[column] for column in columns), strict=True)]
    return [list(row[1:]) for row in sorted(rows, reverse=True)]


@pytest.mark.parametrize(("kind", "count"), [("hourly", 3), ("daily", 3), ("weekly", 1), ("monthly", 1)])
def test_history_shows_the_numbers_of_the_pages(shown: Shown, kind: str, count: int) -> None:
    assert not [asked for asked in shown.asked if "/daily/" in asked], "nothing is fetched before it is looked at"
    history(shown)
    shown.page.check(f"#history input[value={kind}]", force=True)
    for measure, columns in COLUMNS.items():
        shown.page.check(f"#history input[value={measure}]", force=True)
        label = {"requests": "Requests", "tokens": "AI tokens", "errors": "Errors", "times": "Response times"}[measure]
        unit = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}[kind]
        turned(shown, f"{label} by the {unit}")
        shown.page.click("#history summary")
        shown.page.wait_for_selector("#history table")
        filler = None if measure == "times" else 0.0
        rows, width = shown.numbers("#history table"), len(columns)
        filled = [rows[place : place + width] for place in range(0, len(rows), width)]
        known = newest_first(pages(kind, count), AT[kind], columns)
        assert without(filler, filled) == without(filler, known), measure
        assert len(filled) >= len(known), "what has no row in a page is filled in"


def without(filler: float | None, rows: list[list[float | None]]) -> list[list[float | None]]:
    return [row for row in rows if set(row) != {filler}]


def test_a_point_is_told_by_a_box_and_by_words(shown: Shown) -> None:
    history(shown)
    shown.page.focus("#history .over-time")
    shown.page.keyboard.press("End")
    last = pages("daily", 1)[0]
    assert shown.numbers("#history .tip") == [last["requests"][-1]]
    assert shown.text("#history .tip").startswith("Sun, 22 Nov")
    words = shown.page.get_attribute("#history .over-time", "aria-valuetext")
    assert words == f"Sun, 22 Nov: Requests {last['requests'][-1]:,}"
    shown.page.keyboard.press("Escape")
    assert shown.page.is_hidden("#history .tip")
    box = shown.page.locator("#history .bars").bounding_box()
    shown.page.mouse.move(box["x"] + 2, box["y"] + 5)
    assert shown.text("#history .tip").startswith("Tue, 1 Sep")


def test_history_goes_back_through_the_index_and_forth_again(shown: Shown) -> None:
    history(shown)
    turned(shown, "Requests by the day, 1 Sep")
    for start in ("1 Jun", "1 Apr"):
        shown.page.click("text=Earlier")
        turned(shown, f"Requests by the day, {start}")
    assert len([asked for asked in shown.asked if "/daily/index." in asked]) == 1
    shown.page.keyboard.press("Enter")  # there is nothing earlier
    assert shown.page.get_attribute("text=Earlier", "aria-disabled") == "true"
    assert shown.page.evaluate("document.activeElement.textContent") == "Earlier", "it keeps the focus"
    shown.page.click("text=Later")
    turned(shown, "Requests by the day, 1 Jun")


@pytest.mark.parametrize(
    ("words", "kind", "columns"),
    [
        ("All endpoints", "endpoints", ("requests", "share_pct", "p95_ms", "error_pct")),
        ("All models", "models", ("tokens", "requests", "avg_tokens_per_request")),
    ],
)
def test_a_whole_list_is_paged_through(shown: Shown, words: str, kind: str, columns: tuple[str, ...]) -> None:
    shown.page.click(f"text={words}")
    for place, page in enumerate(pages(kind, 3)):
        if place:
            shown.page.click("dialog >> text=Next")
        until(shown.page, f"document.querySelector('dialog .turn p').textContent.startsWith('{page['rank'][0]}–')")
        rows = zip(*(page[column] for column in columns), strict=True)
        assert shown.numbers("dialog table") == [value for row in rows for value in row]
        assert shown.text("dialog .turn p").endswith(" of 250")
    assert shown.page.get_attribute("dialog >> text=Next", "aria-disabled") == "true"
    assert shown.lacking() == {}
    shown.page.keyboard.press("Escape")
    until(shown.page, "!document.querySelector('dialog')")
    assert shown.page.evaluate("document.activeElement.textContent") == words, "the focus is back where it was"
    shown.choose("7d")
    assert shown.page.locator(f"text={words}").count() == 0, "no page of this period is published"


def test_the_days_of_a_cost_have_all_their_digits(shown: Shown) -> None:
    shown.page.click("text=Day by day")
    shown.page.wait_for_selector("dialog table")
    assert shown.exact("dialog table") == [
        *("3", None, None, "1204", "0.33", "397.32", "90210.5", "0.03", "1000", "4059.806631"),
    ]
    assert "no price was in force" in shown.page.eval_on_selector_all(
        "dialog .none", "all => all.map(one => one.title)"
    )
    shown.page.click("dialog >> text=Close")


def test_a_page_that_was_collected_means_that_there_is_a_newer_document(shown: Shown, store: Path) -> None:
    """A superseded page goes; the page looks for the document that lists the one in its place."""
    path = "v1/t/kobo/endpoints/0.0123456789ab.json"
    for name in (path, f"{path}.gz"):
        (store / name).rename(store / f"{name}.away")
    before = len([asked for asked in shown.asked if asked.endswith("dashboard.json")])
    shown.page.click("text=All endpoints")
    until(shown.page, "document.querySelector('dialog .turn p').textContent.includes('has been replaced')")
    for name in (path, f"{path}.gz"):
        (store / f"{name}.away").rename(store / name)
    assert len([asked for asked in shown.asked if asked.endswith("dashboard.json")]) == before + 1
    shown.wrong.clear()  # the browser itself reports the 404


@contextmanager
def instead(store: Path, path: str, document: Json) -> Iterator[None]:
    """Have another document at a path, and no page of all endpoints."""
    pages = [page for page in FILES if page.startswith("v1/t/kobo/endpoints/")]
    for page in pages:
        (store / f"{page}.gz").rename(store / "away")
        (store / page).unlink()
    publish(store, {path: document})
    try:
        yield
    finally:
        publish(store, FILES)


def test_a_list_goes_on_in_the_newer_document(shown: Shown, store: Path) -> None:
    path = "v1/t/kobo/dashboard.json"
    moved, other = "endpoints/0.ba9876543210.json", dict(FILES[path], seq=4712)
    [entry] = other["pages"]["endpoints"][:1]
    other["pages"] = other["pages"] | {"endpoints": [entry | {"path": moved}]}
    with instead(store, path, other):
        publish(store, {f"v1/t/kobo/{moved}": FILES[f"v1/t/kobo/{entry['path']}"]})
        shown.page.click("text=All endpoints")
        shown.page.wait_for_selector("dialog table")
    shown.wrong.clear()  # the browser itself reports the 404


def test_a_grant_in_cookies_goes_along(browser_at: tuple[Any, str]) -> None:
    browser, url = browser_at
    context = browser.new_context(service_workers="block")
    context.add_cookies([{"name": "tenantcast_md5", "value": "granted", "url": url}])
    page = context.new_page()
    sent: dict[str, str] = {}
    page.on("request", lambda request: sent.update({request.url: request.all_headers().get("cookie", "")}))
    shown = Shown(page, url).open("kobo")
    shown.page.click("text=All endpoints")
    shown.page.wait_for_selector("dialog table")
    shown.close()
    files = {asked: cookie for asked, cookie in sent.items() if "/v1/" in asked}
    assert len(files) >= 3
    assert set(files.values()) == {"tenantcast_md5=granted"}


def test_what_was_erased_leaves_the_screen(shown: Shown, store: Path) -> None:
    assert "Kobo Ledger" in shown.page.content()
    with instead(store, "v1/t/kobo/dashboard.json", {"schema": 1, "seq": 4712, "gone": True}):
        shown.page.click("text=All endpoints")
        shown.page.wait_for_selector("#message:not([hidden])")
        assert shown.text("#message-title") == "These numbers are gone for good"
        assert "Kobo Ledger" not in shown.page.content()
    shown.wrong.clear()  # the browser itself reports the 404


def test_without_a_worker_numbers_do_not_go_back_either(shown: Shown, store: Path) -> None:
    older = dashboard(Sample("Old Ledger"), data_through=THROUGH, seq=4710)
    before = len([asked for asked in shown.asked if asked.endswith("dashboard.json")])
    with instead(store, "v1/t/kobo/dashboard.json", older):
        with shown.page.expect_response(lambda answer: answer.url.endswith("dashboard.json")):
            shown.page.evaluate("dispatchEvent(new Event('online'))")
        shown.page.wait_for_timeout(500)
    assert len([asked for asked in shown.asked if asked.endswith("dashboard.json")]) > before
    assert shown.text("#name") == "Kobo Ledger"


def test_without_a_line_what_is_not_on_the_device_is_said(shown: Shown) -> None:
    shown.page.context.set_offline(True)
    shown.page.click("text=All models")
    until(shown.page, "document.querySelector('dialog .turn p').textContent.includes('is not on the device')")
    shown.wrong.clear()  # the browser itself reports that it is offline


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_of_it_sticks_out(shown: Shown, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 800})
    history(shown)
    assert shown.sticking_out() == []
    shown.page.click("text=All endpoints")
    shown.page.wait_for_selector("dialog table")
    assert shown.sticking_out() == []
    assert shown.lacking() == {}
