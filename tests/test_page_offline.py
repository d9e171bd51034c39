"""The page without a line, in a real browser: what was seen last is shown at once, with its age, and never goes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from pipeline.serving.site import Answer, Asked, Site, plain
from tests.browsing import DRAWN, Shown, chromium, served, until
from tests.sample_documents import Sample, dashboard, publish, status

pytestmark = pytest.mark.real

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 13:00 in Lagos
NOW = THROUGH + timedelta(minutes=24)
PATH = "v1/t/kobo/dashboard.json"
KEPT = "caches.open('numbers').then(cache => cache.keys()).then(all => all.length === 2)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def store(tmp_path: Path) -> Path:
    put(tmp_path, "Kobo Ledger", seq=4711)
    return tmp_path


def put(store: Path, name: str, *, seq: int, through: datetime = THROUGH) -> None:
    files = {PATH: dashboard(Sample(name), data_through=through, seq=seq)}
    publish(store, {"v1/status.json": status(data_through=through, seq=seq), **files})


@pytest.fixture
def shown(browser: Any, store: Path) -> Iterator[Shown]:
    """The page, looked at twice with a line: the first time it is kept, the second time what is kept is shown."""
    with served(store) as url:
        context = browser.new_context(locale="en-NG")
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        shown = Shown(page, url)
        shown.open("kobo")
        until(page, "Boolean(navigator.serviceWorker.controller)")
        again(shown)
        until(page, KEPT)
        yield shown
        context.close()


def named(name: str) -> str:
    return f"document.getElementById('name').textContent === '{name}'"


def again(shown: Shown, *, now: datetime = NOW) -> None:
    """Load the page anew."""
    shown.page.clock.set_fixed_time(now)
    shown.page.reload()
    shown.page.wait_for_selector(DRAWN)


def test_offline_the_last_numbers_are_there_with_their_age(shown: Shown) -> None:
    before = shown.exact("main")
    shown.page.context.set_offline(True)
    again(shown, now=NOW + timedelta(hours=1))
    assert shown.text("#name") == "Kobo Ledger"
    assert shown.exact("main") == before
    assert shown.text("#freshness") == "Complete to 13:00 Lagos time, 84 minutes ago"
    assert shown.text("#warning") == "You are offline. These are the last numbers that reached this device."
    shown.choose("90d")
    assert shown.text("#range")


def test_one_visit_is_enough(browser: Any, store: Path) -> None:
    with served(store) as url:
        context = browser.new_context(locale="en-NG")
        page = context.new_page()
        page.clock.set_fixed_time(NOW)
        shown = Shown(page, url).open("kobo")
        until(page, KEPT)
        context.set_offline(True)
        again(shown)
        assert shown.text("#name") == "Kobo Ledger"
        context.close()


def test_back_on_the_line_newer_numbers_come_by_themselves(shown: Shown, store: Path) -> None:
    shown.page.context.set_offline(True)
    again(shown)
    put(store, "Naira Ledger", seq=4712)
    shown.page.context.set_offline(False)
    until(shown.page, named("Naira Ledger"))
    assert shown.page.is_hidden("#warning")


def test_without_a_line_it_is_looked_for_now_and_then(shown: Shown) -> None:
    """Every five seconds, once: a server that is away is not met by ever more requests."""
    shown.page.context.set_offline(True)
    before = len(shown.asked)
    again(shown)
    shown.page.wait_for_timeout(11_000)
    assert 2 <= len([asked for asked in shown.asked[before:] if asked.endswith("dashboard.json")]) <= 4


def test_what_is_kept_comes_first_and_newer_numbers_take_its_place(shown: Shown, store: Path) -> None:
    put(store, "Naira Ledger", seq=4712)
    again(shown)
    assert shown.text("#name") in {"Kobo Ledger", "Naira Ledger"}
    until(shown.page, named("Naira Ledger"))
    shown.page.context.set_offline(True)
    again(shown)
    assert shown.text("#name") == "Naira Ledger"


def test_numbers_never_go_back(shown: Shown, store: Path) -> None:
    """Trap 13: an edge that still has an older copy does not take the newer one away."""
    put(store, "Old Ledger", seq=4710)
    again(shown)
    shown.page.wait_for_timeout(500)
    assert shown.text("#name") == "Kobo Ledger"
    again(shown)
    assert shown.text("#name") == "Kobo Ledger"


@pytest.mark.parametrize(
    "answer",
    [{"error": "pay first"}, {"schema": 1}, {"schema": 1, "seq": "4712"}, {"schema": 2, "seq": 4712}],
    ids=["of somebody else", "no number", "no such number", "another schema"],
)
def test_what_is_no_document_takes_the_place_of_none(shown: Shown, store: Path, answer: dict[str, Any]) -> None:
    """A hotspot that wants to be paid first answers 200 to everything."""
    publish(store, {PATH: answer, "v1/status.json": answer})
    before = len(shown.asked)
    again(shown)
    shown.page.wait_for_timeout(500)
    assert len([asked for asked in shown.asked[before:] if asked.endswith("dashboard.json")]) <= 2, "it asks on and on"
    for line in (True, False):
        shown.page.context.set_offline(not line)
        again(shown)
        assert shown.text("#name") == "Kobo Ledger"
        until(shown.page, "!document.getElementById('warning').hidden")


def test_a_device_without_room_shows_what_the_line_has(shown: Shown, store: Path) -> None:
    session = shown.page.context.new_cdp_session(shown.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": shown.url.rstrip("/"), "quotaSize": 10})
    put(store, "Naira Ledger", seq=4712)
    again(shown)
    until(shown.page, named("Naira Ledger"))
    again(shown)
    assert shown.text("#name") == "Naira Ledger"
    before = len(shown.asked)
    shown.page.wait_for_timeout(500)
    assert [asked for asked in shown.asked[before:] if asked.endswith("dashboard.json")] == []


def test_who_may_not_read_any_more_is_not_shown_what_was_read(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grant that has expired; or a bucket that nobody may list, which says the same of what is not there."""
    answer = Site.answer

    def refused(site: Site, asked: Asked) -> Answer:
        return plain(HTTPStatus.FORBIDDEN) if "/v1/t/" in asked.target else answer(site, asked)

    monkeypatch.setattr(Site, "answer", refused)
    again(shown)
    shown.page.wait_for_selector("#message:not([hidden])")
    assert shown.text("#message-title") == "These numbers cannot be opened"
    assert "Kobo Ledger" not in shown.page.content()
    shown.page.context.set_offline(True)
    again(shown)
    assert shown.text("#message-title") == "The numbers cannot be reached"


