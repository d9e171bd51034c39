"""The kinds of values that documents hold: what each is in JSON, and in what unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pipeline.documents.version import SCHEMA


@dataclass(frozen=True, eq=False)  # only those can be hashed, which a hint with null beside it has to be
class Kind:
    """A kind of value by its name: what it is, with its unit, and what JSON Schema can hold it to."""

    name: str
    says: str
    keywords: Mapping[str, Any] = field(default_factory=dict)


DECIMAL = r"^-?\d+(\.\d+)?$"
REASON = r"(no_price|no_rate|overlapping_prices|unusable_price|ambiguous_rate)"
AT_LEAST_0: Mapping[str, Any] = {"minimum": 0}

Schema = Annotated[
    int, Kind("Schema", "Number of this contract; another one may mean other fields.", {"const": SCHEMA})
]
Seq = Annotated[
    int, Kind("Seq", "Number of a publish: it only grows. A lower one comes from an old cache.", AT_LEAST_0)
]

Time = Annotated[
    str,
    Kind(
        "Time",
        "A time in UTC: whole seconds, with Z.",
        {"format": "date-time", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"},
    ),
]
Day = Annotated[str, Kind("Day", "A calendar day.", {"format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"})]
Month = Annotated[str, Kind("Month", "A calendar month.", {"pattern": r"^\d{4}-\d{2}$"})]
Week = Annotated[
    str,
    Kind("Week", "An ISO week, from Monday on; its year is that of its Thursday.", {"pattern": r"^\d{4}-W\d{2}$"}),
]
Zone = Annotated[str, Kind("Zone", "Name of a time zone in the IANA database.")]
Currency = Annotated[str, Kind("Currency", "ISO 4217 code.", {"pattern": "^[A-Z]{3}$"})]

Money = Annotated[
    str,
    Kind("Money", "A decimal string in the document's currency, rounded to its minor units.", {"pattern": DECIMAL}),
]
Exact = Annotated[str, Kind("Exact", "A decimal string with all its digits.", {"pattern": DECIMAL})]

Count = Annotated[int, Kind("Count", "How many.", AT_LEAST_0)]
Rank = Annotated[int, Kind("Rank", "Place in an order, from 1.", {"minimum": 1})]
Bytes = Annotated[int, Kind("Bytes", "Bytes as they are sent, gzip.", AT_LEAST_0)]
Hours = Annotated[int, Kind("Hours", "Whole hours.", AT_LEAST_0)]
Amount = Annotated[
    float,
    Kind("Amount", "An amount of usage in its own unit: tokens, calls or what the SaaS counts; whole where it is."),
]
Percent = Annotated[float, Kind("Percent", "Percent, two decimals.")]
Milliseconds = Annotated[float, Kind("Milliseconds", "Milliseconds, three decimals.", AT_LEAST_0)]
Ratio = Annotated[float, Kind("Ratio", "A quotient without a unit.")]

Path = Annotated[
    str,
    Kind(
        "Path",
        "Path relative to the folder of the document that lists it.",
        {"pattern": r"^[a-z]+/[A-Za-z0-9-]+\.[0-9a-f]{12}\.json$"},
    ),
]
PublicName = Annotated[
    str, Kind("PublicName", "SHA-256, in hexadecimal, of the key of a folder.", {"pattern": "^[0-9a-f]{64}$"})
]
Granularity = Annotated[Literal["hour", "6h", "day"], Kind("Granularity", "How long a point of a trend is.")]
QuotaPeriod = Annotated[Literal["day", "month"], Kind("QuotaPeriod", "How often a quota begins anew.")]
QuotaState = Annotated[
    Literal["ok", "near", "over", "unlimited"],
    Kind("QuotaState", "How a quota stands: near from 80 %, over from 100 %."),
]
Reason = Annotated[
    str,
    Kind(
        "Reason",
        "Why an amount is not known, or several reasons: no_price, no_rate, overlapping_prices, unusable_price, "
        "ambiguous_rate.",
        {"pattern": rf"^{REASON}(, {REASON})*$"},
    ),
]
PeriodName = Annotated[Literal["24h", "7d", "30d", "90d"], Kind("PeriodName", "Name of a period.")]
