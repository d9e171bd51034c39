"""The operator's page in a real browser: the summary's numbers, and on both pages those of SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.installation import Installation
from pipeline.publish.keys import address, platform_address
from pipeline.run import run
from tests.browsing import Shown, chromium, served, until
from tests.conftest import NOW as RUN_AT
from tests.conftest import Sql, document
from tests.sample_documents import HOSTILE, SHAPES, Json, publish, status
from tests.sample_money import summary
from tests.test_costs import MODEL, price, rate
from tests.test_mrr import subscription

pytestmark = pytest.mark.real

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)  # 13:00 in Lagos
NOW = THROUGH + timedelta(minutes=24)
KEYS = ("busy", "empty", "hostile")
Show = Callable[..., Shown]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def sample(key: str) -> Json:
    return summary(
        data_through=THROUGH, busy=key != "empty", name=HOSTILE if key == "hostile" else "Kobo Ledger and Sons"
    )


@pytest.fixture
def store(tmp_path: Path) -> Path:
    files = {f"v1/platform/{key}/summary.json": sample(key) for key in KEYS}
    publish(tmp_path, {"v1/status.json": status(data_through=THROUGH), **files})
    return tmp_path


@pytest.fixture
def show_in(browser: Any) -> Iterator[Show]:
    """Opens a page at an address; at the end nothing may have gone wrong on any."""
    opened: list[Shown] = []

    def show_one(
        url: str, fragment: str, *, name: str = "operator.html", width: int = 1280, now: datetime = NOW, **options: Any
    ) -> Shown:
        plain = {"locale": "en-NG", "viewport": {"width": width, "height": 800}, "service_workers": "block"}
        options = plain | options
        page = browser.new_context(**options).new_page()
        page.clock.set_fixed_time(now)
        opened.append(Shown(page, url))
        return opened[-1].open(fragment, name)

    yield show_one
    for shown in opened:
        shown.close()


@pytest.fixture
def show(show_in: Show, store: Path) -> Iterator[Show]:
    with served(store) as url:
        yield lambda fragment, **options: show_in(url, fragment, **options)


def as_sent(*numbers: Any) -> list[str | None]:
    return [None if each is None else f"{each:g}" if isinstance(each, float) else str(each) for each in numbers]


def growth(now: Any, before: Any) -> float | None:
    return None if now is None or before is None or not float(before) else (float(now) / float(before) - 1) * 100


def expected(period: Json) -> dict[str, list[str | None]]:
    """The summary's numbers in the page's order, a section each."""
    mrr, cost = period["mrr"], period["cost"]
    plans = [each for plan in mrr["by_plan"] for each in (plan["count"], plan["revenue"])]
    others = mrr["other_plans"]
    columns = ("requests", "ai_tokens", "cost", "mrr", "revenue", "margin", "margin_pct")
    return {
        "#mrr": as_sent(
            mrr["total"],
            *([mrr["unpriced"]] if mrr["unpriced"] else []),
            *([mrr["opening"], *mrr["movements"].values(), mrr["total"]] if mrr["opening"] else []),
            *plans,
            *([others["plans"], others["count"], others["revenue"]] if others else []),
            *(mrr["arpa"], mrr["nrr_pct"], mrr["grr_pct"], mrr["quick_ratio"]),
        ),
        "#margin": as_sent(cost["revenue"], cost["total"], cost["margin"]),
        "#top_tenants": as_sent(*(each[column] for each in period["top_tenants"] for column in columns)),
    }


@pytest.mark.parametrize("key", KEYS)
def test_every_number_is_the_summarys_in_every_period(show: Show, key: str) -> None:
    document, shown = sample(key), show(key)
    for name in SHAPES:
        shown.choose(name)
        period = document["periods"][name]
        for selector, numbers in expected(period).items():
            assert shown.exact(selector) == numbers, (name, selector)
        mrr, cost = period["mrr"], period["cost"]
        figures = [
            *(mrr["total"], growth(mrr["total"], mrr["opening"])),
            *(period["active_tenants"], growth(period["active_tenants"], period["active_tenants_before"])),
            *(period["requests"], period["usage_growth_pct"], period["ai_tokens"], period["tokens_growth_pct"]),
            *(cost["total"], cost["revenue"], cost["margin"], cost["margin_pct"]),
        ]
        shown_figures = shown.numbers("#figures")
        assert shown_figures == pytest.approx([None if each is None else float(each) for each in figures])
        assert shown.text("#definition") == "by the definition default-1"
    assert shown.page.url.endswith(f"#{key}/90d")


def test_what_is_drawn_can_be_read_as_a_table(show: Show) -> None:
    for name, columns in {
        "24h": ("requests", "ai_tokens", "active_tenants"),
        "30d": ("mrr", "requests", "ai_tokens", "cost", "active_tenants"),
    }.items():
        period = sample("busy")["periods"][name]
        series = period["daily"] or period["hourly"]
        shown = show(f"busy/{name}")
        shown.page.click("#course-table summary")
        shown.page.wait_for_selector("#course-table table")  # it is filled when it has opened
        rows = zip(*(series[column] for column in columns), strict=True)
        assert shown.exact("#course-table") == as_sent(*(value for row in rows for value in row))
    shown.page.focus(".chart")
    shown.page.keyboard.press("Home")
    first = sample("busy")["periods"]["30d"]["daily"]
    assert "MRR ₦12,345,678,901,234,567,890.75" in shown.text("#readout")
    assert f"Requests {first['requests'][0]}, " in shown.text("#readout")
    assert "Cost not known" in shown.text("#readout")


def test_amounts_moves_and_ratios_are_written_out(show: Show) -> None:
    shown = show("busy/30d")
    assert shown.text("#mrr .value").startswith("₦1,250,000.50")
    steps = shown.text("#mrr .waterfall tbody").split()
    assert [step for step in steps if "₦" in step] == [
        *("₦1,200,000.00", "+₦100,000.00", "+₦20,000.50", "-₦30,000.00"),
        *("-₦50,000.00", "+₦15,000.00", "-₦5,000.00", "₦1,250,000.50"),
    ]
    assert "1 subscription is not in it" in shown.text("#mrr")
    assert "there is no margin until it has" in shown.text("#margin")


def test_what_is_not_known_is_never_nothing(show: Show) -> None:
    """The sample's seven days have neither an MRR nor a cost that is known."""
    shown = show("busy/7d")
    assert "No comparison: no amount is known." in shown.text("#mrr")
    for tile in ("mrr", "cost"):
        assert shown.exact(f"[data-metric={tile}] .value") == [None]
        assert "not known" in shown.text(f"[data-metric={tile}] .value")
    assert shown.exact("#margin") == ["1234567.89", None, None]


