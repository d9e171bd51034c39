"""How reports lie on a terminal: labels in a column, text wrapped beside them, times with their age."""

from __future__ import annotations

import shutil
import textwrap
from datetime import datetime

from pipeline.runs import json_time

NARROWEST, WIDEST = 60, 120


def width() -> int:
    """Give how wide to write: as the terminal is, within reason; 80 elsewhere."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)


def wrapped(text: str, *, indent: int = 0) -> list[str]:
    """Give a text in lines."""
    return textwrap.wrap(
        text,
        width(),
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def labelled(label: str, text: str, *, column: int, indent: int = 2) -> list[str]:
    """Give a label and its text, wrapped into a column of its own."""
    room = max(width() - column, 20)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    first = f"{' ' * indent}{label} ".ljust(column) + lines[0]
    return [first.rstrip(), *(" " * column + line for line in lines[1:])]


def moment(at: datetime | None, now: datetime) -> str:
    """Write a time with its age; `never` where there is none."""
    return f"{json_time(at)} ({age(at, now)})" if at else "never"


def age(at: datetime, now: datetime) -> str:
    """Say how long ago a time is, or in how long it comes."""
    seconds = (now - at).total_seconds()
    return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"


def span(seconds: float) -> str:
    """Say a length of time in the unit that gives a number of two digits or so."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for size, unit, up_to in ((1, "s", 120), (60, "min", 120), (3600, "h", 48)):
        if seconds < size * up_to:
            return f"{int(seconds // size)} {unit}"
    return counted(int(seconds // 86_400), "day")


def counted(count: int, noun: str, plural: str = "") -> str:
    """Say a number of things."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def amount_of_bytes(count: int) -> str:
    """Say a number of bytes."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
