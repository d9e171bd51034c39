"""A real browser on a bad line: when the first numbers are painted, and what had come by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Seen from outside, so that nothing is measured by the page's own word: the frame after the first key figure is there.
WATCH = """
globalThis.firstNumbers = new Promise((tell, fail) => {
    setTimeout(() => fail(new Error('no numbers within a minute')), 60_000);
    const watching = new MutationObserver(() => {
        if (!document.querySelector('#dashboard:not([hidden]) #metrics data')) return;
        watching.disconnect();
        requestAnimationFrame(() => setTimeout(() => tell(performance.timeOrigin + performance.now())));
    });
    watching.observe(document, { subtree: true, childList: true, attributes: true });
});
"""
KEPT = """
() => caches.open('numbers')
    .then((cache) => cache.keys())
    .then((all) => all.some(({ url }) => url.endsWith('/dashboard.json')))
    .then((kept) => kept && Boolean(navigator.serviceWorker.controller))
"""


@dataclass(frozen=True)
class Line:
    """A line: milliseconds a request waits, bytes a second; and how many times slower the processor is."""

    name: str
    latency_ms: float
    bytes_per_second: float
    slowdown: float = 1

    def one_after_the_other(self, received: int) -> float:
        """Give the seconds of two round trips and then all bytes, as if nothing came while the second was under way."""
        return 2 * self.latency_ms / 1000 + received / self.bytes_per_second

    def least(self, received: int, document: int) -> float:
        """Give the seconds that no page can save: the document is asked for by the first byte of the page.

        It cannot be there before two round trips and its own bytes, nor all before one round trip and all bytes.
        """
        round_trip, rate = self.latency_ms / 1000, self.bytes_per_second
        return max(2 * round_trip + document / rate, round_trip + received / rate)


SLOW = Line("slow 3G", 400, 50_000)
FAST = Line("fast 3G", 150, 180_000)
SLOW_PHONE = Line("slow 3G, CPU x4", 400, 50_000, slowdown=4)


@dataclass(frozen=True)
class Opened:
    """One opening of the page: seconds to the first numbers; bytes, the document's among them, and requests by then."""

    seconds: float
    received: int
    document: int
    requests: int

    def over_least(self, line: Line) -> float:
        """Give how many times the least it took."""
        return self.seconds / line.least(self.received, self.document)

    def over_sequence(self, line: Line) -> float:
        """Give how many times two round trips and then all bytes it took; below 1 where they overlap."""
        return self.seconds / line.one_after_the_other(self.received)


class Requests:
    """What the browser's network log says of one page."""

    def __init__(self, session: Any) -> None:
        self.began: float | None = None
        self.monotonic = 0.0
        self.documents: set[str] = set()
        self.finished: list[tuple[float, int, bool]] = []
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        if self.began is None:
            self.began, self.monotonic = event["wallTime"], event["timestamp"]
        if event["request"]["url"].endswith("/dashboard.json"):
            self.documents.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        is_document = event["requestId"] in self.documents
        self.finished.append((event["timestamp"], int(event["encodedDataLength"]), is_document))

    def until(self, wall: float) -> Opened:
        """What had come by a time of the wall clock."""
        assert self.began is not None
        seconds = wall - self.began
        come = [(size, is_document) for at, size, is_document in self.finished if at - self.monotonic <= seconds]
        document = sum(size for size, is_document in come if is_document)
        return Opened(seconds, sum(size for size, _ in come), document, len(come))


def open_on(context: Any, address: str, line: Line) -> Opened:
    """Open a page of its own in a browser's context and wait for the first numbers."""
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    rate = {"downloadThroughput": line.bytes_per_second, "uploadThroughput": line.bytes_per_second}
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": line.latency_ms, **rate})
    session.send("Emulation.setCPUThrottlingRate", {"rate": line.slowdown})
    log = Requests(session)
    page.goto(address, wait_until="commit")
    painted = page.evaluate("firstNumbers") / 1000
    page.wait_for_timeout(50)  # what the log still has to say of the time before
    opened = log.until(painted)
    page.close()
    return opened


def cold(browser: Any, address: str, line: Line) -> Opened:
    """Open it as somebody who was never here."""
    context = browser.new_context()
    opened = open_on(context, address, line)
    context.close()
    return opened


def visit(context: Any, address: str) -> int:
    """Open it on a good line until the numbers are kept on the device; give how many visits that took."""
    for visits in (1, 2):
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("#dashboard:not([hidden])")
        for _ in range(40):
            if page.evaluate(KEPT):
                page.close()
                return visits
            page.wait_for_timeout(50)
        page.close()
    raise AssertionError("two visits, and the service worker has not kept the numbers")
