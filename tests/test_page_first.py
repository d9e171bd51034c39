"""What stands between opening a page and its first numbers: three requests, few bytes, two turns of the line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

import pytest

from tests.browsing import Shown, chromium, served
from tests.sample_documents import Sample, dashboard, publish, status
from tests.sample_money import summary
from tests.sample_pages import with_pages

pytestmark = pytest.mark.real

THROUGH = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOST = 20_000
PAGES = {
    "": ("v1/t/kobo/dashboard.json", "#metrics .value"),
    "operator.html": ("v1/platform/kobo/summary.json", "#figures .value"),
}


@pytest.fixture(scope="module")
def browser_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    store = tmp_path_factory.mktemp("store")
    document = dashboard(Sample("Kobo Ledger", size=900), data_through=THROUGH)
    platform = {"v1/platform/kobo/summary.json": summary(data_through=THROUGH, busy=True, name="Kobo Ledger")}
    files = with_pages("kobo", document, through=THROUGH) | platform
    publish(store, {"v1/status.json": status(data_through=THROUGH)} | files)
    with served(store) as url, chromium() as browser:
        yield browser, url


@pytest.mark.parametrize("name", PAGES)
def test_the_first_numbers_cost_three_requests_and_few_bytes(browser_at: tuple[Any, str], name: str) -> None:
    """Everything as it came over the wire, headers included."""
    browser, url = browser_at
    page = browser.new_context(service_workers="block").new_page()
    finished: list[Any] = []

    def note(request: Any) -> None:
        finished.append(request)

    page.on("requestfinished", note)
    shown = Shown(page, url).open("kobo", name)
    document, value = PAGES[name]
    first = [f"{url}{name}", f"{url}{document}", f"{url}v1/status.json"]
    assert [asked.partition("#")[0] for asked in shown.asked[:3]] == first
    assert f"{url}detail.css" in shown.asked[3:], "what comes later is asked for later"
    assert page.locator(value).count() >= 5
    cost = [size_of(request.sizes()) for request in finished if request.url.partition("#")[0] in first]
    assert len(cost) == 3
    assert sum(cost) <= MOST, cost
    shown.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_numbers_are_asked_for_while_the_page_is_still_coming(browser_at: tuple[Any, str], name: str) -> None:
    """A server that holds the rest of the page back until the document is asked for: else nobody would get anywhere."""
    browser, url = browser_at
    path, value = PAGES[name]
    with half_served(url, f"/{name}", f"/{path}") as held:
        page = browser.new_context(service_workers="block").new_page()
        page.goto(f"{held}{name}#kobo")
        page.wait_for_selector(value)
        page.context.close()


@contextmanager
def half_served(url: str, page: str, document: str) -> Iterator[str]:
    asked = threading.Event()

    class Half(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == document:
                asked.set()
            with urlopen(f"{url.removesuffix('/')}{self.path}") as answer:
                body = answer.read()
                self.send_response(200)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
            first = 2_000 if self.path == page else len(body)
            self.wfile.write(body[:first])
            if self.path == page and not asked.wait(15):
                return  # the page stays without its second half, and the test without its numbers
            self.wfile.write(body[first:])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: paths hold keys."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Half)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def size_of(sizes: dict[str, int]) -> int:
    return sizes["responseHeadersSize"] + sizes["responseBodySize"]
