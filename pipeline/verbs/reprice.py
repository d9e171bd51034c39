"""Prices closed days anew on purpose: the difference by tenant and item first, then applied and recorded."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from datetime import date

from pipeline.costs.reprice import SHOWN, Difference, RepriceReport, Repricing, preview
from pipeline.costs.reprice import reprice as reprice_days
from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.layout import counted
from pipeline.verbs.reporting import add_json, show

HELP = "price days anew on purpose, with a reason"
LONGEST_REASON = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--from", dest="start", metavar="DAY", required=True, help="first day, as 2026-11-01")
    parser.add_argument("--to", dest="end", metavar="DAY", required=True, help="end, exclusive")
    parser.add_argument("--reason", required=True, help="why; kept in pipeline.repricings and pipeline.runs")
    parser.add_argument("--dry-run", action="store_true", help="only print what would change")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Reprice, or say what that would change; exit code 1 if a tenant's files could not be published."""
    asked = _asked(arguments)
    report = preview(installation, asked) if arguments.dry_run else reprice_days(installation, asked)
    show(arguments, report.full(), describe(report))
    return 1 if report.run and report.run.publish.failures else 0


def _asked(arguments: argparse.Namespace) -> Repricing:
    first, end = _day("--from", arguments.start), _day("--to", arguments.end)
    if first >= end:
        raise SettingsError(f"--from {first} --to {end}: nothing lies between them. --to is exclusive and comes later.")
    reason = " ".join(arguments.reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise SettingsError(f"--reason: say why, in 1 to {LONGEST_REASON} characters; whoever looks later will ask.")
    return Repricing(first_day=first, end_day=end, reason=reason)


def _day(name: str, given: str) -> date:
    """Read a day; its midnight is the day as well, whatever the zone: days are the tenants' own."""
    dated = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00(:?00){0,2}(Z|[+-][0-9]{2}:?[0-9]{2})?)?", given)
    try:
        return date.fromisoformat(dated[1] if dated else given)
    except ValueError:
        raise SettingsError(f"{name}: {given!r} is not a day. Write it like 2026-11-23.") from None


def describe(report: RepriceReport) -> Iterator[str]:
    """Say what changes by tenant and item, the largest change first, and what could not be looked at."""
    verb = "would change" if report.dry_run else "changed"
    for each in report.differences[:SHOWN]:
        yield _line(each, report.currency)
    if report.items > SHOWN:
        yield f"and {counted(report.items - SHOWN, 'more item')} of tenants; --json lists them"
    if report.differences:
        yield (
            f"{verb}: {counted(report.days, 'day')} of {counted(report.tenants, 'tenant')}, "
            f"{_told(report.currency, report)}; "
            f"lines without an amount {report.unknown_before:,} to {report.unknown_after:,}"
        )
    else:
        yield f"{verb}: nothing; these days cost what prices and rates say now"
    if report.days_left:
        yield (
            f"left alone: {counted(report.days_left, 'day')} whose hours are no longer kept, and whose price changes "
            "within the day"
        )
    if report.run:
        yield from report.run.busy or ["recorded, rolled up and published"]


def _line(each: Difference, currency: str) -> str:
    unknown = ""
    if each.unknown_before or each.unknown_after:
        unknown = f", lines without an amount {each.unknown_before:,} to {each.unknown_after:,}"
    return f"{each.tenant_id}  {each.item}: {_told(currency, each)}, {counted(each.days, 'day')}{unknown}"


def _told(currency: str, found: Difference | RepriceReport) -> str:
    before, after = (
        "not known" if each is None else f"{each:,.2f}" for each in (found.amount_before, found.amount_after)
    )
    return f"{currency} {before} to {after} ({found.change:+,.2f})"
