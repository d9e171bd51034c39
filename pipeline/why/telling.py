"""Says an account to an operator: the reason first, then section by section what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipeline.layout import age, amount_of_bytes, counted, labelled, moment, wrapped
from pipeline.runs import hour_of, json_time
from pipeline.why.account import Account, Marks

COLUMN = 18
HOUR = timedelta(hours=1)
LATE = 2 * HOUR
MOST = 5


def tell(account: Account) -> Iterator[str]:
    """Give the lines."""
    name = f" ({account.name})" if account.name else ""
    yield f"Tenant {account.tenant}{name}"
    for reason in reasons(account):
        yield from wrapped(reason, indent=2)
    for title, entries in (
        ("tenant", _tenant(account)),
        ("files", _files(account)),
        ("waiting", _waiting(account)),
        ("rows", _rows(account)),
        ("platform", _platform(account)),
    ):
        yield ""
        yield title
        for label, text in entries:
            yield from labelled(label, text, column=COLUMN)


def reasons(account: Account) -> list[str]:
    """Say why its files are as they are: what is true of them, and what stands in the way of newer ones."""
    told = [_standing(account)]
    if account.published_through is not None and account.seen and not account.deleted and _late(account):
        told.append(
            f"The platform itself is behind: the last whole hour ended at {json_time(hour_of(account.now))}. "
            "What keeps it: python -m pipeline doctor"
        )
    return told


def _late(account: Account) -> bool:
    return account.data_through is None or account.now - account.data_through > LATE


def _standing(account: Account) -> str:  # noqa: PLR0911  each line is one way in which a tenant can stand
    announced = account.announced_through
    if not account.in_tenants and not account.seen:
        return (
            "There are no files, for it is not in tenants: its rows are rolled up all the same, and its files come "
            "with the first run after its row."
        )
    if not account.seen:
        return "There are no files yet: no tick has seen its row. The next run publishes them: python -m pipeline run"
    if account.deleted:
        left = sum(each.files + each.superseded for each in account.files)
        gone = f"the next run takes away the {counted(left, 'file')} that are left" if left else "its files are gone"
        return f"It is deleted, so nothing is published of it; {gone}."
    if account.failure:
        return f"Its last publish failed, and its last good files stay, {_true_as_of(account)}. {_remedy(account)}"
    if account.published_through is None:
        older = "; the files that are up are those from before" if account.files else ""
        return f"All its files are to be made or looked at anew by the next run{older}: python -m pipeline run"
    if _due(account):
        return f"Newer numbers wait for the next publish; what is up is {_true_as_of(account)}."
    dashboard = account.dashboard
    if dashboard and dashboard.problem:
        return (
            f"Its dashboard.json should be up, but {dashboard.problem}. "
            "Have the files compared and written again: python -m pipeline reconcile --repair"
        )
    if dashboard and dashboard.data_through and announced and dashboard.data_through != json_time(announced):
        return (
            f"Its files are true as of {json_time(announced)}, although dashboard.json says "
            f"{dashboard.data_through}: no number in it has changed since."
        )
    return f"Its files are {_true_as_of(account)}."


def _true_as_of(account: Account) -> str:
    known = [at for at in (account.published_through, account.announced_through) if at]
    if account.failure or _due(account):
        known = known[:1] if account.published_through else []
    return f"true as of {json_time(max(known))}" if known else "if there are any"


def _due(account: Account) -> bool:
    due = account.next_change_at and account.data_through and account.next_change_at <= account.data_through
    return bool(due) or account.queue.entries > 0


def _remedy(account: Account) -> str:
    if account.zone_problem:
        return "Correct its row in tenants.timezone; the run after that publishes it."
    return "Each run tries again: python -m pipeline run"


def _tenant(account: Account) -> Iterator[tuple[str, str]]:
    if not account.in_tenants and not account.seen:
        yield "known", "no: it has no row in tenants"
        return
    row = "has a row in tenants" if account.in_tenants else "its row in tenants is gone, which counts as deleted"
    yield "known", f"yes: {row}" + ("" if account.seen else "; no tick has seen it yet")
    if account.deleted:
        yield "deleted", "yes" if account.deleted_seen or not account.seen else "yes, since the last tick"
    yield "plan", account.plan or "none"
    yield "zone", f"{account.timezone}: {account.zone_problem}" if account.zone_problem else account.timezone


def _files(account: Account) -> Iterator[tuple[str, str]]:
    now = account.now
    yield "published", moment(account.published_through, now) + _meaning(account)
    if account.failure:
        yield "last failure", account.failure
        yield "what to do", _remedy(account)
    if account.dashboard:
        yield "dashboard.json", _dashboard(account)
    if account.status.names_tenant:
        yield "status.json", "names it as stale"
    for each in account.files:
        newest = f", newest from publish {each.newest_seq}" if each.newest_seq is not None else ""
        older = f"; {counted(each.superseded, 'older version')} to be collected" if each.superseded else ""
        yield each.kind, f"{counted(each.files, 'file')}, {amount_of_bytes(each.bytes)}{newest}{older}"
    if not account.files:
        yield "up", "no files"


def _meaning(account: Account) -> str:
    """Say what lies between its last publish and the platform's."""
    own, announced = account.published_through, account.announced_through
    if own and announced and own < announced and not account.failure and not _due(account):
        return f"; nothing of it changed from then to {json_time(announced)}"
    return ""