def test_a_margin_says_which_of_the_two_is_not_known(show: Show, store: Path) -> None:
    """Of seven days the cost is known, and a subscription has no amount."""
    document = sample("busy")
    week = document["periods"]["7d"]
    lacking = {"revenue_complete": False, "margin": None, "margin_pct": None}
    week["cost"] = {"total": "10.00", "complete": True, "revenue": None, **lacking}
    week["top_tenants"] = [week["top_tenants"][1] | lacking | {"cost_complete": True}]
    publish(store, {"v1/platform/partly/summary.json": document})
    shown = show("partly/7d")
    assert "Some subscriptions have no known amount" in shown.text("#margin .lacking")
    titles = "all => all.map(one => one.title)"
    unknown = ["some of the revenue is not known"]
    assert shown.page.eval_on_selector_all("#margin .none", titles) == ["not known", *unknown]
    assert shown.page.eval_on_selector_all("#top_tenants .none", titles) == unknown * 2
    assert shown.page.locator("#top_tenants .flag").count() == 1
    assert shown.page.eval_on_selector_all("[data-metric=margin] .none", titles) == unknown * 2
    shown = show("busy/30d")
    assert shown.page.locator("#margin .lacking").count() == 1
    assert shown.page.get_attribute("#margin .none", "title") == "some of the cost is not known"


