"""Checks text against the types of a table's columns, batch by batch; sets aside the rows that do not fit.

What passes goes on as text, so that every digit stays as it is in the file; Postgres does the conversion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.sources.batches import Batch, Refused
from pipeline.sources.target import Column

Mask = npt.NDArray[np.bool_]

NUMBER = r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:nan|[+-]?inf(?:inity)?))$"
LONG_MONTH = r"(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
SHORT_MONTH = r"(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
FEBRUARY = r"02-(?:0[1-9]|[12][0-9])"  # which year has a 29th, Postgres knows
DATE = rf"[0-9]{{4}}-(?:{LONG_MONTH}|{SHORT_MONTH}|{FEBRUARY})"
ZONE = r"(?:Z|UTC|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)"
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"


@dataclass(frozen=True)
class Kind:
    """What the text of a type looks like, and how a value that does not is spoken of."""

    phrase: str
    pattern: str


WHOLE = Kind("a whole number", r"^[+-]?[0-9]+(?:\.0*)?$")
TIME = Kind("a time", rf"^{DATE}(?:[T ]{CLOCK}(?: ?{ZONE})?)?$")
KINDS = {
    "int2": WHOLE,
    "int4": WHOLE,
    "int8": WHOLE,
    "numeric": Kind("a number", NUMBER),
    "float4": Kind("a number", NUMBER),
    "float8": Kind("a number", NUMBER),
    "timestamptz": TIME,
    "timestamp": TIME,
    "date": Kind("a date", rf"^{DATE}(?:[T ]00:00(?::00(?:\.0+)?)?(?: ?(?:Z|UTC|\+00(?::?00)?))?)?$"),
    "uuid": Kind("a uuid", r"^\{?(?:[0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\}?$"),
    "bool": Kind("true or false", r"^(?i:t|true|f|false|y|yes|n|no|on|off|1|0)$"),
}
NOTHING = pa.scalar(None, pa.string())
TEXTS = ("text", "varchar", "bpchar", "name", "citext")
WHOLE_LIMITS = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
DECIMAL_DIGITS = 38  # the longest whole number that Arrow can compare
LONG_FRACTION = r"\.[0-9]{7}"
OFFSET = r":[0-9.]*[0-9] ?[+-][0-9]{2}(?::?[0-9]{2})?$"
NO_OFFSET = r"[+-]00(?::?00)?$"


@dataclass
class _Column:
    """One column while it is checked: its text, and what has been found wrong with it."""

    text: Any
    wrong: list[tuple[str, Mask]]


def check(batch: Batch, columns: Sequence[Column]) -> Batch:
    """Keep the rows that fit; the others go to `refused`, each for the first thing that is wrong with it."""
    good = np.ones(batch.rows.num_rows, bool)
    refused = list(batch.refused)
    arrays = []
    for text, column in zip(batch.rows.columns, columns, strict=True):
        checked = _checked(text, column)
        arrays.append(checked.text)
        for reason, mask in checked.wrong:
            if (mask & good).any():
                refused.append(Refused(reason, batch.lines[mask & good]))
                good &= ~mask
    rows = pa.RecordBatch.from_arrays(arrays, names=batch.rows.schema.names)
    if good.all():
        return Batch(rows=rows, lines=batch.lines, refused=tuple(refused))
    return Batch(rows=rows.filter(pa.array(good)), lines=batch.lines[good], refused=tuple(refused))


def _checked(text: Any, column: Column) -> _Column:
    checked = _Column(text, [])
    if column.type not in TEXTS:
        # Surrounded by quotes, nothing is still nothing where a text is not asked for.
        text = pc.ascii_trim_whitespace(text)
        checked.text = pc.if_else(pc.equal(text, ""), NOTHING, text)
    if column.not_null and checked.text.null_count:
        checked.wrong.append((f"{column.name} is missing", _mask(checked.text.is_null())))
    if kind := KINDS.get(column.type):
        _check_kind(checked, column, kind)
    if column.length:
        _check_length(checked, column, column.length)
    return checked


def _check_kind(checked: _Column, column: Column, kind: Kind) -> None:
    fits = pc.match_substring_regex(checked.text, kind.pattern)
    if not pc.all(fits, min_count=0).as_py():
        checked.wrong.append((f"{column.name} is not {kind.phrase}", ~_mask(pc.fill_null(fits, True))))
        checked.text = pc.if_else(fits, checked.text, NOTHING)
    if kind is WHOLE:
        _check_whole(checked, column)
    elif kind is TIME:
        _settle_time(checked, column)
    elif column.type == "date":
        checked.text = pc.utf8_slice_codeunits(checked.text, 0, len("2026-03-10"))


def _check_length(checked: _Column, column: Column, length: int) -> None:
    """Postgres cuts spaces off the end by itself."""
    too_long = pc.greater(pc.utf8_length(pc.utf8_rtrim(checked.text, " ")), length)
    if pc.any(too_long).as_py():
        checked.wrong.append(
            (f"{column.name} is longer than {length} characters", _mask(pc.fill_null(too_long, False)))
        )


def _check_whole(checked: _Column, column: Column) -> None:
    """Drop `.0`, which pandas writes where some numbers are missing; refuse what is out of range."""
    if pc.any(pc.match_substring(checked.text, ".")).as_py():
        checked.text = pc.replace_substring_regex(checked.text, r"\.0*$", "")
    limit = WHOLE_LIMITS[column.type]
    longest = pc.max(pc.utf8_length(checked.text)).as_py() or 0
    if longest < len(str(limit)):
        return
    digits = pc.utf8_ltrim(checked.text, "+")
    comparable = pc.less_equal(pc.utf8_length(digits), DECIMAL_DIGITS)
    value = pc.cast(pc.if_else(comparable, digits, NOTHING), pa.decimal128(DECIMAL_DIGITS, 0))
    inside = pc.and_(pc.less(value, _decimal(limit)), pc.greater_equal(value, _decimal(-limit)))
    out = ~_mask(pc.fill_null(inside, False)) & _mask(checked.text.is_valid())
    if out.any():
        checked.wrong.append((f"{column.name} is out of range", out))


def _decimal(value: int) -> Any:
    return pa.scalar(str(value)).cast(pa.decimal128(DECIMAL_DIGITS, 0))


def _settle_time(checked: _Column, column: Column) -> None:
    """Cut what is finer than a microsecond, as for Parquet; a column without a zone gets the time in UTC."""
    if pc.any(pc.match_substring_regex(checked.text, LONG_FRACTION)).as_py():
        checked.text = pc.replace_substring_regex(checked.text, r"(\.[0-9]{6})[0-9]+", r"\1")
    if column.type == "timestamp":
        zoned = _matches(checked.text, OFFSET) & ~_matches(checked.text, NO_OFFSET)
        if zoned.any():
            checked.text = _in_utc(checked.text, zoned)


def _in_utc(text: Any, zoned: Mask) -> Any:
    """Postgres ignores an offset that is given to a column without a zone."""
    values = [_moved(value) for value in text.filter(pa.array(zoned)).to_pylist()]
    return pc.replace_with_mask(text, pa.array(zoned), pa.array(values, pa.string()))


def _moved(value: str) -> str:
    try:
        return datetime.fromisoformat(value.replace(" +", "+").replace(" -", "-")).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return value  # a 29 February that is none: Postgres refuses it


def _matches(text: Any, pattern: str) -> Mask:
    return _mask(pc.fill_null(pc.match_substring_regex(text, pattern), False))


def _mask(values: Any) -> Mask:
    mask: Mask = values.to_numpy(zero_copy_only=False)
    return mask