def _dashboard(account: Account) -> str:
    dashboard = account.dashboard
    assert dashboard is not None
    if dashboard.problem:
        return f"publish {dashboard.seq}, but {dashboard.problem}"
    written = f", written {moment(dashboard.written_at, account.now)}" if dashboard.written_at else ""
    return f"publish {dashboard.seq}{written}; its own data_through: {dashboard.data_through}"


def _waiting(account: Account) -> Iterator[tuple[str, str]]:
    for each in account.marks:
        yield each.source, _marks(each, account.now)
    if not account.marks:
        yield "marks", "none: all its rows that have committed are rolled up"
    queue = account.queue
    if queue.entries and queue.queued_at:
        days = f" for {counted(queue.days, 'day')}" if queue.days else ""
        queued = moment(queue.queued_at, account.now)
        yield "queue", f"{counted(queue.entries, 'entry', 'entries')}{days}, the oldest from {queued}"
    else:
        yield "queue", "nothing"
    if account.published_through is not None:
        yield "next change", _next_change(account)
    for holding in account.holding[:MOST]:
        since = f" since {moment(holding.since, account.now)}" if holding.since else ""
        yield (
            "held back by",
            f"pid {holding.pid}, {holding.name}, {holding.state}{since}: its rows come when it commits",
        )
    if len(account.holding) > MOST:
        yield "", f"and {len(account.holding) - MOST:,} more"


def _marks(each: Marks, now: datetime) -> str:
    ready = each.marks - each.not_over
    parts = [f"{counted(ready, 'mark')} for the next tick"] if ready else []
    if each.not_over:
        ends = f", up to {json_time(each.newest)}" if each.newest and each.newest > now else ""
        parts.append(f"{counted(each.not_over, 'mark waits', 'marks wait')} for the hour to end{ends}")
    whole = f" ({each.whole_hours:,} of whole hours)" if each.whole_hours else ""
    oldest = f"; oldest hour {json_time(each.oldest)}" if each.oldest else ""
    return f"{', '.join(parts)}{whole}{oldest}, marked {age(each.marked_at, now)}"


def _next_change(account: Account) -> str:
    at, published = account.next_change_at, account.published_through
    if at is None:
        return "none without new rows: its windows hold nothing that could leave them"
    hourly = published is not None and at - published <= HOUR
    why = (
        "an hour enters and one leaves its last 24"
        if hourly
        else "its day ends, and the windows of days move, or a quota does"
    )
    return f"{moment(at, account.now)}: {why}"


def _rows(account: Account) -> Iterator[tuple[str, str]]:
    for each in account.stored:
        if each.first_hour:
            yield each.source, f"rolled up from {json_time(each.first_hour)} to {moment(each.last_hour, account.now)}"
        else:
            yield each.source, "none rolled up"
    endpoints = counted(account.endpoints_last_day, "endpoint")
    yield "last 24 hours", f"{counted(account.requests_last_day, 'request')}, {endpoints}"
    told = [f"{each.rows:,} {each.reason} ({each.source})" for each in account.rejected]
    yield "rejected", f"in 7 days: {', '.join(told) or 'none'}"


def _platform(account: Account) -> Iterator[tuple[str, str]]:
    now, status = account.now, account.status
    yield "rolled up", moment(account.data_through, now)
    yield "announced", moment(account.announced_through, now)
    if status.problem:
        yield "status.json", status.problem
    else:
        yield "status.json", f"seq {status.seq}, data_through {status.data_through}, written {status.published_at}"
    for run in account.runs:
        error = f": {run.error}" if run.error else ""
        yield f"last {run.verb}", f"run {run.run_id}, {moment(run.started_at, now)}, {run.state}{error}"