def test_what_has_to_be_looked_at_is_said(show: Show) -> None:
    shown = show("busy/30d")
    words = " ".join(shown.text("#health").split())
    for part in (
        *("Tenants up to date 1 is not", "python -m pipeline doctor", "Costs known not all of 2 tenants"),
        *("no exchange rate is known", "and 4 other items", "Rejected rows 12", "api_requests: duration negative 12"),
        "Hours made anew 5 in 1 repair",
    ):
        assert part in words
    assert shown.page.locator("#health .look").count() == 4
    shown = show("empty/30d")
    assert shown.page.locator("#health .fine").count() == 4


def test_several_reasons_of_one_day_are_all_put_into_words(show: Show, store: Path) -> None:
    document = sample("busy")
    document["health"]["unknown_costs"]["items"][0]["reason"] = "no_price, overlapping_prices"
    publish(store, {"v1/platform/several/summary.json": document})
    words = show("several").text("#health")
    assert "no price was in force, or two prices were in force at once" in words


def test_an_empty_platform_has_nothing_and_says_why_ratios_are_missing(show: Show) -> None:
    shown = show("empty")
    assert shown.text("#range").replace("\u2009", " ") == "24 Oct – 22 Nov 2026", "30 days, unless asked for others"
    assert shown.text("#mrr .value").startswith("₦0.00")
    titles = shown.page.eval_on_selector_all(".rates .none", "all => all.map(one => one.title)")
    no_opening = "there was no MRR at the opening"
    assert titles == ["no tenant pays", no_opening, no_opening, "nothing was lost in this period"]
    assert "No subscription brings anything" in shown.text("#mrr")
    assert "No tenant has used anything" in shown.text("#top_tenants")


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
@pytest.mark.parametrize("key", KEYS)
def test_nothing_sticks_out_and_nothing_lacks_a_name(show: Show, key: str, width: int) -> None:
    shown = show(key, width=width)
    for name in SHAPES:
        shown.choose(name)
        assert shown.sticking_out() == [], name
        assert shown.lacking() == {}, name


def test_names_from_outside_stay_words(show: Show) -> None:
    shown = show("hostile")
    assert HOSTILE in shown.page.eval_on_selector_all("bdi", "all => all.map(one => one.textContent)")
    assert shown.page.locator("main img, main script").count() == 0


def test_a_stale_summary_and_an_unknown_key_are_said(show: Show, store: Path) -> None:
    document = status(data_through=THROUGH, stale=("busy",))
    publish(store, {"v1/status.json": document})
    assert "last update of these numbers failed" in show("busy").text("#warning")
    shown = show("")
    assert "python -m pipeline url --platform" in shown.text("#message")
    assert not [asked for asked in shown.asked if "/v1/" in asked]
    assert shown.lacking() == {}
    shown = show("nobody")
    assert "Nothing is published here" in shown.text("#message")
    shown.wrong.clear()  # the browser itself reports the 404


# What the pipeline has made, on both pages


def business(sql: Sql) -> None:
    """Two tenants, prices in two currencies that change, a model without one, a quota, subscriptions that move."""
    for tenant in ("t1", "t2"):
        sql.tenant(tenant)
    price(sql, currency="USD", amount="0.1", effective_to="2026-03-05T11:00Z")
    price(sql, currency="USD", amount="0.2", start="2026-03-05T11:00Z")
    price(sql, item="api_calls", amount="0.33")
    for day in range(1, 11):
        rate(sql, f"2026-03-{day:02}", f"{1500 + day}.123456")
        sql.usage(f"2026-03-{day:02}T10:00Z", "t1", amount=f"{day}000.5")
        sql.usage(f"2026-03-{day:02}T11:00Z", "t2", amount=777)
        sql.request(f"2026-03-{day:02}T10:00Z", "t1")
    sql.usage("2026-03-08T10:00Z", "t2", quota_type="ai_tokens_m-9")
    sql("insert into quotas values ('t1', %s, 60000, 'month')", MODEL)
    subscription(sql, monthly_amount="1234567.89", currency="NGN")
    subscription(
        sql, tenant_id="t2", monthly_amount="49.99", currency="USD", plan="starter", started_at="2026-02-20T09:00Z"
    )


def naira(amount: object) -> str:
    assert isinstance(amount, Decimal)
    return f"₦{amount:,.2f}"


