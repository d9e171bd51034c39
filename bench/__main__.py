"""`python -m bench [NAME ...] [--rows N] [--tenants N]`: all benchmarks that need nothing else, where none is named.

`loading`, the page in Chromium, and `puts`, boto3 beside obstore, need what `make test-real` installs.
"""

from __future__ import annotations

import argparse
import importlib
import os

from bench.scenes import Scenes

USUAL = ("build", "fresh", "late", "writer", "sizes", "publish", "reads")
BENCHMARKS = (*USUAL, "puts", "loading")
LIMITS = """\
Limits: one embedded PostgreSQL and its clients on this one machine ({cores} cores), one process rolling up, data in the
page cache, made-up rows (Zipf tenants, 12 endpoints, log-normal durations). Seconds are of this run alone; only the
ratios say something, and on a machine that does other work beside, not even all of them.
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)} (default: all but puts, loading)"
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests of history (default: %(default)s)")
    parser.add_argument("--tenants", type=int, default=2_000, help="of publish by share (default: %(default)s)")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"{unknown[0]}: no such benchmark. Known: {', '.join(BENCHMARKS)}.")
    print(LIMITS.format(cores=len(os.sched_getaffinity(0))))
    with Scenes(given.rows, given.tenants) as scenes:
        for name in given.names or USUAL:
            importlib.import_module(f"bench.{name}").measure(scenes)
            print(flush=True)


if __name__ == "__main__":
    main()
