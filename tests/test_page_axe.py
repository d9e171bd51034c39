"""Both pages under axe-core, in all their states: nothing that it knows of keeps anybody out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from pipeline.documents.version import SCHEMA
from tests.browsing import Shown, chromium, served
from tests.sample_documents import Sample, dashboard, publish, status
from tests.sample_money import summary, with_past
from tests.sample_pages import with_pages

pytestmark = pytest.mark.real

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOW = THROUGH + timedelta(minutes=24)
OPERATOR = "operator.html"
SAMPLES = {
    "plain": Sample("Kobo Ledger"),
    "empty": Sample("Brand New Ltd", plan=None, size=0),
    "huge": Sample("Société Générale des Télécommunications de l’Ouest", plan="enterprise", size=90_000),
}
RULES = """() => axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations.flatMap(
    ({id, help, nodes}) => nodes.map(({html, any}) => `${id}: ${help}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`)))"""


@pytest.fixture(scope="module")
def page_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """A browser with axe-core in every page, and the address of a store with tenants of all kinds."""
    store = tmp_path_factory.mktemp("store")
    files = {"v1/status.json": status(data_through=THROUGH)}
    for key, sample in SAMPLES.items():
        document = dashboard(sample, data_through=THROUGH)
        files |= with_pages(key, document, through=THROUGH) if sample.size else {f"v1/t/{key}/dashboard.json": document}
    files["v1/t/gone/dashboard.json"] = {"schema": SCHEMA, "seq": 5, "gone": True}
    for key in ("busy", "idle"):
        files[f"v1/platform/{key}/summary.json"] = summary(data_through=THROUGH, busy=key == "busy", name="Kobo Ledger")
    files |= {f"v1/platform/past/{path}": document for path, document in with_past(THROUGH).items()}
    publish(store, files)
    with served(store) as url, chromium() as browser:
        yield browser, url


@pytest.fixture(params=["light", "dark"])
def shown(request: pytest.FixtureRequest, page_at: tuple[Any, str]) -> Iterator[Shown]:
    browser, url = page_at
    page = browser.new_context(locale="en-NG", color_scheme=request.param, service_workers="block").new_page()
    page.clock.set_fixed_time(NOW)
    axe = resources.files("axe_playwright_python") / "axe.min.js"
    page.add_init_script(axe.read_text(encoding="utf-8"))
    shown = Shown(page, url)
    yield shown
    shown.close()


def violations(shown: Shown) -> list[str]:
    return list(shown.page.evaluate(RULES))


@pytest.mark.parametrize("key", SAMPLES)
def test_a_tenant_of_any_kind(shown: Shown, key: str) -> None:
    shown.open(key)
    for name in ("24h", "30d"):
        shown.choose(name)
        assert violations(shown) == [], name


def test_what_is_opened(shown: Shown) -> None:
    shown.open("huge")
    shown.page.locator("#history").scroll_into_view_if_needed()
    shown.page.wait_for_selector("#history .over-time")
    for measure in ("errors", "times"):
        shown.page.check(f"#history input[value={measure}]", force=True)
        shown.page.focus("#history .over-time")
        shown.page.keyboard.press("End")
        assert violations(shown) == [], measure
    for summary_at in ("#trend-table summary", "#history summary"):
        shown.page.click(summary_at)
    assert violations(shown) == []
    for words in ("All endpoints", "All models", "Day by day"):
        shown.page.click(f"text={words}")
        shown.page.wait_for_selector("dialog table")
        assert violations(shown) == [], words
        shown.page.keyboard.press("Escape")


def test_without_a_line(shown: Shown) -> None:
    shown.open("plain")
    shown.page.context.set_offline(True)
    shown.page.wait_for_selector("#warning:not([hidden])")
    assert violations(shown) == []
    # The browser itself may report what the page was just asking for.
    shown.wrong[:] = [each for each in shown.wrong if "ERR_INTERNET_DISCONNECTED" not in each]


@pytest.mark.parametrize("key", ["busy", "idle"])
def test_the_operators_page(shown: Shown, key: str) -> None:
    shown.open(key, OPERATOR)
    for name in ("24h", "30d"):
        shown.choose(name)
        assert violations(shown) == [], name
    shown.page.click("#course-table summary")
    assert violations(shown) == []


def test_the_operators_history(shown: Shown) -> None:
    shown.open("past", OPERATOR)
    shown.page.locator("#history").scroll_into_view_if_needed()
    shown.page.wait_for_selector("#history .over-time")
    for measure in ("mrr", "cost"):
        shown.page.check(f"#history input[value={measure}]", force=True)
        shown.page.focus("#history .over-time")
        shown.page.keyboard.press("End")
        assert violations(shown) == [], measure
    shown.page.click("#history summary")
    assert violations(shown) == []


def test_what_is_said_in_the_place_of_numbers(shown: Shown) -> None:
    for name in ("", OPERATOR):
        for key in ("", "nobody"):
            shown.open(key, name)
            assert violations(shown) == [], (name, key)
    shown.wrong.clear()  # the browser itself reports the 404


def test_a_tenant_that_was_forgotten(shown: Shown) -> None:
    shown.open("gone")
    assert shown.page.inner_text("h1:visible, h2:visible") == "These numbers are gone for good"
    assert violations(shown) == []


def test_axe_sees_what_is_wrong(shown: Shown) -> None:
    shown.open("plain")
    shown.page.evaluate("document.documentElement.removeAttribute('lang')")
    assert [line.split(":")[0] for line in violations(shown)] == ["html-has-lang"]