def test_both_pages_show_what_sql_says(ready: Installation, sql: Sql, show_in: Show) -> None:
    business(sql)
    run(ready, RUN_AT)
    week = "day between '2026-03-03' and '2026-03-09'"
    spent = sql.one(f"select round(sum(amount), 2) from rollup.cost_daily where tenant_id = 't1' and {week}")
    everything = sql.one(f"select round(sum(amount), 2) from rollup.cost_daily where {week}")
    recurring = sql.one("select round(sum(mrr), 2) from rollup.mrr_daily where day = '2026-03-09'")
    used = sql.one("select sum(amount) from usage_records where tenant_id = 't1' and created_at < '2026-03-10T12:00Z'")
    with served(ready.settings.home / "public") as url:
        mine = show_in(url, f"{address(ready, 't1').key}/7d", name="", now=RUN_AT)
        assert mine.text("#cost_breakdown .value").startswith(naira(spent))
        assert mine.exact("#cost_breakdown .value") == [str(spent)]
        assert mine.exact(".quota .used")[:2] == [f"{used:f}".rstrip("0").rstrip("."), "60000"]
        assert mine.page.get_attribute(".quota", "data-status") == "near"
        theirs = show_in(url, f"{address(ready, 't2').key}/7d", name="", now=RUN_AT)
        assert "no price was in force" in theirs.text("#cost_breakdown .incomplete")
        platform = show_in(url, f"{platform_address(ready).key}/7d", now=RUN_AT)
        assert platform.text("#mrr .value").startswith(naira(recurring))
        assert platform.exact("#margin dd")[1] == str(everything)
        opening, *moves, closing = [Decimal(str(each)) for each in platform.exact("#mrr .waterfall")]
        assert opening + sum(moves) == closing == recurring
        assert platform.text("[data-metric=cost] .flag") == "incomplete"


HISTORY = {"mrr": "mrr", "requests": "requests", "tokens": "ai_tokens", "cost": "cost", "active": "active_tenants"}


def test_history_shows_all_days_that_there_are_pages_of(ready: Installation, sql: Sql, show_in: Show) -> None:
    """Also those that no period reaches any more; a day without anything used nothing, and its MRR is not known."""
    business(sql)
    for day in ("2025-10-03", "2025-10-05", "2025-12-30"):
        sql.usage(f"{day}T10:00Z", "t1", amount="12.5")
        sql.request(f"{day}T10:00Z", "t2")
    run(ready, RUN_AT)
    folder = platform_address(ready).path.rsplit("/", 1)[0]
    listed = document(ready, platform_address(ready).path)["pages"]["daily"]
    newest = [document(ready, f"{folder}/{each['path']}") for each in listed[:3]]
    with served(ready.settings.home / "public") as url:
        shown = show_in(url, platform_address(ready).key, now=RUN_AT)
        assert not [asked for asked in shown.asked if "/daily/" in asked], "nothing is fetched before it is looked at"
        shown.page.locator("#history").scroll_into_view_if_needed()
        until(shown.page, "document.querySelector('#history .turn p').textContent.startsWith('MRR by the day, ')")
        for measure, column in HISTORY.items():
            shown.page.check(f"#history input[value={measure}]", force=True)
            shown.page.click("#history summary")
            shown.page.wait_for_selector("#history table")
            by_day = {day: value for page in newest for day, value in zip(page["day"], page[column], strict=True)}
            told = [each for each in shown.exact("#history table") if float(each or 0)]
            assert told == [str(by_day[day]) for day in sorted(by_day, reverse=True) if float(by_day[day] or 0)], column
        assert shown.lacking() == {}
        shown.page.click("text=Earlier")
        until(
            shown.page,
            "document.querySelector('#history .turn p').textContent.startsWith('Active tenants by the day, 3–5')",
        )
        assert shown.text("#history .turn p").endswith("3–5 Oct 2025")


def test_an_installation_without_tenants_has_an_operators_page(ready: Installation, show_in: Show) -> None:
    run(ready, RUN_AT)
    with served(ready.settings.home / "public") as url:
        shown = show_in(url, platform_address(ready).key, now=RUN_AT)
        for name in SHAPES:
            shown.choose(name)
            assert shown.text("#mrr .value").startswith("₦0.00")
        assert shown.lacking() == {}
