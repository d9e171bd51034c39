"""(b) One fresh hour over little history and over ten times as much."""

from __future__ import annotations

from collections import Counter
from statistics import median

from bench.measuring import judge, paired, print_steps, say
from bench.scenes import END, HOUR, Scenes
from pipeline.rollups.report import RollReport

HOURS = 9
LIMITS = """\
Two databases side by side with the same traffic an hour, one with a tenth of the days. Both are vacuumed and analyzed
once, then get the same fresh hours in turn, each followed by a whole tick. Not measured: a cache that does not hold
the newest hours and the indexes' upper pages."""


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    print(f"fresh: {scenes.rows_an_hour:,} rows of one hour, over {scenes.rows // 10:,} and {scenes.rows:,} rows")
    print(LIMITS)
    both = [scenes.rolled(0.1), scenes.rolled()]
    reports: tuple[list[RollReport], list[RollReport]] = ([], [])
    begin = max(scene.through or END for scene in both)
    for hour in range(HOURS + 1):
        start = begin + hour * HOUR
        for which in (0, 1) if hour % 2 else (1, 0):
            both[which].add(scenes.rows_an_hour, start, start + HOUR)
            reports[which].append(both[which].roll(start + HOUR))
        say(f"hour {hour} of {HOURS}")
    little, much = (kept[1:] for kept in reports)  # the first hour warms up
    for name, kept in (("little history", little), ("ten times as much", much)):
        print(f"  {name:<20}{median(report.seconds for report in kept):9.3f} s a tick (median of {HOURS})")
        steps = sum((Counter(report.seconds_by_step) for report in kept), Counter[str]())
        print_steps({step: seconds / HOURS for step, seconds in steps.items()})
    seconds = [[report.seconds for report in kept] for kept in (little, much)]
    judge("much history to little", paired(*seconds), at_most=1.2)
