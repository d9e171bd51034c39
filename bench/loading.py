"""The page on bad lines, against the least that a line allows, and against the same page over SQL on the raw tables."""

from __future__ import annotations

import gzip
import http.client
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import psycopg

from bench.lines import FAST, SLOW, SLOW_PHONE, Line, Opened, cold, open_on, visit
from bench.live import LiveSite, open_pool
from bench.live_statements import INDEXES
from bench.measuring import judge, say
from bench.scenes import Scenes, database, installation_on, quiet
from pipeline.demo.scenario import simulate
from pipeline.demo.world import Parameters
from pipeline.publish.keys import address
from pipeline.serving.server import Server
from pipeline.serving.site import Answer, Asked, Site
from pipeline.settings import ROOT
from tests.browsing import chromium

ROWS_AT_SCALE_1 = 2_000_000
ROUNDS = 3
SETTLED = 0.5  # seconds in which an answer that passed the gate as it closed is out
STATIC_REQUESTS, LIVE_REQUESTS = 3_000, 15
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SERVE = multiprocessing.get_context("spawn")
LIMITS = f"""\
The demo, its biggest tenant; files and pages by `python -m pipeline serve`, in a process of its own, not by a CDN.
The line is Chromium's throttling: every request waits for the latency, all share the rate. It does not model the
connection's own round trips, slow start, loss or TLS. Bytes are all that came before the first numbers, headers too.
Two ratios: to two round trips (page, then document) and after them all bytes at full rate; and to the least that no
page can beat, whose second round trip begins with the page's first byte and overlaps the rest of it, so that the first
ratio may be below 1. "First numbers" is the frame after the first key figure is in the page. Best of {ROUNDS}, as the
machine is shared.
Over SQL: the same page; counts, percentiles, trends and lists of all four periods by percentile_cont and the like, one
query a section, covering indexes, vacuumed, a pool, prepared statements, gzip. Cost, quotas and the list of pages it is
given for nothing. "24h only" is the same for the period that is shown first: fewer bytes, and another request for every
other period, so it is shown beside and its first numbers are not judged. Server time is processor time of the server's
process, of its database connections and their workers, and of whatever else of the cluster ends meanwhile (autovacuum);
the page's own files are left out on both sides."""


@dataclass(frozen=True)
class Serving:
    """A server in a process of its own: where it is, the gate that holds back answers, how many it gave."""

    url: str
    pid: int
    gate: Any
    answers: Any
    database: str | None = None

    def processor_seconds(self) -> float:
        """Give the processor time so far of the process, and of its database connections and their workers."""
        return _ticks(self.pid, 13, 14) / TICKS_A_SECOND + (_database_seconds(self.database) if self.database else 0)


@dataclass(frozen=True)
class ServerTime:
    """What one dashboard.json takes: processor seconds of the server, and seconds that whoever asks waits."""

    processor: float
    wall: float


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    scale = max(1.0, scenes.rows / ROWS_AT_SCALE_1)
    with database("bench_loading") as (url, connection), tempfile.TemporaryDirectory(prefix="bench-") as home:
        installation = installation_on(url, home)
        say(f"loading: a demo of scale {scale:g}")
        with quiet():
            made = simulate(installation, Parameters(scale=scale), datetime.now(UTC), leave_changes=False)
        connection.execute(INDEXES)
        connection.execute("vacuum analyze")
        print(f"loading: the demo, {made.rows:,} rows\n{LIMITS}")
        path = address(installation, made.tenant).path
        store = Path(home) / "public"
        published = orjson.loads(gzip.decompress((store / path).read_bytes()))
        pool = url.replace("postgresql://", "postgresql+psycopg://")
        whole, first = tuple(published["periods"]), ("24h",)
        with (
            serving(store) as static,
            serving(store, live=(pool, published, whole)) as live,
            serving(store, live=(pool, published, first)) as short,
            chromium() as browser,
        ):
            _same_totals(path, published, live)
            fragment = f"#{path.split('/')[2]}"
            _print_cold(browser, fragment, static=static, live=live, short=short)
            _print_kept(browser, f"{static.url}{fragment}", static)
            _print_server_time(path, static=static, live=live, short=short)
        installation.database.engine.dispose()


