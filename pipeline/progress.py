"""Progress of long work: a live line on a terminal, plain lines elsewhere; always on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

PLAIN_SECONDS = 5.0
LIVE_SECONDS = 0.1


class Progress:
    """Says what is being done; `step` counts towards a total."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.live = bool(self.stream) and self.stream.isatty()  # there is no stream where it was closed: `2>&-`

    def say(self, line: str) -> None:
        """Print one line."""
        print(line, file=self.stream, flush=True)

    @contextmanager
    def step(self, what: str, *, total: int | None = None, unit: str = "") -> Iterator[Step]:
        """Show `what` with a count that the body advances; the last line says how long it took."""
        step = Step(self, what, total, unit)
        try:
            yield step
        except BaseException:
            step.leave()
            raise
        step.finish()


class Step:
    """One piece of long work."""

    def __init__(self, progress: Progress, what: str, total: int | None, unit: str) -> None:
        self.progress, self.what, self.total, self.unit = progress, what, total, unit
        self.count = 0
        self.started = self.shown = time.monotonic()
        self.open_line = False

    def advance(self, count: int = 1) -> None:
        """Add to the count, and show it now and then."""
        self.count += count
        now = time.monotonic()
        if now - self.shown >= (LIVE_SECONDS if self.progress.live else PLAIN_SECONDS):
            self.shown = now
            self._show(self._counted(), last=False)

    def finish(self) -> None:
        """Show the end."""
        self._show(f"{self._counted()} in {time.monotonic() - self.started:.1f} s", last=True)

    def leave(self) -> None:
        """End a live line that stands there, so that what went wrong gets a line of its own."""
        if self.open_line:
            self.progress.say("")

    def _counted(self) -> str:
        if self.total and self.count != self.total:
            return f"{self.what}: {self.count:,} of {self.total:,} {self.unit}".rstrip()
        return f"{self.what}: {self.count:,} {self.unit}".rstrip() if self.count or self.unit else self.what

    def _show(self, text: str, *, last: bool) -> None:
        if self.progress.live:
            print(f"\r\033[2K{text}", end="\n" if last else "", file=self.progress.stream, flush=True)
            self.open_line = not last
        else:
            self.progress.say(text)
