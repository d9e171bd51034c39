"""A real browser on a folder of published files: what is shown, what was asked for, what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.serving.server import Server
from pipeline.serving.site import Site
from pipeline.settings import ROOT

CHROMIUM = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)
Page = Any  # playwright is not among the locked packages: it comes with the parts that apt installs

DRAWN = "#detail:not([hidden]), #message:not([hidden])"  # all of the page, or what is said in its place

# What a screen reader needs, each a list of what lacks it: a name for what can be reached or is drawn, headings for
# columns and rows, ids that are there once, a label that exists.
LACKING = """() => {
    const seen = (one) => one.checkVisibility?.() ?? true;
    const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    const named = (one) => one.getAttribute('aria-label') || one.textContent.trim()
        || one.labels?.length || document.getElementById(one.getAttribute('aria-labelledby'))?.textContent.trim();
    const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
    const words = (list) => list.map((one) => one.outerHTML.slice(0, 120));
    return {
        unnamed: words(all('button, input, summary, [tabindex], [role=img], [role=meter], [role=slider], [role=region]').filter((one) => !named(one))),
        sections: words(all('section').filter((one) => !named(one))),
        uncaptioned: words(all('table').filter((one) => !one.caption?.textContent.trim())),
        headless: words(all('table').filter((one) => [...one.rows].some((row) => row.cells[0].tagName !== 'TH' || !row.cells[0].scope))),
        uneven: words(all('table').filter((one) => new Set([...one.rows].map((row) => row.cells.length)).size > 1)),
        twice: ids.filter((id, place) => ids.indexOf(id) !== place),
        dangling: words(all('[aria-labelledby]').filter((one) => !document.getElementById(one.getAttribute('aria-labelledby')))),
        meters: words(all('[role=meter]').filter((one) => !(Number(one.ariaValueNow) >= 0 && Number(one.ariaValueNow) <= 100 && one.ariaValueText))),
        languages: document.documentElement.lang ? [] : ['html'],
        mains: document.querySelectorAll('main:not([hidden])').length <= 2 ? [] : ['main'],
    };
}"""


# Words and numbers that reach past the edge of their card, or into the next cell of their table.
STICKING_OUT = """() => {
    const scrolls = (one) => one && getComputedStyle(one).overflowX !== 'visible';
    return [...document.querySelectorAll('.card, .metric, td, th')].flatMap((box) =>
        [...box.querySelectorAll('data, .none, .flag, bdi, h2, h3, p, small')]
            .filter((one) => one.checkVisibility() && !one.closest('.unseen, .scroll') && !scrolls(one.closest('.wide-table')))
            .filter((one) => {
                const [inner, outer] = [one.getBoundingClientRect(), box.getBoundingClientRect()];
                return inner.width > 1 && (inner.right > outer.right + 0.5 || inner.left < outer.left - 0.5);
            })
            .map((one) => `${box.tagName}: ${one.textContent}`));
}"""


class Shown:
    """A page that is open, with all that went wrong on it and all that it asked for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.asked: list[str] = []
        self.wrong: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.add_init_script("addEventListener('securitypolicyviolation', e => console.error(e.blockedURI))")

    def _heard(self, line: Any) -> None:
        if line.type != "log" and not line.text.endswith("blocked by Playwright"):  # a test that blocks sw.js says so
            self.wrong.append(line.text)

    def open(self, fragment: str, name: str = "") -> Shown:
        """Open `name` (nothing: the tenant's page) with a fragment, and wait until it is drawn."""
        self.page.goto(f"{self.url}{name}#{fragment}")
        self.page.wait_for_selector(DRAWN)
        self.page.wait_for_function("!document.querySelector('.freshness').textContent.includes('looking')")
        return self

    def text(self, selector: str) -> str:
        """The words of a part of the page, as they are laid out."""
        return str(self.page.inner_text(selector))

    def exact(self, selector: str) -> list[str | None]:
        """The exact values of all numbers in a part of the page, in order, as they were sent; None for a dash."""
        return list(
            self.page.eval_on_selector_all(
                f":is({selector}) :is(data, .none)", "all => all.map(one => one.matches('data') ? one.value : null)"
            )
        )

    def numbers(self, selector: str) -> list[float | None]:
        """The same as numbers."""
        return [None if value is None else float(value) for value in self.exact(selector)]

    def choose(self, period: str) -> None:
        """Choose a period."""
        self.page.check(f"input[value='{period}']", force=True)

    def lacking(self) -> dict[str, list[str]]:
        """What lacks what a screen reader needs, by kind."""
        found: dict[str, list[str]] = self.page.evaluate(LACKING)
        return {kind: those for kind, those in found.items() if those}

    def sticking_out(self) -> list[str]:
        """What reaches past the edge of the card or the cell that it is in."""
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.page.viewport_size["width"]
        return list(dict.fromkeys(self.page.evaluate(STICKING_OUT)))

    def close(self) -> None:
        """Close it; nothing may have gone wrong, no other host been asked, nothing from outside been run."""
        assert self.wrong == []
        assert [asked for asked in self.asked if not asked.startswith(self.url)] == []
        assert self.page.evaluate("window.hacked") is None
        self.page.context.close()


def until(page: Page, expression: str) -> None:
    """Wait until it is true; Playwright's own waiting needs `eval`, which the page's policy forbids."""
    for _ in range(400):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser while the body runs."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(CHROMIUM))
        yield browser
        browser.close()


@contextmanager
def served(store: Path) -> Iterator[str]:
    """The address of the pages and of the files in `store` while the body runs."""
    server = Server(Site(page=ROOT / "dashboard", store=store), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