def _print_cold(browser: Any, fragment: str, *, static: Serving, live: Serving, short: Serving) -> None:
    sides = {"files": static, "SQL": live, "SQL, 24h only": short}
    measures = f"{'first numbers':>14}{'to sequence':>13}{'to least':>10}{'bytes':>9}{'requests':>10}"
    print(f"  {'Nobody was here before':<36}{measures}")
    best: dict[tuple[str, str], Opened] = {}
    heaviest = 0
    for line in (SLOW, FAST, SLOW_PHONE):
        tries: dict[str, list[Opened]] = {name: [] for name in sides}
        for _ in range(ROUNDS):  # in turn, so that what else the machine does meets all
            for name, side in sides.items():
                tries[name].append(cold(browser, f"{side.url}{fragment}", line))
        say(f"{line.name}: {ROUNDS} rounds")
        if line is not SLOW_PHONE:  # on which more may come while it draws
            heaviest = max(heaviest, *(one.received for one in tries["files"]))
        for name, opened in tries.items():
            best[line.name, name] = least = min(opened, key=lambda one: one.seconds)
            _print_opened(f"{line.name}, {name}", least, line)
    ours_on_slow = best[SLOW.name, "files"]
    judge("slow 3G, two round trips and then the bytes", ours_on_slow.over_sequence(SLOW), at_most=1.25)
    judge("slow 3G, the least that no page can beat", ours_on_slow.over_least(SLOW), at_most=1.25)
    for line in (SLOW, FAST, SLOW_PHONE):
        ours = best[line.name, "files"].seconds
        theirs = best[line.name, "SQL"].seconds
        judge(f"{line.name}, files to SQL", ours / theirs, at_most=1)
    judge("kB before the first numbers", heaviest / 1000, at_most=20)


def _print_opened(name: str, opened: Opened, line: Line) -> None:
    ratios = f"{opened.over_sequence(line):13.2f}{opened.over_least(line):10.2f}"
    print(f"  {name:<36}{opened.seconds:12.3f} s{ratios}{opened.received:9,}{opened.requests:10}")


def _print_kept(browser: Any, url: str, static: Serving) -> None:
    """Warm: answers are held back until the numbers are there, so that none can have been waited for."""
    context = browser.new_context()
    visits = visit(context, url)
    print(f"  Kept on the device, after {visits} visit{'s' if visits > 1 else ''}")
    for line in (SLOW, FAST, SLOW_PHONE):
        _print_warm(f"{line.name}, answers as ever", [open_on(context, url, line) for _ in range(ROUNDS)])
    static.gate.clear()
    time.sleep(SETTLED)
    before = static.answers.value
    _print_warm("slow 3G, the server answers nothing", held := [open_on(context, url, SLOW) for _ in range(ROUNDS)])
    context.set_offline(True)
    _print_warm("offline", offline := [open_on(context, url, SLOW) for _ in range(ROUNDS)])
    answers = static.answers.value - before
    context.close()
    static.gate.set()
    judge("answers of the server in both, to any request", answers, at_most=0)
    waited = min(one.seconds for one in held + offline)
    judge("first numbers to one round trip of slow 3G", waited * 1000 / SLOW.latency_ms, at_most=1)


def _print_warm(name: str, opened: list[Opened]) -> None:
    print(f"  {name:<36}{min(one.seconds for one in opened):12.3f} s")


def _print_server_time(path: str, *, static: Serving, live: Serving, short: Serving) -> None:
    say("server time")
    print(f"  Server time of one dashboard.json{'':<4}{'processor':>12}{'waited':>14}")
    files = _server_time(static, path, STATIC_REQUESTS)
    shown = {"files": files}
    for name, side in (("SQL", live), ("SQL, 24h only", short)):
        shown[name] = _server_time(side, path, LIVE_REQUESTS if side is live else 10 * LIVE_REQUESTS)
    for name, took in shown.items():
        print(f"  {name:<36}{took.processor * 1000:10.3f} ms{took.wall * 1000:11.3f} ms")
    judge("SQL to files, processor", shown["SQL"].processor / files.processor, at_least=20)
    judge("SQL to files, waited", shown["SQL"].wall / files.wall, at_least=20)
    judge("SQL, 24h only, to files, processor", shown["SQL, 24h only"].processor / files.processor, at_least=20)


