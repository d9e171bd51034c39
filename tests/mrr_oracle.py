"""MRR worked out the slow way: day by day, row by row, from what the table held when each day was last looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

LAGOS = ZoneInfo("Africa/Lagos")
DAY = timedelta(days=1)
COUNTED = {"default": {"active"}, "chartmogul": {"active", "past_due", "unpaid", "non_renewing"}}

Movement = tuple[date, str, str]


@dataclass(frozen=True)
class Held:
    """One row of subscriptions; `monthly` None: an amount that cannot be used."""

    tenant: str
    plan: str
    status: str
    monthly: Decimal | None
    currency: str
    started_at: datetime | None
    ended_at: datetime | None
    trial_ends_at: datetime | None


Table = Mapping[int, Held]


@dataclass
class History:
    """What the table held at the last look at each day."""

    definition: str
    rates: Mapping[str, Sequence[tuple[date, Decimal]]]
    looks: dict[date, Table]
    through: datetime

    @property
    def today(self) -> date:
        return (self.through - timedelta(microseconds=1)).astimezone(LAGOS).date()

    def seen(self, key: int) -> tuple[date, Held]:
        """When a row was seen first, and with the dates it has now, or had when it was seen last."""
        present = [day for day in sorted(self.looks) if key in self.looks[day]]
        return present[0], self.looks[present[-1]][key]

    def in_force(self, key: int, day: date) -> Held | None:
        first, now = self.seen(key)
        at = max((each for each in self.looks if each <= max(day, first)), default=first)
        found = self.looks[at].get(key)
        dates = ("started_at", "ended_at", "trial_ends_at")
        return found and replace(found, **{name: getattr(now, name) for name in dates})

    def counts(self, key: int, day: date) -> Held | None:
        """Give the row as it counts on a day, None where it does not."""
        row, (first, _) = self.in_force(key, day), self.seen(key)
        if row is None:
            return None
        end = min(datetime.combine(day + DAY, datetime.min.time(), LAGOS), self.through)
        tried = row.trial_ends_at is not None and row.trial_ends_at < end
        trialing = row.status == "trialing" and not tried
        if self.definition == "chartmogul" and not tried and (row.trial_ends_at is not None or trialing):
            return None
        begun = row.started_at < end if row.started_at is not None else day >= first
        if not begun or (row.ended_at is not None and row.ended_at < end):
            return None
        if row.started_at is not None and row.ended_at is not None:
            return row
        does = row.status in COUNTED[self.definition] if day >= first else not trialing
        return row if does else None

    def rate(self, currency: str, day: date) -> Decimal | None:
        if currency == "NGN":
            return Decimal(1)
        known = [rate for on, rate in self.rates.get(currency, ()) if on <= day]
        return known[-1] if known else None

    def days(self) -> list[date]:
        starts = [
            row.started_at.astimezone(LAGOS).date()
            for look in self.looks.values()
            for row in look.values()
            if row.started_at
        ]
        first = min([*starts, *self.looks])
        return [first + DAY * place for place in range((self.today - first).days + 1)]

    def daily(self) -> dict[tuple[date, str], tuple[int, int, Decimal | None, int]]:
        """Give tenants, subscriptions, MRR and what is unpriced of each plan and day."""
        found, plans = {}, set()
        keys = {key for look in self.looks.values() for key in look}
        for day in self.days():
            rows = [row for key in keys if (row := self.counts(key, day))]
            plans |= {row.plan for row in rows}
            for plan in plans:
                mine = [row for row in rows if row.plan == plan]
                worth = [self.worth(row, day) for row in mine]
                known = [each for each in worth if each is not None]
                mrr = sum(known, Decimal(0)) if known or not mine else None
                found[day, plan] = (len({row.tenant for row in mine}), len(mine), mrr, len(mine) - len(known))
        return found

    def worth(self, row: Held, day: date) -> Decimal | None:
        rate = self.rate(row.currency, day)
        return None if row.monthly is None or rate is None else row.monthly * rate

    def movements(self) -> dict[Movement, Decimal]:
        """Give every movement that is not zero."""
        found: dict[Movement, Decimal] = {}
        keys = {key for look in self.looks.values() for key in look}
        tenants = {row.tenant for look in self.looks.values() for row in look.values()}
        for tenant in tenants:
            paid, before = False, defaultdict[str, Decimal](Decimal)
            for day in self.days():
                now = defaultdict[str, Decimal](Decimal)
                for key in keys:
                    row = self.counts(key, day)
                    if row and row.tenant == tenant and row.monthly is not None:
                        now[row.currency] += row.monthly
                rates = {each: self.rate(each, day) or Decimal(0) for each in {*before, *now}}
                old = {each: self.rate(each, day - DAY) or Decimal(0) for each in rates}
                opening = sum((before[each] * old[each] for each in rates), Decimal(0))
                closing = sum((now[each] * rates[each] for each in rates), Decimal(0))
                fx = sum((before[each] * (rates[each] - old[each]) for each in rates), Decimal(0))
                rest = closing - opening - fx
                if fx:
                    found[day, tenant, "fx_impact"] = fx
                if rest:
                    found[day, tenant, _name(opening, closing, rest, paid)] = rest
                paid, before = paid or closing > 0, now
        return found


def _name(opening: Decimal, closing: Decimal, rest: Decimal, paid: bool) -> str:
    if not closing:
        return "churn"
    if rest < 0:
        return "contraction"
    if opening:
        return "expansion"
    return "reactivation" if paid else "new"
