"""(a) A full build against exact percentiles at the same grain, and against the bare scan."""

from __future__ import annotations

from bench.measuring import judge, print_steps, say, timed
from bench.scenes import DAYS, END, TENANTS, Scenes
from bench.statements import EXACT, SCAN
from pipeline.rollups.chunk import WORK_MEM

LIMITS = """\
"Exact" is percentile_cont at the same grain (tenant, hour, endpoint), written to the same kind of table: partitions and
indexes as those of rollup.api_hourly, the same memory to sort in, no parallel workers on either side. It cannot be
merged into days. The whole tick also merges days, counts rejected rows, prices the days, sums up the platform, and does
marks, tenants and the queue.
Not measured: reading from a disk."""


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    print(f"build: {scenes.rows:,} requests, {TENANTS:,} tenants, {DAYS} days\n{LIMITS}")
    scene = scenes.full()
    span, connection = {"start": scene.start, "end": END}, scene.connection
    connection.execute("set max_parallel_workers_per_gather = 0")
    connection.execute(f"set work_mem = '{WORK_MEM}'".encode())
    scan = min(timed(lambda: connection.execute(SCAN, span).fetchone()) for _ in range(3))
    say("exact percentiles")
    exact = timed(lambda: connection.execute(EXACT, span))
    connection.execute("truncate bench.exact_hourly")
    connection.execute("checkpoint")
    say("the tick")
    report = scene.roll(END)
    hours = report.seconds_by_step["hours"]
    print(f"  {'bare scan':<28}{scan:9.3f} s")
    for name, seconds in (
        ("exact percentile_cont", exact),
        ("Tenantcast, hourly rollup", hours),
        ("Tenantcast, whole tick", report.seconds),
    ):
        print(f"  {name:<28}{seconds:9.3f} s {seconds / scan:8.1f} x scan {seconds / exact:7.2f} x exact")
    judge("hourly rollup to exact", hours / exact, at_most=1.3)
    print_steps(report.seconds_by_step | {"other": report.seconds - sum(report.seconds_by_step.values())})
