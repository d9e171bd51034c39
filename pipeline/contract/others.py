"""`status.json`, which says how true all files are; the tombstone of a dashboard; the export's `manifest.json`."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pipeline.contract.kinds import Count, Kind, PublicName, Schema, Seq, Time

MONTH = r"(\d{4}-\d{2}|__HIVE_DEFAULT_PARTITION__)"
ParquetPath = Annotated[
    str,
    Kind(
        "ParquetPath",
        "Path relative to the manifest.",
        {"pattern": rf"^[a-z_]+/month={MONTH}/[A-Za-z0-9._-]+\.parquet$"},
    ),
]
ExportedMonth = Annotated[
    str,
    Kind(
        "ExportedMonth",
        "A calendar month, or as readers of partitions write it, none: rows whose time is no time.",
        {"pattern": f"^{MONTH}$"},
    ),
]


class Status(TypedDict):
    """How far all files are true, and whose are not up to date."""

    schema: Annotated[Schema, "Which contract this follows."]
    seq: Annotated[Seq, "Number of the last publish."]
    data_through: Annotated[
        Time, "End of the last complete hour: through it every file is true that stale does not name."
    ]
    published_at: Annotated[Time, "When this was written."]
    next_expected_at: Annotated[Time, "When the next hour is complete."]
    stale: Annotated[list[PublicName], "Whose files are not up to date: their last good ones stay up."]


class Tombstone(TypedDict):
    """Stands where the dashboard of a tenant was that has been erased: nothing of it is to be kept anywhere."""

    schema: Annotated[Schema, "Which contract this follows."]
    seq: Annotated[Seq, "Number of the erasure, among those of publishes."]
    gone: Annotated[Literal[True], "Always true; a dashboard has no such field."]


class ExportedTable(TypedDict):
    """One table of the export."""

    rows: Annotated[Count, "Rows in all its files."]
    inexact: Annotated[Count, "Rows with a number that has no room in its column."]
    columns: Annotated[dict[str, str], "Arrow's type of each column, by name."]


class ExportedFile(TypedDict):
    """One Parquet file of the export."""

    table: Annotated[str, "The table that it is part of."]
    month: Annotated[ExportedMonth, "The month that it holds rows of."]
    path: Annotated[ParquetPath, "Where it is."]
    rows: Annotated[Count, "Rows in it."]
    bytes: Annotated[Count, "How large it is, in bytes."]
    data_through: Annotated[Time, "How far it is true."]


class Manifest(TypedDict):
    """The files of the export: what this does not list is not to be read."""

    schema: Annotated[Schema, "Which contract this follows."]
    data_through: Annotated[Time, "How far all files are true."]
    tables: Annotated[dict[str, ExportedTable], "The tables, by name."]
    files: Annotated[list[ExportedFile], "The files."]
