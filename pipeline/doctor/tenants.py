"""Tenants: rows of nobody that is known, publishing that failed, zones that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row

from pipeline.doctor.facts import Facts
from pipeline.doctor.finding import Finding
from pipeline.doctor.rejected import CONCERN, percent
from pipeline.layout import counted, moment
from pipeline.publish.keys import without_keys


def judge_strangers(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge rows of tenants that are not in `tenants`: a few are nothing unusual, for rows may come first."""
    table = facts.found["tenants"].relation.name if "tenants" in facts.found else "tenants"
    for row in rows:
        if not row.tenants:
            continue
        requests, records = _share(row.requests, row.all_requests), _share(row.records, row.all_records)
        yield Finding(
            name="unknown_tenants",
            severity="warning" if max(requests, records) >= CONCERN else "note",
            what=f"{counted(row.tenants, 'tenant')} with rows {'is' if row.tenants == 1 else 'are'} not in "
            f"{table}: {', '.join(row.examples)}{' …' if row.tenants > len(row.examples) else ''}; "
            f"since {row.since}, in the last 7 days {counted(row.requests, 'request')}, {percent(requests)} of all, "
            f"and {counted(row.records, 'usage record')}, {percent(records)}",
            why="Their rows are rolled up, and nobody sees them until their tenants appear.",
            fix=f"Add their rows to {table}, or stop what writes under such ids. More of one: "
            "python -m pipeline why TENANT",
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def judge_stale(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge tenants whose last publish failed."""
    if not rows:
        return
    told = [
        f"{row.tenant} (true as of {moment(row.published_through, facts.now)}): {without_keys(row.failure)}"
        for row in rows
    ]
    more = rows[0].tenants - len(rows)
    yield Finding(
        name="stale",
        severity="error",
        what=f"the last publish of {counted(rows[0].tenants, 'tenant')} failed: {'; '.join(told)}"
        + (f"; and {more:,} more" if more > 0 else ""),
        why="Their last good files stay, and status.json names them as stale. Others are not held up.",
        fix="Correct the cause; each run tries again:",
        paste="python -m pipeline run",
    )


def judge_zones(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Judge zones in which no days can be made."""
    for row in rows:
        examples = ", ".join(row.examples) + (" …" if row.tenants > len(row.examples) else "")
        yield Finding(
            name="zone",
            severity="warning",
            what=f"{counted(row.tenants, 'tenant')} ({examples}): {row.problem or f'{row.timezone} cannot be used'}",
            why="Days are merged from whole hours. Their last good files stay, and status.json names them as stale.",
            fix="Correct tenants.timezone to an IANA name on whole hours, or to null for the platform's "
            f"({facts.settings.timezone}); the next run publishes them.",
        )


def judge_rotation(rows: Sequence[Row[Any]], facts: Facts) -> Iterator[Finding]:
    """Say where a rotation of the secret stands, while anything is left of it."""
    found = rows[0]
    if found.not_moved:
        yield Finding(
            name="rotation",
            severity="warning",
            what=f"{counted(found.not_moved, 'tenant')} {'has' if found.not_moved == 1 else 'have'} files only under "
            "the keys of an earlier secret",
            why="Their new addresses lead to nothing yet, and their old files stay until that is so.",
            fix="Publish; if it stays so, the finding `stale` says what keeps them:",
            paste="python -m pipeline run",
        )
    if facts.settings.previous_secret:
        yield Finding(
            name="rotation",
            severity="note",
            what=f"addresses under TENANTCAST_PREVIOUS_SECRET are kept up too, of {counted(found.kept_up, 'tenant')}",
            why="Every file is written twice, and whoever knows the earlier secret can still read them.",
            fix="Once nobody uses an old address any more, unset it wherever runs are scheduled.",
        )
    elif found.files_left:
        yield Finding(
            name="rotation",
            severity="note",
            what=f"{counted(found.files_left, 'file')} of tenants left under the keys of an earlier secret",
            why="Each goes eight days after it was last current.",
            fix="Nothing to do; where they have to go at once:",
            paste="python -m pipeline url --end-rotation",
        )
