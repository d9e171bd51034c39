"""Recomputes a range from raw rows on purpose: recorded with its reason, done by the tick, resumable after a kill."""

from __future__ import annotations

import argparse

from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.reconcile.backfill import Asked, BackfillReport, preview
from pipeline.reconcile.backfill import backfill as backfill_range
from pipeline.runs import json_time
from pipeline.verbs.reporting import add_json, interval, show

HELP = "recompute a range on purpose, with a reason"
LONGEST_REASON = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "--from", dest="start", metavar="TIME", required=True, help="first hour (ISO 8601; a date: 00:00)"
    )
    parser.add_argument("--to", dest="end", metavar="TIME", required=True, help="end, exclusive")
    parser.add_argument("--reason", required=True, help="why; kept in pipeline.runs with who asked")
    parser.add_argument("--dry-run", action="store_true", help="only print what would change")
    parser.add_argument("--tenant", action="append", metavar="ID", help="only this tenant; may be given many times")
    parser.add_argument("--frozen", action="store_true", help="also hours whose purged raw rows have been restored")
    parser.add_argument(
        "--even-if-fewer",
        action="store_true",
        help="with --frozen: also where fewer rows have been restored than count",
    )
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Backfill, or say what that would change; exit code 1 if a tenant's files could not be published."""
    asked = _asked(arguments)
    report = preview(installation, asked) if arguments.dry_run else backfill_range(installation, asked)
    show(arguments, report.full(), describe(report))
    return 1 if report.run and report.run.publish.failures else 0


def _asked(arguments: argparse.Namespace) -> Asked:
    start, end = interval(arguments.start, arguments.end)
    if start is None or end is None:
        raise SettingsError("--from and --to: neither may be empty.")
    reason = " ".join(arguments.reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise SettingsError(f"--reason: say why, in 1 to {LONGEST_REASON} characters; whoever looks later will ask.")
    if arguments.frozen and arguments.tenant:
        raise SettingsError("--frozen --tenant: an hour is frozen for all tenants at once. Leave out one of them.")
    if arguments.even_if_fewer and not arguments.frozen:
        raise SettingsError("--even-if-fewer: only frozen hours are left alone. Add --frozen, or leave it out.")
    tenants = tuple(sorted(set(arguments.tenant))) if arguments.tenant else None
    frozen, fewer = arguments.frozen, arguments.even_if_fewer
    return Asked(start=start, end=end, reason=reason, tenants=tenants, frozen=frozen, even_if_fewer=fewer)


def describe(report: BackfillReport) -> list[str]:
    """Say what changes, what was left out and why, and who does the rest."""
    found, changes = report.found, report.changes
    differing = found.differing.total() + found.waiting
    lines = changes.lines() if report.dry_run else []
    lines.append(
        f"{'would change' if report.dry_run else 'changed'}: {differing:,} buckets and days differ, "
        f"{len(changes.days):,} days of tenants, requests {changes.requests_change:+,}, "
        f"tokens {changes.tokens_change:+,}"
    )
    if report.kept_from:
        lines.append(f"refused: hours before {json_time(report.kept_from)} are not kept any more")
    if found.frozen_hours:
        lines.append(
            f"frozen: {found.frozen_hours:,} hours were skipped; --frozen redoes them once raw rows are restored"
        )
    if report.unrestored_hours:
        lines.append(
            f"left alone: {report.unrestored_hours:,} frozen hours have fewer raw rows than they count; "
            "they are not restored yet. --even-if-fewer redoes those that have any"
        )
    if report.resumes:
        lines.append(f"resumed run {report.resumes}")
    if report.busy:
        lines.append(f"{report.busy} The {report.marks:,} marks are there: the next tick does the rest.")
    elif not report.dry_run:
        lines.append(f"{report.marks:,} marks made, rolled up and published")
    return lines
