"""(c) Ten late rows of one tenant over ten days, against redoing those days for all."""

from __future__ import annotations

from statistics import median

from bench.measuring import judge, print_steps, say
from bench.scenes import DAYS, END, Scenes
from bench.statements import LATE, MARK_DAYS
from pipeline.rollups.report import RollReport

TIMES = 7
REDONE = 10
LIMITS = """\
Both by the same tick: ten rows on ten days of one tenant of middling size, and all hours of those days marked whole.
Compared is the work on hours, rejected rows and days; what any tick costs, also one that finds nothing, stands
beside it. Not measured: publishing, which is in proportion to the tenants that changed as well."""


def measure(scenes: Scenes) -> None:
    """Measure and print."""
    print(f"late: ten rows over ten days, against these days for all, in {scenes.rows:,} rows\n{LIMITS}")
    scene = scenes.rolled()
    through = scene.through or END
    days = min(REDONE, DAYS)
    idle, late = [], []
    for turn in range(TIMES + 1):
        idle.append(scene.roll(through))
        scene.connection.execute(LATE, {"end": END, "days": days, "turn": turn})
        late.append(scene.roll(through))
    say("all hours of these days")
    scene.connection.execute(MARK_DAYS, {"end": END, "days": days})
    redone = scene.roll(through)
    few = median(_work(report) for report in late[1:])
    print(f"  {'a tick that finds nothing':<30}{median(report.seconds for report in idle[1:]):9.3f} s")
    for name, work, whole in (
        ("ten late rows", few, median(report.seconds for report in late[1:])),
        (f"{days} days for all", _work(redone), redone.seconds),
    ):
        print(f"  {name:<30}{work:9.3f} s of work, {whole:9.3f} s the whole tick")
    if not judge("times cheaper", _work(redone) / few, at_least=300):
        print("  The fewer rows, the less there is to save: the target is meant for --rows 10000000.")
    print_steps(late[-1].seconds_by_step)


def _work(report: RollReport) -> float:
    return sum(report.seconds_by_step.values())