def test_what_was_taken_away_is_not_shown_any_more(shown: Shown, store: Path) -> None:
    for name in (PATH, f"{PATH}.gz"):
        (store / name).unlink(missing_ok=True)
    again(shown)
    shown.page.wait_for_selector("#message:not([hidden])")
    assert shown.text("#message-title") == "Nothing is published here"
    shown.page.context.set_offline(True)
    again(shown)
    assert shown.text("#message-title") == "The numbers cannot be reached"


def test_a_document_that_was_not_looked_at_since_is_not_believed_as_of_a_later_status(shown: Shown) -> None:
    """The line drops between the two: the status that came says nothing of the document that did not."""
    later = json.dumps(status(data_through=THROUGH + timedelta(hours=3), seq=4715))
    shown.page.context.set_offline(True)
    shown.page.evaluate(f"caches.open('numbers').then(all => all.put('v1/status.json', new Response('{later}')))")
    again(shown, now=NOW + timedelta(hours=3))
    assert shown.text("#freshness") == "Complete to 13:00 Lagos time, 3 hours ago"
    assert "You are offline" in shown.text("#warning")


def test_the_page_can_be_installed(shown: Shown) -> None:
    session = shown.page.context.new_cdp_session(shown.page)
    found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    assert found["url"].endswith("/manifest.webmanifest")