def _server_time(side: Serving, path: str, requests: int) -> ServerTime:
    """Ask as often as given on one connection; the first few warm up."""
    connection = http.client.HTTPConnection(side.url.split("/")[2])
    waited = [_asked(connection, path) for _ in range(6)]
    before = side.processor_seconds()
    waited = [_asked(connection, path) for _ in range(requests)]
    processor = side.processor_seconds() - before
    connection.close()
    return ServerTime(processor / requests, median(waited))


def _asked(connection: http.client.HTTPConnection, path: str) -> float:
    began = time.perf_counter()
    connection.request("GET", f"/{path}", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    content = answer.read()
    took = time.perf_counter() - began
    assert answer.status == 200
    assert content
    return took


def _same_totals(path: str, published: dict[str, Any], live: Serving) -> None:
    """The two sides give the same numbers, or the comparison is none."""
    connection = http.client.HTTPConnection(live.url.split("/")[2])
    connection.request("GET", f"/{path}")
    computed = orjson.loads(gzip.decompress(connection.getresponse().read()))
    connection.close()
    for name, period in published["periods"].items():
        ours, theirs = period, computed["periods"][name]
        for section in ("api_usage", "error_rates", "usage_trend"):
            assert ours[section] == theirs[section], (name, section, ours[section], theirs[section])
        assert ours["ai_tokens"]["total"] == theirs["ai_tokens"]["total"], name
        assert [one["endpoint"] for one in ours["top_endpoints"]] == [
            one["endpoint"] for one in theirs["top_endpoints"]
        ]


@contextmanager
def serving(store: Path, live: tuple[str, dict[str, Any], tuple[str, ...]] | None = None) -> Iterator[Serving]:
    """A server of the files, or with `live` (database, document, periods) of what is computed, while the body runs."""
    gate, answers, (ours, theirs) = SERVE.Event(), SERVE.Value("q", 0), SERVE.Pipe()
    gate.set()
    process = SERVE.Process(target=_serve, args=(store, live, Gate(gate, answers), theirs), daemon=True)
    process.start()
    pid = process.pid
    assert pid is not None
    try:
        yield Serving(ours.recv(), pid, gate, answers, live[0].replace("+psycopg", "") if live else None)
    finally:
        gate.set()
        process.terminate()
        process.join()


@dataclass(frozen=True)
class Gate:
    """Every answer passes it, also those on a connection that was there before it closed."""

    opened: Any
    answers: Any

    def passed(self, answer: Answer) -> Answer:
        """Wait until it is open, and count."""
        self.opened.wait()
        with self.answers.get_lock():
            self.answers.value += 1
        return answer


@dataclass(frozen=True)
class GatedSite(Site):
    """A site behind a gate."""

    site: Site
    gate: Gate

    def answer(self, asked: Asked) -> Answer:
        """Answer as the site does, once the gate is open."""
        return self.gate.passed(self.site.answer(asked))


def _serve(store: Path, live: tuple[str, dict[str, Any], tuple[str, ...]] | None, gate: Gate, tell: Any) -> None:
    page = ROOT / "dashboard"
    site = Site(page=page, store=store)
    if live:
        url, published, periods = live
        pool = open_pool(f"{url}?application_name=bench-live")
        site = LiveSite(page=page, store=store, engine=pool, published=published, periods=periods)
    server = Server(GatedSite(page=page, store=store, site=site, gate=gate), host="127.0.0.1", port=0)
    tell.send(server.url)
    server.serve_forever()


def _database_seconds(url: str) -> float:
    """Processor time of this database's connections, and of the cluster's processes that have ended (their workers)."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select pid from pg_stat_activity where datname = current_database() and application_name = 'bench-live'"
        ).fetchall()
        (file,) = connection.execute("select current_setting('data_directory')").fetchone() or ("",)
    postmaster = int((Path(file) / "postmaster.pid").read_text().split()[0])
    return (sum(_ticks(pid, 13, 14) for (pid,) in found) + _ticks(postmaster, 15, 16)) / TICKS_A_SECOND


def _ticks(pid: int, *fields: int) -> int:
    """Add up fields of /proc/PID/stat, counted from 0; the name before them may hold blanks."""
    after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(after[field - 2]) for field in fields)
